//! Refusals after which nobody tries again: each is in the log with its reason, and is counted.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::client;
use crate::support::patience::{look_again, soon};
use crate::support::process::Process;
use crate::support::wire::Wire;
use crate::support::wiretap::Wiretap;
use callboard::domain::UserId;
use callboard_simulator::{Carrier, CarrierSettings, SignedRequest};
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::Level;
use uuid::Uuid;

/// Whoever asks, the status of the answer, and the reason.
type Refusal = (RequestBuilder, u16, &'static str);

/// Refusals of every kind that a request can meet.
fn refusals(world: &World, url: &str) -> Vec<Refusal> {
    let http = client();
    let ask = |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        http.request(method, format!("{url}{path}"))
    };
    let hook = format!("/api/telnyx/webhook/{}", world.acme.id);
    let post = |kind: &str| ask("POST", &hook).header("content-type", kind).body("{}");
    let json = || post("application/json");
    let stamped = |at: i64| {
        let stamped = json().header("telnyx-timestamp", at.to_string());
        stamped.header("telnyx-signature-ed25519", "AAAA")
    };
    let now = world.clock.now().seconds();
    let settings = CarrierSettings::new(
        format!("{url}{hook}").parse().unwrap(),
        world.acme.key.clone(),
        world.clock.clone(),
    );
    let carrier = Carrier::new(settings).unwrap();
    let signed = |body: serde_json::Value| {
        let SignedRequest {
            timestamp,
            signature,
            body,
            ..
        } = carrier.sign(body.to_string());
        ask("POST", &hook)
            .header("content-type", "application/json")
            .header("telnyx-timestamp", timestamp.unwrap())
            .header("telnyx-signature-ed25519", signature.unwrap())
            .body(body)
    };
    let nameless = json!({"data": {"event_type": "call.initiated", "payload": {}}});
    let as_v1 = json!({"event_type": "call_initiated"});
    let me = |token: &str| ask("GET", "/api/me").bearer_auth(token);
    let token = |user| world.token(user).expose_secret().to_owned();
    let odd = |claims| {
        world
            .odd_token(world.anna, claims)
            .expose_secret()
            .to_owned()
    };
    let forged = format!(
        "{}AAAA",
        token(world.anna).rsplit_once('.').unwrap().0.to_owned() + "."
    );
    let expired = world.token_for(world.anna, -3600);
    let upgrade = || {
        let upgrade = ask("GET", "/ws").header("upgrade", "websocket");
        let upgrade = upgrade.header("connection", "Upgrade");
        upgrade
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
    };
    vec![
        (json(), 401, "signature_missing"),
        (stamped(1), 401, "signature_stale"),
        (stamped(now), 401, "signature_wrong"),
        (
            ask("POST", "/api/telnyx/webhook")
                .header("content-type", "application/json")
                .body("{}"),
            401,
            "no_agency",
        ),
        (signed(json!({})), 400, "no_data"),
        (signed(nameless), 400, "malformed"),
        (signed(as_v1), 400, "api_v1"),
        (
            json().header("x-telnyx-signature", "t=1,h=AAAA"),
            400,
            "api_v1",
        ),
        (post("application/x-www-form-urlencoded"), 415, "texml"),
        (post("text/plain"), 415, "content_type"),
        (json().body(" ".repeat(1024 * 1024 + 1)), 413, "too_large"),
        (ask("GET", &hook), 405, "method"),
        (ask("POST", "/api/telnyx/webhooks"), 404, "path"),
        (ask("GET", "/api/me"), 401, "token_missing"),
        (me("garbage"), 401, "token_malformed"),
        (me(&forged), 401, "token_signature"),
        (me(&odd(json!({"role": "anon"}))), 401, "token_user"),
        (me(expired.expose_secret()), 401, "token_expired"),
        (
            me(&token(UserId(Uuid::new_v4()))),
            403,
            "not_an_agency_user",
        ),
        (
            ask("GET", "/api/users").bearer_auth(token(world.anna)),
            403,
            "role",
        ),
        (
            ask("GET", "/api/calls?limit=0").bearer_auth(token(world.anna)),
            400,
            "bad_request",
        ),
        (
            upgrade().header("origin", "https://evil.example"),
            403,
            "origin",
        ),
        (
            upgrade().header("sec-websocket-protocol", "stranger.v9"),
            400,
            "upgrade",
        ),
        (ask("GET", "/ws?token=x"), 400, "upgrade"),
    ]
}

