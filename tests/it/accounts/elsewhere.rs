//! Signing in at an identity provider, by OpenID Connect: who comes in, and who does not.

use super::house::{House, with_accounts};
use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::provider::{CLIENT, Provider, SECRET};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use callboard::config::Allowed;
use callboard::domain::{Role, UserId};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

const VERIFIER: &str = "a secret of the page, which is as long as it must be";
/// Of that secret: the base64url of its SHA-256.
fn challenge() -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref())
}
const MINUTE: Duration = Duration::from_secs(60);
pub const BACK: &str = "http://localhost:3001/";

pub fn by(world: World, provider: &Provider, allowed: Allowed) -> World {
    let settings = provider.settings(allowed);
    with_accounts(world).configured(|config| config.oidc = Some(settings))
}

pub fn of_acme() -> Allowed {
    Allowed {
        domains: vec!["acme.example".into()],
        groups: vec!["desk".into()],
        everybody: false,
    }
}

/// A browser that has begun.
pub struct Browser {
    away: Url,
    cookie: String,
}

impl Browser {
    pub async fn begins(house: &House<'_>) -> Self {
        let answer = authorizes(house, &[]).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let cookie = answer.header("set-cookie").expect("a cookie");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        Self {
            away: url(answer.header("location").expect("a way")),
            cookie: cookie.split(';').next().expect("a pair").to_owned(),
        }
    }

    fn told(&self, name: &str) -> String {
        told(&self.away, name).unwrap_or_default()
    }

    /// Back from the provider.
    pub async fn comes_back(&self, house: &House<'_>, query: &[(&str, &str)]) -> Url {
        let state = self.told("state");
        let mut all = vec![("code", "a code"), ("state", state.as_str())];
        all.extend(query);
        let asking = asks(house, "/auth/v1/callback").query(&all);
        let answer = reply(asking.header("cookie", format!("other=1; {}", self.cookie))).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        url(answer.header("location").expect("a way back"))
    }
}

pub async fn authorizes(house: &House<'_>, over: &[(&str, &str)]) -> Reply {
    let challenge = challenge();
    let mut query = HashMap::from([
        ("provider", "oidc"),
        ("redirect_to", BACK),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "s256"),
    ]);
    query.extend(over.iter().copied());
    reply(asks(house, "/auth/v1/authorize").query(&query)).await
}

/// As a browser does, up to where it is sent.
fn asks(house: &House<'_>, path: &str) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    client.get(format!("{}{path}", house.url))
}

pub fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

