//! The WebSocket's own rules: who is upgraded, what may be said, how much of it.

use crate::support::World;
use crate::support::http::next_answer;
use crate::support::node::{Node, client};
use crate::support::wire::{BINARY, CLOSE, CONTINUATION, Heard, LAST, PING, TEXT, Wire};
use callboard_simulator::browser::{BrowserError, Message, Socket, Upgrade};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PROTOCOL: &str = "4502 protocol_error, stay away";
const TOO_BIG: &str = "1009 too_big, stay away";
const KIB: usize = 1024;

/// The status of the answer to an upgrade, and the subprotocol.
async fn upgraded(node: &Node, change: impl FnOnce(&mut Upgrade)) -> (u16, Option<String>) {
    let mut upgrade = Upgrade {
        url: node.url.clone(),
        origin: None,
        subprotocols: vec![],
        bearer: None,
    };
    change(&mut upgrade);
    match Socket::open(&upgrade).await {
        Ok(socket) => (101, socket.subprotocol().map(str::to_owned)),
        Err(BrowserError::Refused { status, body }) => {
            assert!(
                body.is_empty() || body.starts_with(r#"{"error":""#),
                "{body}"
            );
            (status, None)
        }
        Err(other) => panic!("no answer: {other}"),
    }
}

/// A ping of exactly so many bytes.
fn ping_of(bytes: usize) -> String {
    let padded = |padding: &str| json!({"type": "ping", "padding": padding}).to_string();
    padded(&"x".repeat(bytes - padded("").len()))
}

async fn the_subprotocol_is_echoed_and_may_be_left_out_but_not_replaced(world: World) {
    let node = world.node().await;
    let ours = Some("callboard.v1".to_owned());
    for (offers, answer) in [
        (vec!["callboard.v1"], (101, ours.clone())),
        (vec!["stranger.v9", "callboard.v1"], (101, ours)),
        (vec![], (101, None)),
        (vec!["stranger.v9"], (400, None)),
        (vec!["callboard.v2", "CALLBOARD.V1"], (400, None)),
    ] {
        let offered = offers.iter().map(|&offer| offer.to_owned()).collect();
        assert_eq!(
            upgraded(&node, |upgrade| upgrade.subprotocols = offered).await,
            answer,
            "{offers:?}"
        );
    }
}

async fn a_token_in_the_query_string_is_refused(world: World) {
    let node = world.node().await;
    for query in ["token=x", "access_token=x", "a=b&JWT=x", "%74oken=x"] {
        let url = format!("{}/ws?{query}", node.url);
        assert_eq!(
            upgraded(&node, |upgrade| upgrade.url = url).await.0,
            400,
            "{query}"
        );
    }
}

async fn only_pages_of_allowed_origins_may_open_a_board(world: World) {
    let world = world.configured(|config| {
        config.access.allowed_origins = callboard::config::Origin::parse("https://app.example")
            .into_iter()
            .collect();
        config.listener.base_url = "https://calls.example/api".parse().unwrap();
    });
    let node = world.node().await;
    let port = node.app.addr.port();
    for (origin, status) in [
        ("https://app.example".to_owned(), 101),
        (format!("http://127.0.0.1:{port}"), 101),
        (format!("https://127.0.0.1:{port}"), 101),
        ("https://calls.example".to_owned(), 101),
        ("http://calls.example".to_owned(), 101),
        ("null".to_owned(), 403),
        ("https://evil.example".to_owned(), 403),
        ("http://app.example".to_owned(), 403),
        ("https://app.example.evil.example".to_owned(), 403),
        ("https://calls.example:8443".to_owned(), 403),
        ("http://127.0.0.1".to_owned(), 403),
        ("file://".to_owned(), 403),
    ] {
        let asks = Some(origin.clone());
        assert_eq!(
            upgraded(&node, |upgrade| upgrade.origin = asks).await.0,
            status,
            "{origin}"
        );
    }
}

async fn a_request_that_is_no_upgrade_is_told_so(world: World) {
    let node = world.node().await;
    let answer = client()
        .get(format!("{}/ws", node.url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.json::<Value>().await.unwrap()["error"].is_string());
}

async fn what_is_said_first_must_be_connect(world: World) {
    let node = world.node().await;
    for (first, words) in [
        (LAST | TEXT, r#"{"type":"ping"}"#),
        (LAST | TEXT, r#"{"type":"refresh","token":"x"}"#),
        (LAST | TEXT, r#"{"type":"hello"}"#),
        (LAST | TEXT, r#"{"type":"connect","token":7}"#),
        (
            LAST | TEXT,
            r#"{"type":"connect","token":"x","position":{"epoch":"e"}}"#,
        ),
        (
            LAST | TEXT,
            r#"{"type":"connect","token":"x","position":{"epoch":"e","seq":-1}}"#,
        ),
        (LAST | TEXT, "connect"),
        (LAST | TEXT, ""),
        (LAST | BINARY, r#"{"type":"connect"}"#),
    ] {
        let mut wire = Wire::open(&node).await;
        wire.frame(first, words.as_bytes()).await;
        assert_eq!(wire.ends().await, PROTOCOL, "{words}");
    }
}

async fn what_breaks_the_protocol_later_ends_the_board_too(world: World) {
    let node = world.node().await;
    let again = json!({"type": "connect", "token": "x"}).to_string();
    for (first, payload) in [
        (LAST | TEXT, again.as_bytes()),
        (LAST | TEXT, b"{"),
        (LAST | TEXT, b"[]"),
        (LAST | TEXT, b"{\"type\":\"refresh\"}"),
        (LAST | TEXT, b"\xff\xfe"),
        (LAST | BINARY, b"{}"),
        (LAST | CONTINUATION, b"{}"),
        (LAST | 0x3, b"{}"),
    ] {
        let mut wire = Wire::open(&node).await;
        wire.connects(&world.token(world.anna)).await;
        wire.frame(first, payload).await;
        assert_eq!(
            wire.ends().await,
            PROTOCOL,
            "{first:#x} {}",
            payload.escape_ascii()
        );
    }
}

async fn an_unknown_type_is_answered_and_the_board_stays(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    anna.browser()
        .socket()
        .say(r#"{"type":"weather","rain":true}"#)
        .await
        .unwrap();
    assert!(matches!(anna.says().await, Message::Error(error) if error.code == "unknown_type"));
    anna.is_served().await;
}

async fn a_websocket_ping_is_answered_with_its_own_words(world: World) {
    let node = world.node().await;
    let mut wire = Wire::open(&node).await;
    wire.frame(LAST | PING, b"before connect").await;
    assert_eq!(wire.hears().await, Heard::Pong(b"before connect".to_vec()));
    wire.connects(&world.token(world.anna)).await;
    for words in [&b"are you there?"[..], b"", &[7; 125]] {
        wire.frame(LAST | PING, words).await;
        assert_eq!(wire.hears().await, Heard::Pong(words.to_vec()));
    }
}

async fn a_hundred_messages_in_ten_seconds_are_served_and_one_more_is_not(world: World) {
    let node = world.node().await;
    let mut wire = Wire::open(&node).await;
    wire.connects(&world.token(world.anna)).await;
    for _ in 0..99 {
        wire.say(json!({"type": "ping"})).await;
        assert_eq!(wire.hears().await, Heard::Text(json!({"type": "pong"})));
    }
    world.clock.advance(std::time::Duration::from_secs(10));
    for _ in 0..100 {
        wire.say(json!({"type": "ping"})).await;
        assert_eq!(wire.hears().await, Heard::Text(json!({"type": "pong"})));
    }
    wire.say(json!({"type": "ping"})).await;
    assert_eq!(wire.ends().await, PROTOCOL);
}

async fn a_client_that_floods_without_listening_learns_why_it_was_closed(world: World) {
    let node = world.node().await;
    let mut wire = Wire::open(&node).await;
    wire.connects(&world.token(world.anna)).await;
    for _ in 0..2000 {
        wire.say(json!({"type": "ping"})).await;
    }
    assert_eq!(wire.ends().await, PROTOCOL);
}

async fn a_message_of_exactly_64_kib_is_served(world: World) {
    let node = world.node().await;
    let mut wire = Wire::open(&node).await;
    wire.connects(&world.token(world.anna)).await;
    let ping = ping_of(64 * KIB);
    let (one, other) = ping.split_at(40 * KIB);

    wire.frame(LAST | TEXT, ping.as_bytes()).await;
    assert_eq!(wire.hears().await, Heard::Text(json!({"type": "pong"})));
    wire.frame(TEXT, one.as_bytes()).await;
    wire.frame(LAST | PING, b"between").await;
    wire.frame(LAST | CONTINUATION, other.as_bytes()).await;
    assert_eq!(wire.hears().await, Heard::Pong(b"between".to_vec()));
    assert_eq!(wire.hears().await, Heard::Text(json!({"type": "pong"})));
}

async fn what_is_too_long_is_refused_by_its_announcement_alone(world: World) {
    let node = world.node().await;
    for (first, length) in [
        (LAST | TEXT, 64 * KIB + 1),
        (LAST | BINARY, 1 << 40),
        (TEXT, 1 << 62),
    ] {
        let mut stranger = Wire::open(&node).await;
        stranger.announce(first, length as u64).await;
        assert_eq!(stranger.ends().await, TOO_BIG);

        let mut anna = Wire::open(&node).await;
        anna.connects(&world.token(world.anna)).await;
        anna.announce(first, length as u64).await;
        assert_eq!(anna.ends().await, TOO_BIG);
    }
}

async fn fragments_that_add_up_to_more_than_64_kib_are_refused_by_the_last_announcement(
    world: World,
) {
    let node = world.node().await;
    let mut anna = Wire::open(&node).await;
    anna.connects(&world.token(world.anna)).await;
    anna.frame(TEXT, &[b' '; 40 * KIB]).await;
    anna.frame(CONTINUATION, &[b' '; 24 * KIB]).await;
    anna.announce(LAST | CONTINUATION, 1).await;
    assert_eq!(anna.ends().await, TOO_BIG);
}

async fn a_client_that_sends_all_of_a_huge_message_learns_why_it_was_closed(world: World) {
    let node = world.node().await;
    let mut anna = Wire::open(&node).await;
    anna.connects(&world.token(world.anna)).await;
    anna.frame(LAST | TEXT, ping_of(4096 * KIB).as_bytes())
        .await;
    assert_eq!(anna.ends().await, TOO_BIG);
}

async fn after_a_close_frame_of_ours_the_connection_ends_at_once(world: World) {
    let node = world.node().await;
    // A busy machine may miss the moment; a connection that is kept after the close frame always
    // loses this race, since the other one was held before it.
    for _ in 0..5 {
        if goodbye_is_quicker_than_a_hold(&world, &node).await {
            return;
        }
    }
    panic!("the connection was kept after the close frame");
}

async fn another_version_is_told_the_one_that_there_is(world: World) {
    let node = world.node().await;
    for version in [
        "Sec-WebSocket-Version: 8\r\n",
        "Sec-WebSocket-Version: 13, 8\r\n",
        "",
    ] {
        let answer = node.answers_raw(&format!(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{version}\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(
            answer
                .to_lowercase()
                .contains("\r\nsec-websocket-version: 13\r\n"),
            "{answer}"
        );
    }
}

async fn an_upgrade_by_http_1_0_is_refused_and_a_plain_request_is_served(world: World) {
    let node = world.node().await;
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let refused = node
        .answers_raw(&format!("GET /ws HTTP/1.0\r\nHost: a\r\n{upgrade}\r\n"))
        .await;
    assert!(
        refused.starts_with("HTTP/1.0 400 ") && refused.contains("HTTP/1.1"),
        "{refused}"
    );
    for probe in [
        "GET /healthz HTTP/1.0\r\n\r\n",
        "HEAD /readyz HTTP/1.0\r\nHost: a\r\n\r\n",
    ] {
        let served = node.answers_raw(probe).await;
        assert!(served.starts_with("HTTP/1.0 200 "), "{served}");
    }
}

async fn an_upgrade_to_nothing_costs_a_request_no_keep_alive(world: World) {
    let node = world.node().await;
    let mut stream = node.connects().await;
    for headers in [
        "Connection: Upgrade",
        "connection: keep-alive, upgrade",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "Connection: upgrade\r\nUpgrade: ",
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = next_answer(&mut stream).await.to_lowercase();
        assert!(
            answer.starts_with("http/1.1 200 ") && !answer.contains("connection:"),
            "{headers}: {answer}"
        );
    }
}

on_each_database!(
    the_subprotocol_is_echoed_and_may_be_left_out_but_not_replaced,
    a_token_in_the_query_string_is_refused,
    only_pages_of_allowed_origins_may_open_a_board,
    a_request_that_is_no_upgrade_is_told_so,
    what_is_said_first_must_be_connect,
    what_breaks_the_protocol_later_ends_the_board_too,
    an_unknown_type_is_answered_and_the_board_stays,
    a_websocket_ping_is_answered_with_its_own_words,
    a_hundred_messages_in_ten_seconds_are_served_and_one_more_is_not,
    a_client_that_floods_without_listening_learns_why_it_was_closed,
    a_message_of_exactly_64_kib_is_served,
    what_is_too_long_is_refused_by_its_announcement_alone,
    fragments_that_add_up_to_more_than_64_kib_are_refused_by_the_last_announcement,
    a_client_that_sends_all_of_a_huge_message_learns_why_it_was_closed,
    after_a_close_frame_of_ours_the_connection_ends_at_once,
    another_version_is_told_the_one_that_there_is,
    an_upgrade_by_http_1_0_is_refused_and_a_plain_request_is_served,
    an_upgrade_to_nothing_costs_a_request_no_keep_alive,
);

/// Whether two sockets that are told goodbye are gone before a connection that was held by then:
/// whoever sends a body that nobody reads is listened to for two seconds more.
async fn goodbye_is_quicker_than_a_hold(world: &World, node: &Node) -> bool {
    let mut rude = Wire::open(node).await;
    let mut leaving = Wire::open(node).await;
    leaving.connects(&world.token(world.anna)).await;
    let mut held = node.connects().await;
    let unread = b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
    held.write_all(unread).await.unwrap();
    let answer = next_answer(&mut held).await;
    assert!(answer.starts_with("HTTP/1.1 405 "));

    rude.say(json!({"type": "hello"})).await;
    leaving.frame(LAST | CLOSE, &1000_u16.to_be_bytes()).await;
    let both = async {
        assert_eq!(rude.ends().await, PROTOCOL);
        assert_eq!(leaving.hears().await, Heard::Close(1000));
        assert_eq!(
            (rude.hears().await, leaving.hears().await),
            (Heard::Gone, Heard::Gone)
        );
    };
    let mut end = [0; 1];
    tokio::select! {
        biased;
        () = both => true,
        _ = held.read(&mut end) => false,
    }
}
