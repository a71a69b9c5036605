//! No secret leaves: not in logs, not in answers, not in metrics, not in the database in the clear.

use crate::support::World;
use crate::support::http::{Reply, bent, reply};
use crate::support::node::Node;
use crate::support::wiretap::Wiretap;
use crate::support::world::{ENCRYPTION_KEY, JWT_SECRET};
use callboard::domain::CredentialKey;
use callboard_simulator::HangupCause;
use callboard_simulator::ultravox::{Fault, Ultravox};
use secrecy::ExposeSecret;
use serde_json::json;
use tracing::Level;
use uuid::Uuid;

const IDENTITIES: [CredentialKey; 4] = [
    CredentialKey::TelnyxApplicationId,
    CredentialKey::TelnyxAccountSid,
    CredentialKey::TwilioAccountSid,
    CredentialKey::PlivoAuthId,
];

/// Of these Ultravox is told nothing.
const UNTOLD: [CredentialKey; 3] = [
    CredentialKey::TelnyxCallerId,
    CredentialKey::TelnyxSipUsername,
    CredentialKey::TelnyxSipServer,
];

/// A word that stands nowhere else.
fn canary() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What must not leave, in a world that holds it.
struct Secrets {
    credentials: Vec<String>,
    /// Ids of accounts and applications: sealed and never logged, but an owner reads her own.
    identities: Vec<String>,
    /// What Ultravox may come to know: what is stored for it, and what is given.
    told: Vec<String>,
    /// An Ultravox that repeats what it is told.
    ultravox: Ultravox,
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
        let (mut credentials, mut identities, mut untold) = (Vec::new(), Vec::new(), Vec::new());
        let lists = |key: &&CredentialKey| !key.is_list();
        for key in CredentialKey::ALL.iter().filter(lists) {
            let value = canary();
            world.sets(&world.acme, *key, &value).await;
            if UNTOLD.contains(key) {
                untold.push(value.clone());
            }
            if IDENTITIES.contains(key) {
                identities.push(value);
            } else {
                credentials.push(value);
            }
        }
        let bad = canary();
        let mut told = credentials.clone();
        told.retain(|value| !untold.contains(value));
        let (api_key, password) = (canary(), canary());
        world.config.agency_defaults.telnyx_api_key = Some(api_key.as_str().into());
        world.config.agency_defaults.telnyx_sip_password = Some(password.as_str().into());
        credentials.extend([api_key, password]);
        let good = world.token(world.anna).expose_secret().to_owned();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let ultravox = Ultravox::start(listener, &[]).expect("an Ultravox");
        world.config.providers.ultravox_api_base = ultravox.url().parse().expect("a URL");
        Self {
            credentials,
            identities,
            told,
            ultravox,
            good: good.rsplit('.').next().expect("a signature").to_owned(),
            bad,
            link: canary(),
            caller: format!("1999{:011}", Uuid::new_v4().as_u128() % 100_000_000_000),
        }
    }

    /// All that nobody may read at all.
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
        data["payload"]["note"] = link["wav"].clone();
        data["payload"]["caller_id_name"] =
            json!(format!("Hear {}", link["wav"].as_str().unwrap()));
        let google = json!(format!("https://g/a?X-Goog-Signature={}", secrets.link));
        data["payload"]["tags"] = json!([google, {"inner": google}]);
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
    replies.extend(an_owners_day(world, node, secrets).await);
    replies
}