pub fn told(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// What a token that is right says of somebody.
fn claims(world: &World, browser: &Browser, sub: &str, email: &str) -> Value {
    let now = world.clock.now().seconds();
    json!({
        "sub": sub, "nonce": browser.told("nonce"), "iat": now, "exp": now + 300,
        "email": email, "email_verified": true, "name": "Nora N.",
    })
}

/// Somebody goes there and comes back with what the provider says, changed by that.
pub async fn goes(
    house: &House<'_>,
    provider: &Provider,
    sub: &str,
    email: &str,
    over: Value,
) -> Url {
    let browser = Browser::begins(house).await;
    let mut said = claims(house.world, &browser, sub, email);
    for (name, value) in over.as_object().expect("claims") {
        said[name] = value.clone();
    }
    provider.says(|provider| provider.claims = said);
    browser.comes_back(house, &[]).await
}

async fn exchanges(house: &House<'_>, code: &str, verifier: &str) -> Reply {
    let body = json!({ "auth_code": code, "code_verifier": verifier });
    house.posts("/auth/v1/token?grant_type=pkce", body).await
}

/// The session of somebody who goes there and comes in.
pub async fn comes_in(house: &House<'_>, provider: &Provider, sub: &str, email: &str) -> Value {
    let back = goes(house, provider, sub, email, json!({})).await;
    let code = told(&back, "code").unwrap_or_else(|| panic!("no code: {back}"));
    let answer = exchanges(house, &code, VERIFIER).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn user(session: &Value) -> UserId {
    let id = session["user"]["id"].as_str().expect("an id");
    id.parse().expect("an id")
}

async fn people_are_known_by_issuer_and_subject_and_never_by_their_address(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    let house = House::open(&world).await;
    house.employs(Role::Member, "nora@acme.example").await;
    let first = comes_in(&house, &provider, "n-1", "nora@acme.example").await;
    assert_eq!(first["user"]["email"], "nora@acme.example");
    assert_eq!(first["user"]["app_metadata"]["provider"], "oidc");
    // Somebody with an account of that address is somebody else, and belongs to no agency yet.
    assert_eq!(house.does(&first, "GET", "/api/me").await.status, 403);
    let again = comes_in(&house, &provider, "n-1", "other@acme.example").await;
    assert_eq!(user(&again), user(&first));
    let other = comes_in(&house, &provider, "n-2", "nora@acme.example").await;
    assert_ne!(user(&other), user(&first));
    // By an invitation they come into the agency, and come back as who they are.
    let invitation = house.invites(Role::Admin, None).await;
    let body = json!({ "token": invitation });
    let joined = house
        .sends(&first, "POST", "/api/invitations/accept", body)
        .await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    let back = comes_in(&house, &provider, "n-1", "nora@acme.example").await;
    let me = house.does(&back, "GET", "/api/me").await;
    assert_eq!(me.json()["user"]["role"], "agency_admin");
    // It goes on as every session does.
    let next = house.refreshes(&back["refresh_token"]).await;
    assert_eq!(next.status, 200);
    assert_eq!(house.does(&next.json(), "GET", "/api/me").await.status, 200);
    // No link opens the account past its provider.
    let token = house.resets(user(&back)).await;
    let body = json!({ "type": "recovery", "token_hash": token });
    assert_eq!(house.posts("/auth/v1/verify", body).await.status, 403);
}

async fn what_is_asked_of_the_provider_is_bound_to_the_sign_in(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    let house = House::open(&world).await;
    let browser = Browser::begins(&house).await;
    let callback = format!(
        "{}/auth/v1/callback",
        world.config.listener.public_address()
    );
    for (name, value) in [
        ("tenant", "one"),
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", callback.as_str()),
        ("scope", "openid email profile groups"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(browser.told(name), value, "{name}");
    }
    let other = Browser::begins(&house).await;
    for secret in ["state", "nonce", "code_challenge"] {
        assert!(browser.told(secret).len() >= 43, "{secret}");
        assert_ne!(browser.told(secret), other.told(secret), "{secret}");
        assert!(!browser.cookie.contains(&browser.told("nonce")));
    }
    let said = claims(&world, &browser, "n-1", "nora@acme.example");
    provider.says(|provider| provider.claims = said);
    browser.comes_back(&house, &[]).await;
    let asked = provider.stand.asked("/token");
    let form = asked[0].form();
    assert_eq!(form["redirect_uri"], callback);
    assert!(form["code_verifier"].len() >= 43);
    assert_eq!(form.get("client_secret"), None);
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{encoded}")));
    assert_eq!(asked[0].headers["authorization"], basic);
}

async fn a_sign_in_belongs_to_the_browser_that_began_it_and_is_good_once(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    let house = House::open(&world).await;
    let gone = |url: &Url| told(url, "error_code").as_deref() == Some("bad_oauth_state");
    let (ours, theirs) = (Browser::begins(&house).await, Browser::begins(&house).await);
    let stolen = Browser {
        away: ours.away.clone(),
        cookie: theirs.cookie.clone(),
    };
    assert!(
        gone(&stolen.comes_back(&house, &[]).await),
        "with another's cookie"
    );
    let renamed = ours
        .cookie
        .replace(&ours.told("state")[..12], &theirs.told("state")[..12]);
    let moved = Browser {
        away: theirs.away.clone(),
        cookie: renamed,
    };
    assert!(
        gone(&moved.comes_back(&house, &[]).await),
        "with what was sealed for another"
    );
    assert_eq!(house.refused("sign_in_state").await, 2);
    assert!(provider.stand.asked("/token").is_empty());
    world.clock.advance(10 * MINUTE);
    assert!(
        gone(&ours.comes_back(&house, &[]).await),
        "after ten minutes"
    );

    let code = async || {
        let back = goes(&house, &provider, "n-1", "nora@acme.example", json!({})).await;
        assert!(back.as_str().starts_with(BACK), "{back}");
        told(&back, "code").expect("a code")
    };
    let answered = |answer: &Reply| answer.json()["error_code"].as_str().map(str::to_owned);
    let first = code().await;
    let other = exchanges(
        &house,
        &first,
        "another secret, which is as long as it must be",
    )
    .await;
    assert_eq!(answered(&other).as_deref(), Some("bad_code_verifier"));
    let used = exchanges(&house, &first, VERIFIER).await;
    assert_eq!(answered(&used).as_deref(), Some("flow_state_not_found"));
    let second = code().await;
    assert_eq!(exchanges(&house, &second, VERIFIER).await.status, 200);
    assert_eq!(exchanges(&house, &second, VERIFIER).await.status, 404);
    let late = code().await;
    world.clock.advance(5 * MINUTE);
    let late = exchanges(&house, &late, VERIFIER).await;
    assert_eq!(answered(&late).as_deref(), Some("flow_state_expired"));
}

async fn a_code_is_sent_to_this_server_alone(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme()).configured(|config| {
        let listed = callboard::config::Origin::parse("https://app.acme.example");
        config.access.allowed_origins = vec![listed.expect("an origin")];
    });
    let house = House::open(&world).await;
    for good in [
        "",
        BACK,
        "http://localhost:3001/wall",
        "http://127.0.0.1:3001/",
        "https://app.acme.example/x",
    ] {
        assert_eq!(
            authorizes(&house, &[("redirect_to", good)]).await.status,
            302,
            "{good}"
        );
    }
    for bad in [
        "https://evil.example/",
        "http://localhost:3002/",
        "https://app.acme.example.evil.example/",
        "http://app.acme.example/",
        "http://localhost:3001@evil.example/",
        "http://user:pw@localhost:3001/",
        "javascript:alert(1)",
        "//evil.example",
        "/",
    ] {
        let answer = authorizes(&house, &[("redirect_to", bad)]).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert_eq!(answer.json()["error_code"], "validation_failed", "{bad}");
    }
    for (name, value) in [
        ("provider", "google"),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("code_challenge_method", "plain"),
    ] {
        assert_eq!(
            authorizes(&house, &[(name, value)]).await.status,
            400,
            "{name}"
        );
    }
}

async fn without_passwords_the_provider_is_the_only_way(world: World) {
    let provider = Provider::open().await;
    let world =
        by(world, &provider, of_acme()).configured(|config| config.auth.accounts = Some(false));
    let house = House::open(&world).await;
    let ways = reply(house.ask("GET", "/api/sign-in")).await.json();
    let only = json!([{ "kind": "oauth", "provider": "oidc", "name": "127.0.0.1" }]);
    assert_eq!((&ways["methods"], &ways["setup"]), (&only, &json!(false)));
    assert_eq!(house.app.setup_link().await.unwrap(), None);
    assert_eq!(
        house
            .tries("olivia@acme.example", "whatever it is")
            .await
            .status,
        404
    );
    let token = house
        .invites(Role::Owner, Some("olivia@acme.example"))
        .await;
    let body = json!({ "token": token, "name": "O", "password": "correct horse battery" });
    assert_eq!(
        house.posts("/api/invitations/accept", body).await.status,
        404
    );
    let session = comes_in(&house, &provider, "o-1", "olivia@acme.example").await;
    let body = json!({ "token": token });
    let joined = house
        .sends(&session, "POST", "/api/invitations/accept", body)
        .await;
    assert_eq!(joined.json()["user"]["role"], "agency_owner");
}

async fn a_stranger_who_is_let_in_does_not_take_the_first_owners_place(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    world.is_emptied().await;
    let house = House::open(&world).await;
    comes_in(&house, &provider, "n-1", "nora@acme.example").await;
    let ways = reply(house.ask("GET", "/api/sign-in")).await.json();
    assert_eq!(ways["setup"], true);
    assert!(house.app.setup_link().await.unwrap().is_some());
}

on_each_database!(
    people_are_known_by_issuer_and_subject_and_never_by_their_address,
    what_is_asked_of_the_provider_is_bound_to_the_sign_in,
    a_sign_in_belongs_to_the_browser_that_began_it_and_is_good_once,
    a_code_is_sent_to_this_server_alone,
    without_passwords_the_provider_is_the_only_way,
    a_stranger_who_is_let_in_does_not_take_the_first_owners_place,
);
