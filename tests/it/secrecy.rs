//! No secret leaves: not in logs, not in answers, not in metrics, not in the database in the clear.

use crate::support::World;
use crate::support::http::{Reply, bent, reply};
use crate::support::node::Node;
use crate::support::wiretap::Wiretap;
use crate::support::world::{ENCRYPTION_KEY, JWT_SECRET};
use callboard::domain::CredentialKey;
use callboard::simulator::HangupCause;
use secrecy::ExposeSecret;
use serde_json::json;
use tracing::Level;
use uuid::Uuid;

/// A word that stands nowhere else.
fn canary() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What must not leave, in a world that holds it.
struct Secrets {
    credentials: Vec<String>,
    /// A token that is good, and one that is not.
    good: String,
    bad: String,
    /// The signed part of a recording's link.
    link: String,
    /// The digits of a caller.
    caller: String,
}

impl Secrets {
    /// A canary in every credential that is no public key or list.
    async fn of(world: &mut World) -> Self {
        let mut credentials = Vec::new();
        let lists = |key: &&CredentialKey| !key.is_list();
        for key in CredentialKey::ALL.iter().filter(lists) {
            let value = canary();
            world.sets(&world.acme, *key, &value).await;
            credentials.push(value);
        }
        let (api_key, password) = (canary(), canary());
        world.config.agency_defaults.telnyx_api_key = Some(api_key.as_str().into());
        world.config.agency_defaults.telnyx_sip_password = Some(password.as_str().into());
        credentials.extend([api_key, password]);
        let good = world.token(world.anna).expose_secret().to_owned();
        Self {
            credentials,
            good: good.rsplit('.').next().expect("a signature").to_owned(),
            bad: canary(),
            link: canary(),
            caller: format!("1999{:011}", Uuid::new_v4().as_u128() % 100_000_000_000),
        }
    }

    fn all(&self) -> Vec<String> {
        let others = [&self.good, &self.bad, &self.link].map(String::clone);
        let settings = [JWT_SECRET, ENCRYPTION_KEY].map(str::to_owned);
        self.credentials
            .iter()
            .cloned()
            .chain(others)
            .chain(settings)
            .collect()
    }
}

/// A day at the office, with mistakes; every answer of it.
async fn a_day(world: &World, node: &Node, secrets: &Secrets) -> Vec<Reply> {
    let mut replies = Vec::new();
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call(&format!("+{}", secrets.caller));
    let link = json!({"wav": format!("https://s3/a.wav?X-Amz-Signature={}", secrets.link)});
    let saved = bent(&call.recording_saved(), |data| {
        data["payload"]["recording_urls"] = link.clone();
        data["payload"]["public_recording_urls"] = link.clone();
        data["payload"]["parts"] = json!([{"recording_urls": link}]);
    });
    let ended = call
        .hung_up(HangupCause::NormalClearing)
        .body(1, "https://a/b");
    let bodies = [
        call.initiated().body(1, "https://a/b"),
        call.answered().body(1, "https://a/b"),
        ended,
        saved.into(),
    ];
    for body in bodies {
        replies.push(node.receives(&world.acme, body.clone()).await);
        replies.push(node.receives(&world.rival, body).await);
    }
    replies.push(
        node.receives(&world.acme, format!("{{\"data\": \"{}\"}}", secrets.caller))
            .await,
    );
    let caller = &secrets.caller;
    let paths = [
        "/api/me".to_owned(),
        "/api/calls".into(),
        format!("/api/calls?number=%2B{caller}&limit=0"),
        format!("/api/calls?number=%2B{caller}"),
        format!("/api/calls?access_token={}", secrets.bad),
        format!("/api/nothing?token={}", secrets.bad),
        format!("/api/calls?cursor={}", secrets.bad),
    ];
    for path in &paths {
        replies.push(node.reads(world, world.anna, path).await);
        replies.push(reply(node.ask("GET", path).bearer_auth(&secrets.bad)).await);
    }
    replies.push(reply(node.ask("GET", &format!("/ws?token={}", secrets.bad))).await);
    let board = node.board(world, world.anna).await;
    board.leaves().await;
    world
        .database
        .execute("ALTER TABLE inbound_calls RENAME TO gone")
        .await;
    replies.push(node.reads(world, world.anna, &paths[3]).await);
    world
        .database
        .execute("ALTER TABLE gone RENAME TO inbound_calls")
        .await;
    replies
}