async fn every_refusal_moves_a_counter_of_its_reason(world: World) {
    let node = world.node().await;
    let count = async |reason: &str| {
        let name = format!("callboard_refusals_total{{reason=\"{reason}\"}}");
        node.metric(&name).await.unwrap()
    };
    for (request, status, reason) in refusals(&world, &node.url) {
        let before = count(reason).await;
        let answer: Reply = reply(request).await;
        assert_eq!(answer.status, status, "{reason}: {}", answer.text());
        assert_eq!(count(reason).await, before + 1, "{reason}");
    }
    for (token, reason) in [
        (
            world.odd_token(world.anna, json!({"aud": "anon"})),
            "token_user",
        ),
        (world.token(UserId(Uuid::new_v4())), "not_an_agency_user"),
    ] {
        let before = count(reason).await;
        node.turns_away(token).await;
        assert_eq!(count(reason).await, before + 1, "{reason}");
    }
    let mut rude = Wire::open(&node).await;
    rude.say(json!({"type": "hello"})).await;
    rude.ends().await;
    assert_eq!(count("protocol").await, 1);
}

async fn the_log_says_what_a_refused_token_and_a_refused_page_should_have_been(world: World) {
    let (project, stranger) = (Uuid::new_v4(), Uuid::new_v4());
    let tap = Wiretap::listens_for(vec![stranger.to_string()]);
    let world = world.configured(|config| {
        config.auth.supabase_url = format!("http://{project}.test/").parse().ok();
    });
    let node = world.node().await;
    let token = || {
        world.odd_token(
            world.anna,
            json!({"iss": format!("https://{stranger}.test")}),
        )
    };
    let refused = reply(
        node.ask("GET", "/api/me")
            .bearer_auth(token().expose_secret()),
    )
    .await;
    assert!(
        !refused.error().contains(&stranger.to_string()),
        "{}",
        refused.error()
    );
    node.turns_away(token()).await;
    let expected =
        format!("its issuer is https://{stranger}.test, expected http://{project}.test/auth/v1");
    let heard = tap.heard(Level::WARN);
    assert_eq!(
        heard.iter().filter(|line| line.contains(&expected)).count(),
        2,
        "{heard:?}"
    );

    let page = format!("https://{stranger}.example");
    reply(node.ask("GET", "/ws").header("origin", &page)).await;
    assert!(
        tap.heard(Level::WARN).iter().any(|line| {
            line.contains(&format!("its Origin is {page}"))
                && line.contains("CALLBOARD_ALLOWED_ORIGINS")
        }),
        "{:?}",
        tap.heard(Level::WARN)
    );
}

on_each_database!(
    every_refusal_moves_a_counter_of_its_reason,
    the_log_says_what_a_refused_token_and_a_refused_page_should_have_been,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_in_the_log_with_its_reason_and_no_kind_of_them_fills_it() {
    let world = World::on_sqlite().await.by_the_machines_clock();
    let server = Process::start(&world).await;
    let mut reasons = Vec::new();
    for (request, status, reason) in refusals(&world, &server.url) {
        let answer = reply(request).await;
        assert_eq!(answer.status, status, "{reason}: {}", answer.text());
        reasons.push(format!("refused ({reason}): "));
    }
    for _ in 0..50 {
        let webhook = format!("{}/api/telnyx/webhook", server.url);
        reply(client().get(webhook)).await;
    }
    for reason in &reasons {
        let written = async {
            while !server.log().contains(reason) {
                look_again().await;
            }
        };
        soon(reason, written).await;
    }
    let of_one_kind = server.log().matches("refused (method)").count();
    assert!((10..=20).contains(&of_one_kind), "{of_one_kind} lines");
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_noise_of_strangers_is_no_error_of_ours() {
    let world = World::on_sqlite().await.by_the_machines_clock();
    let server = Process::start(&world).await;
    let greetings: [&[u8]; 6] = [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 a TLS client's hello",
        b"PROXY TCP4 198.51.100.1 203.0.113.7 4711 443\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c",
        b"GET / HTTP/1.1\r\nHost: a\r\nA header without its colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ];
    for greeting in greetings {
        let address = server.url.trim_start_matches("http://");
        let mut stranger = tokio::net::TcpStream::connect(address).await.unwrap();
        stranger.write_all(greeting).await.unwrap();
        stranger.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset is an answer too.
        let _ = soon("the end", stranger.read_to_end(&mut answer)).await;
    }
    let healthy = reply(client().get(format!("{}/healthz", server.url))).await;
    assert_eq!(healthy.status, 200);
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}
