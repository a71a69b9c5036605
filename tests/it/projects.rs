//! Signing in at the agency's Supabase project: what the page is told of it, and what it may do; and what
//! the doctor says of it and of an identity provider.

use crate::support::World;
use crate::support::http::reply;
use crate::support::node::Node;
use crate::support::provider::{CLIENT, Provider};
use crate::support::stand::{Says, Stand};
use callboard_simulator::ExchangeSettings;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

const KEY: &str = "sb_publishable_stories";
const MINUTE: Duration = Duration::from_secs(60);

/// A project that answers with that status, and with its settings when that is 200.
async fn project(status: &Arc<AtomicU16>, settings: Value) -> Stand {
    let status = Arc::clone(status);
    Stand::answering(move |asked| -> Says {
        let known = asked.headers.get("apikey").is_some_and(|key| key == KEY);
        let status = if known {
            status.load(Ordering::SeqCst)
        } else {
            401
        };
        match (status, asked.path.as_str()) {
            (200, "/auth/v1/settings") => (200, None, settings.to_string()),
            (200, _) => (404, None, "{}".to_owned()),
            (status, _) => (status, None, "{}".to_owned()),
        }
    })
    .await
}

fn at(world: World, project: &Stand) -> World {
    world.configured(|config| {
        config.auth.supabase_url = project.url.parse().ok();
        config.auth.project_key = Some(KEY.to_owned());
    })
}

async fn ways(node: &Node) -> Value {
    reply(node.ask("GET", "/api/sign-in")).await.json()
}

fn kinds(ways: &Value) -> Vec<String> {
    let methods = ways["methods"].as_array().expect("methods").iter();
    let word = |method: &Value| {
        let name = method["provider"].as_str().or(method["kind"].as_str());
        name.expect("a word").to_owned()
    };
    methods.map(word).collect()
}

async fn the_page_is_told_the_projects_ways_and_may_speak_to_it_alone(world: World) {
    let status = Arc::new(AtomicU16::new(200));
    let external = json!({
        "external": {
            "email": true, "google": true, "azure": true, "github": false, "phone": true,
            "anonymous_users": true, "web3_solana": true, "odd name": true, "other": "yes",
        },
    });
    let project = project(&status, external).await;
    let world = at(world, &project);
    let node = world.node().await;
    let expected = json!({
        "methods": [
            { "kind": "password" }, { "kind": "code" },
            { "kind": "oauth", "provider": "azure" }, { "kind": "oauth", "provider": "google" },
        ],
        "auth_url": format!("{}/auth/v1", project.url), "apikey": KEY, "setup": false,
    });
    assert_eq!(ways(&node).await, expected);
    let page = reply(node.ask("GET", "/")).await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains(&format!("connect-src 'self' {};", project.url)),
        "{policy}"
    );
}

async fn what_the_project_says_is_kept_for_five_minutes_and_while_it_is_away(world: World) {
    let status = Arc::new(AtomicU16::new(500));
    let by_provider = json!({ "external": { "email": false, "google": true } });
    let project = project(&status, by_provider).await;
    let world = at(world, &project);
    let node = world.node().await;
    let asked = || project.asked("/auth/v1/settings").len();
    // Before it has said anything: what every project begins with.
    assert_eq!(kinds(&ways(&node).await), ["password", "code"]);
    let before = asked();
    ways(&node).await;
    assert_eq!(asked(), before, "it is left alone for a while");
    status.store(200, Ordering::SeqCst);
    world.clock.advance(MINUTE);
    assert_eq!(kinds(&ways(&node).await), ["google"]);
    ways(&node).await;
    assert_eq!(asked(), before + 1);
    status.store(503, Ordering::SeqCst);
    world.clock.advance(6 * MINUTE);
    assert_eq!(kinds(&ways(&node).await), ["google"]);
    assert_eq!(asked(), before + 2);
}

async fn the_doctor_tries_the_project_and_its_key(world: World) {
    let status = Arc::new(AtomicU16::new(200));
    let external = json!({ "external": { "email": true, "google": true } });
    let project = project(&status, external).await;
    let set_up = world.set_up(ExchangeSettings::default()).await;
    let at = ("SUPABASE_URL", project.url.as_str());
    let said = set_up.doctor_with(&[at, ("SUPABASE_ANON_KEY", KEY)]).await;
    said.says("ok ", "at the project: password, code by e-mail, google.");
    let other = ("SUPABASE_ANON_KEY", "sb_publishable_another");
    let said = set_up.doctor_with(&[at, other]).await;
    said.says("wrong ", "the project does not take SUPABASE_ANON_KEY");
    status.store(503, Ordering::SeqCst);
    let said = set_up.doctor_with(&[at, ("SUPABASE_ANON_KEY", KEY)]).await;
    said.says(
        "warning ",
        "does not say how people sign in there: it answered 503",
    );
}

async fn the_doctor_tries_the_identity_provider(world: World) {
    let provider = Provider::open().await;
    let set_up = world.set_up(ExchangeSettings::default()).await;
    let issuer = provider.stand.url.clone();
    let by = |issuer: &str| {
        let issuer = issuer.to_owned();
        [
            ("OIDC_ISSUER", issuer),
            ("OIDC_CLIENT_ID", CLIENT.into()),
            ("OIDC_ALLOWED", "acme.example".into()),
        ]
    };
    for (issuer, mark, words) in [
        (issuer.clone(), "ok ", "people sign in by OpenID Connect at"),
        (
            format!("{issuer}/"),
            "wrong ",
            "they must be the same to the last character",
        ),
        (
            "http://127.0.0.1:1".to_owned(),
            "wrong ",
            "the identity provider cannot be used",
        ),
    ] {
        let set = by(&issuer);
        let set = set.each_ref().map(|(name, value)| (*name, value.as_str()));
        set_up.doctor_with(&set).await.says(mark, words);
    }
}

on_each_database!(
    the_doctor_tries_the_project_and_its_key,
    the_doctor_tries_the_identity_provider,
    the_page_is_told_the_projects_ways_and_may_speak_to_it_alone,
    what_the_project_says_is_kept_for_five_minutes_and_while_it_is_away,
);
