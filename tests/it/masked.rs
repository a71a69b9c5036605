//! Whoever may not see callers' numbers reads none, by whatever way; everybody else reads all.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::retelling::tell;
use callboard::domain::{Role, UserId};
use callboard_simulator::HangupCause;
use callboard_simulator::browser::{Message, Position};
use reqwest::header::ACCEPT;
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;

const CALLER: &str = "+15551234534";
const MASKED: &str = "+1•••••••34";
/// What is left of it when somebody writes it in another way.
const WITHIN: &str = "555123";
/// Soon reaches the head poll and the directory's, which come every two seconds.
const POLL: Duration = Duration::from_millis(100);

/// A world in which Acme masks numbers for its members, of whom Anna and Ben are, and not for Olivia.
async fn masking(world: World) -> World {
    world.masks_numbers_for(vec![Role::Member]).await;
    world
}

/// The text shows the caller as that person is meant to read it, and in no other way.
fn shows_caller(who: &str, what: &str, text: &str) {
    match who {
        "owner" => assert!(
            text.contains(CALLER) && !text.contains('•'),
            "{what}: {text}"
        ),
        _ => assert!(
            text.contains(MASKED) && !text.contains(WITHIN),
            "{what}: {text}"
        ),
    }
}

async fn sent(node: &Node, world: &World, by: UserId, (method, path): (&str, &str)) -> Reply {
    let token = world.token(by);
    let request = node.ask(method, path).bearer_auth(token.expose_secret());
    reply(match method {
        "PATCH" => request
            .header("if-match", "2020-01-01T00:00:00.000000Z")
            .json(&json!({"notes": "n"})),
        _ => request,
    })
    .await
}

async fn no_way_shows_a_member_a_number_that_an_owner_reads(world: World) {
    let world = masking(world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let first = carrier.new_call(CALLER);
    tell(&carrier, [&first.initiated()]).await;
    let mut sockets = Vec::new();
    for (who, user) in [("owner", world.olivia), ("member", world.anna)] {
        let mut socket = node.socket(&world, user).await;
        shows_caller(who, "snapshot", &socket.hears(1).await[0]);
        sockets.push((who, user, socket));
    }
    // The rows are what was told live here, and what was read from the database above.
    let ended = carrier.new_call(CALLER);
    tell(&carrier, [&ended.initiated()]).await;
    let over = ended.hung_up(HangupCause::OriginatorCancel);
    tell(&carrier, [&over]).await;
    let (_, calls) = node.get(&world, world.olivia, "/api/calls").await;
    let id = |status: &str| {
        let mut all = calls["calls"].as_array().unwrap().iter();
        let call = all.find(|call| call["status"] == status).unwrap();
        call["id"].as_str().unwrap().to_owned()
    };
    let (ended, open) = (id("ended"), id("incoming"));

    for (who, user, socket) in &mut sockets {
        for frame in socket.hears(2).await {
            shows_caller(who, "event", &frame);
        }
        let mut later = node.socket(&world, *user).await;
        shows_caller(who, "later snapshot", &later.hears(1).await[0]);
        for path in [
            "/api/telnyx/calls/pending".to_owned(),
            "/api/calls".to_owned(),
            format!("/api/calls/{open}"),
            format!("/api/calls/{open}/events"),
            "/api/call-logs".to_owned(),
            format!("/api/call-logs/{ended}"),
        ] {
            let read = node.reads(&world, *user, &path).await;
            assert_eq!(read.status, 200, "{path}");
            shows_caller(who, &path, &read.text());
        }
        let list = node.ask("GET", "/api/call-logs").header(ACCEPT, "text/csv");
        let token = world.token(*user);
        let list = reply(list.bearer_auth(token.expose_secret())).await;
        shows_caller(who, "CSV", &list.text());
        let log = format!("/api/call-logs/{ended}");
        let meanwhile = sent(&node, &world, *user, ("PATCH", &log)).await;
        assert_eq!(meanwhile.status, 412);
        shows_caller(who, "412", &meanwhile.text());
        for path in ["/api/stats", "/api/me"] {
            let read = node.reads(&world, *user, path).await.text();
            assert!(!read.contains(WITHIN), "{path}: {read}");
        }
    }
    for (user, status) in [(world.olivia, 200), (world.anna, 403)] {
        for path in ["/api/calls?number=4534", "/api/call-logs?number=4534"] {
            assert_eq!(
                node.reads(&world, user, path).await.status,
                status,
                "{path}"
            );
        }
    }
    node.shows_metric("callboard_refusals_total{reason=\"role\"} 2")
        .await;
}

async fn what_answering_says_is_masked_too(world: World) {
    let line = masking(world).await.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let caller = line.exchange.rings(CALLER).await;

    let taken = line.does(anna, "answer", &caller).await;
    shows_caller("member", "200", &taken.to_string());
    let (status, refused) = line.acts(ben, "answer", &caller).await;
    assert_eq!(
        (status, &refused["answered_by_name"]),
        (409, &"Anna".into())
    );
    assert!(!refused.to_string().contains(WITHIN), "{refused}");
}

async fn a_masked_board_resumes_masked_from_the_ring_and_from_the_journal(world: World) {
    let world = masking(world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call(CALLER);
    let mut anna = node.board(&world, world.anna).await;
    let start = anna.position();
    tell(&carrier, [&call.initiated()]).await;
    let over = call.hung_up(HangupCause::OriginatorCancel);
    tell(&carrier, [&over]).await;
    let told = [
        format!("1 call.incoming {MASKED} incoming"),
        format!("2 call.ended {MASKED} ended hangup"),
    ];
    assert_eq!(anna.hears_words(2).await, told);
    let full = told.clone().map(|words| words.replace(MASKED, CALLER));

    resumes(&node, &world, &start, (&told, &full)).await;
    drop(node);
    // Nobody has watched since: all of it is read from the journal.
    let node = world.node().await;
    resumes(&node, &world, &start, (&told, &full)).await;
}

/// Anna and Olivia go on there, and hear that.
async fn resumes(
    node: &Node,
    world: &World,
    start: &Position,
    (masked, full): (&[String; 2], &[String; 2]),
) {
    for (user, words) in [(world.anna, masked), (world.olivia, full)] {
        let mut board = node.board_at(world, user, start.clone()).await;
        assert!(matches!(board.greeting(), Message::Resumed(_)));
        assert_eq!(board.hears_words(2).await, *words);
    }
}

async fn a_change_of_who_is_masked_reaches_open_boards_as_one_of_roles_does(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call(CALLER).initiated()]).await;
    let mut anna = node.board(&world, world.anna).await;
    let mut olivia = node.board(&world, world.olivia).await;
    assert_eq!(anna.shows(), [format!("{CALLER} incoming")]);

    for (masked, shown) in [(vec![Role::Member], MASKED), (vec![], CALLER)] {
        world.masks_numbers_for(masked).await;
        let ended = world.wind_until(POLL, anna.ends()).await;
        assert_eq!(ended, "1012 renewed, come back");
        anna = node.board(&world, world.anna).await;
        assert_eq!(anna.shows(), [format!("{shown} incoming")]);
    }
    olivia.is_served().await;
    assert_eq!(olivia.shows(), [format!("{CALLER} incoming")]);
}

on_each_database!(
    no_way_shows_a_member_a_number_that_an_owner_reads,
    what_answering_says_is_masked_too,
    a_masked_board_resumes_masked_from_the_ring_and_from_the_journal,
    a_change_of_who_is_masked_reaches_open_boards_as_one_of_roles_does,
);