/// An owner's day with credentials and Ultravox, which repeats in its errors all that it was told.
async fn an_owners_day(world: &World, node: &Node, secrets: &Secrets) -> Vec<Reply> {
    const CREDENTIALS: &str = "/api/agency/credentials";
    let mut replies = Vec::new();
    let mut does = async |method: &str, path: &str, body: Option<serde_json::Value>| {
        let reply = node.does(world, world.olivia, method, path, body).await;
        replies.push(reply);
    };
    let new = &secrets.bad;
    for value in [json!(format!("{new}\n")), json!([new]), json!(new)] {
        does(
            "PUT",
            &format!("{CREDENTIALS}/telnyx_caller_id"),
            Some(json!({ "value": value })),
        )
        .await;
    }
    does(
        "PUT",
        &format!("{CREDENTIALS}/{new}"),
        Some(json!({ "value": new })),
    )
    .await;
    does("PUT", CREDENTIALS, Some(json!({ new: new }))).await;
    does("GET", CREDENTIALS, None).await;
    let echo = secrets.told.join(" ");
    let shown = &echo;
    let by_field = json!({"telnyx": {"apiKey": secrets.told, "publicKey": [&echo]}});
    let settings = json!({"telnyx": {"apiKey": new, "callCreationAllowAllAgents": true}});
    for fault in [
        None,
        Some(Fault::says(400, json!({ "detail": echo }))),
        Some(Fault::says(401, &echo)),
        Some(Fault::says(400, by_field)),
        Some(Fault::says(
            200,
            json!({"telnyx": {"x": shown, "apiKey": shown}, "y": [shown]}),
        )),
    ] {
        secrets.ultravox.recovers();
        if let Some(fault) = fault {
            secrets.ultravox.fails(fault);
        }
        for (method, path, body) in [
            ("POST", "/functions/v1/import-telnyx-to-ultravox", None),
            ("POST", "/api/ultravox/import-twilio", None),
            (
                "PATCH",
                "/api/ultravox/telephony_config",
                Some(settings.clone()),
            ),
            (
                "PATCH",
                "/api/ultravox/telephony_configs/telnyx",
                Some(settings["telnyx"].clone()),
            ),
            ("GET", "/api/ultravox/telephony_configs/telnyx", None),
            ("GET", "/api/ultravox/status", None),
        ] {
            does(method, path, body).await;
        }
    }
    // What an owner gives beside what is stored is known for that request alone.
    secrets.ultravox.recovers();
    secrets
        .ultravox
        .fails(Fault::says(400, json!({"apiKey": [new]})));
    let path = "/api/ultravox/telephony_configs/telnyx";
    does("PATCH", path, Some(settings["telnyx"].clone())).await;
    does("PATCH", "/api/ultravox/telephony_config", Some(settings)).await;
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

async fn no_secret_is_logged_at_any_level(world: World) {
    let mut world = world;
    let secrets = Secrets::of(&mut world).await;
    let words = secrets.all().into_iter().chain(secrets.identities.clone());
    let tap = Wiretap::listens_for(words.collect());
    let witness = Wiretap::listens_for(vec!["received: call.recording.saved".into()]);
    let node = world.node().await;
    a_day(&world, &node, &secrets).await;
    world
        .unsets(&world.acme, CredentialKey::TelnyxPublicKey)
        .await;
    node.learns(&world).await;
    drop(node);
    assert_eq!(tap.heard(Level::TRACE), Vec::<String>::new());
    assert!(
        !witness.heard(Level::DEBUG).is_empty(),
        "nothing was overheard at all"
    );
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
    let statuses = [200, 400, 401, 404, 502, 503];
    for status in statuses {
        assert!(
            replies.iter().any(|reply| reply.status == status),
            "no {status} in that day"
        );
    }
    let words = secrets.all();
    for reply in &replies {
        assert_eq!(found(&words, &reply.body), [""; 0], "{}", reply.text());
        assert_eq!(
            found(&words, format!("{:?}", reply.headers).as_bytes()),
            [""; 0]
        );
    }
    assert!(heard.contains("recordings") && heard.contains(&secrets.caller));
    assert_eq!(found(&words, heard.as_bytes()), [""; 0]);
    let metrics = node.metrics().await;
    let mut words = words;
    words.extend(secrets.identities.clone());
    words.extend([secrets.caller.clone(), world.acme.id.to_string()]);
    assert_eq!(found(&words, metrics.as_bytes()), [""; 0]);
}

/// A field that stands twice counts as it stands last, and the text that is kept has both.
async fn a_link_that_is_hidden_by_a_later_field_is_not_kept(world: World) {
    let node = world.node().await;
    let call = node.carrier(&world.acme).new_call("+15550100");
    let secret = canary();
    let link = format!(r#""https://s3/a.wav?X-Amz-Signature={secret}""#);
    let escaped = format!(r#""https://s3/a.wav?X-Amz\u002dSignature={secret}""#);
    let initiated = String::from_utf8(call.initiated().body(1, "https://a/b")).expect("text");
    let (data, payload) = (r#""data":{"#, r#""payload":{"#);
    for (number, (place, first)) in [
        (payload, format!(r#""note":{link},"note":"fine","#)),
        (payload, format!(r#""a":[{{"deep":{escaped}}}],"a":7,"#)),
        (payload, format!(r#""x":{link}}},"payload":{{"#)),
        (payload, format!(r#""a":{{"b":{link},"b":1,"b":2}},"#)),
        (data, format!(r#""download_urls":["{secret}"]}},"data":{{"#)),
        (data, format!(r#""a":"\ud83d","b":{link},"b":1,"#)),
        (data, format!(r#""payload":{link},"#)),
    ]
    .into_iter()
    .enumerate()
    {
        let body = initiated.replacen(place, &format!("{place}{first}"), 1);
        assert!(body.contains(&secret), "{body}");
        let reply = node.receives(&world.acme, body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        // The next one is a webhook of its own.
        let sql = format!("UPDATE webhook_events SET webhook_id = '{number}' || webhook_id");
        world.database.execute(&sql).await;
    }
    assert_eq!(world.outcomes(world.acme.id).await, ["applied"; 7]);
    assert_eq!(found(&[secret], &world.database.dump()), [""; 0]);
    // The rest of them is kept, and was read.
    let kept = ["+15550100", "fine", "call.initiated"].map(str::to_owned);
    assert_eq!(found(&kept, &world.database.dump()).len(), 3);
    let (_, page) = node.get(&world, world.anna, "/api/calls").await;
    assert_eq!(page["calls"][0]["from_number"], "+15550100", "{page}");
}

async fn no_secret_lies_in_the_database_in_the_clear(world: World) {
    let mut world = world;
    let secrets = Secrets::of(&mut world).await;
    let node = world.node().await;
    a_day(&world, &node, &secrets).await;
    let dump = world.database.dump();
    assert_eq!(found(&secrets.all(), &dump), [""; 0]);
    assert_eq!(found(&secrets.identities, &dump), [""; 0]);
    // It is the right database, and what was not secret of that webhook is kept.
    let kept = [
        secrets.caller,
        "call.recording.saved".into(),
        "recording_started_at".into(),
    ];
    assert_eq!(found(&kept, &dump).len(), 3);
}

on_each_database!(
    no_secret_is_logged_at_any_level,
    callers_numbers_are_logged_at_debug_alone,
    no_secret_is_in_an_answer_an_event_or_the_metrics,
    a_link_that_is_hidden_by_a_later_field_is_not_kept,
    no_secret_lies_in_the_database_in_the_clear,
);