/// What of these words stands in there.
fn found<'a>(words: &'a [String], place: &[u8]) -> Vec<&'a str> {
    let holds = |word: &&String| {
        place
            .windows(word.len())
            .any(|bytes| bytes == word.as_bytes())
    };
    words.iter().filter(holds).map(String::as_str).collect()
}

on_every_database! {
    async fn no_secret_is_logged_at_any_level(world: World) {
        let mut world = world;
        let secrets = Secrets::of(&mut world).await;
        let tap = Wiretap::listens_for(secrets.all());
        let witness = Wiretap::listens_for(vec!["received: call.recording.saved".into()]);
        let node = world.node().await;
        a_day(&world, &node, &secrets).await;
        world.unsets(&world.acme, CredentialKey::TelnyxPublicKey).await;
        node.learns(&world).await;
        drop(node);
        assert_eq!(tap.heard(Level::TRACE), Vec::<String>::new());
        assert!(!witness.heard(Level::DEBUG).is_empty(), "nothing was overheard at all");
    }

    async fn callers_numbers_are_logged_at_debug_alone(world: World) {
        let mut world = world;
        let secrets = Secrets::of(&mut world).await;
        let tap = Wiretap::listens_for(vec![secrets.caller.clone()]);
        let witness = Wiretap::listens_for(vec!["Webhook refused".into(), "Request not served".into()]);
        let node = world.node().await;
        a_day(&world, &node, &secrets).await;
        assert_eq!(tap.heard(Level::INFO), Vec::<String>::new());
        assert!(witness.heard(Level::WARN).len() >= 2);
    }

    async fn no_secret_is_in_an_answer_an_event_or_the_metrics(world: World) {
        let mut world = world;
        let secrets = Secrets::of(&mut world).await;
        let node = world.node().await;
        let mut socket = node.socket(&world, world.ben).await;
        socket.hears(1).await;
        let replies = a_day(&world, &node, &secrets).await;
        let heard = socket.hears(4).await.concat();
        let statuses = [200, 400, 401, 404, 500];
        for status in statuses {
            assert!(replies.iter().any(|reply| reply.status == status), "no {status} in that day");
        }
        let words = secrets.all();
        for reply in &replies {
            assert_eq!(found(&words, &reply.body), [""; 0], "{}", reply.text());
            assert_eq!(found(&words, format!("{:?}", reply.headers).as_bytes()), [""; 0]);
        }
        assert!(heard.contains("recordings") && heard.contains(&secrets.caller));
        assert_eq!(found(&words, heard.as_bytes()), [""; 0]);
        let metrics = node.metrics().await;
        let mut words = words;
        words.extend([secrets.caller.clone(), world.acme.id.to_string()]);
        assert_eq!(found(&words, metrics.as_bytes()), [""; 0]);
    }

    async fn no_secret_lies_in_the_database_in_the_clear(world: World) {
        let mut world = world;
        let secrets = Secrets::of(&mut world).await;
        let node = world.node().await;
        a_day(&world, &node, &secrets).await;
        let dump = world.database.dump();
        assert_eq!(found(&secrets.all(), &dump), [""; 0]);
        // It is the right database, and what was not secret of that webhook is kept.
        let kept = [secrets.caller, "call.recording.saved".into(), "recording_started_at".into()];
        assert_eq!(found(&kept, &dump).len(), 3);
    }
}
