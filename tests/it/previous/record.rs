//! Makes the dumps of the release that is out, by hand:
//! `cargo test --test it -- --ignored previous::record`.

use super::dump;
use super::traffic::{self, Traffic};
use crate::support::World;
use crate::support::browser::words_of;
use crate::support::database::Database;
use crate::support::node::Node;
use crate::support::world::Tenant;
use callboard::clock::Clock;
use callboard::domain::{CredentialKey, Timestamp, UserId};
use callboard_simulator::SigningKey;
use callboard_simulator::browser::{Message, Position};
use serde_json::{Map, Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the dumps, once for each release"]
async fn sqlite() {
    record(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the dumps, once for each release"]
async fn postgres() {
    record(Database::postgres().await).await;
}

async fn record(database: Database) {
    // Long ago, so that it is the past wherever the stories are told.
    let start = Timestamp::parse("2025-01-15T09:00:00Z").expect("a time");
    let mut world = World::on_a_day(database, Clock::by_hand(start)).await;
    world.acme.key = signs(&world, &world.acme, "Acme").await;
    world.rival.key = signs(&world, &world.rival, "Rival").await;
    let traffic = traffic::happens(world).await;
    let seen = seen_of(&traffic).await;
    dump::keep(&traffic.line.world.database, &seen);
}

/// The agency's account gets the key that is known by the agency's name.
async fn signs(world: &World, tenant: &Tenant, name: &str) -> SigningKey {
    let key = SigningKey::from_seed(traffic::seed(name)).expect("a key");
    let public = key.public_key();
    world
        .sets(tenant, CredentialKey::TelnyxPublicKey, &public)
        .await;
    key
}

async fn seen_of(traffic: &Traffic) -> Value {
    let (world, node) = (&traffic.line.world, &traffic.line.node);
    let people = [
        ("Anna", world.anna),
        ("Ben", world.ben),
        ("Olivia", world.olivia),
        ("Mallory", world.mallory),
        ("Adam", traffic.adam),
    ];
    let mut pages = Vec::new();
    for (who, user) in people {
        pages.push(page(world, node, who, user, "/api/me").await);
    }
    let mut boards = Map::new();
    for (who, user) in [("Olivia", world.olivia), ("Mallory", world.mallory)] {
        let calls = page(world, node, who, user, "/api/calls?limit=1000").await;
        for call in calls["body"]["calls"].as_array().expect("calls") {
            let path = format!("/api/calls/{}/events", call["id"].as_str().expect("an id"));
            pages.push(page(world, node, who, user, &path).await);
        }
        pages.push(calls);
        for path in ["/api/call-logs?limit=1000", "/api/agency/credentials"] {
            pages.push(page(world, node, who, user, path).await);
        }
        let board = node.board(world, user).await;
        boards.insert(who.into(), json!(board.shows()));
    }
    let board = node.board(world, world.olivia).await;
    let Message::Snapshot(snapshot) = board.greeting() else {
        panic!("no snapshot")
    };
    let (epoch, last) = (snapshot.epoch.clone(), snapshot.seq);
    json!({
        "at": world.clock.now().to_string(),
        "acme": of_tenant("Acme", &world.acme),
        "rival": of_tenant("Rival", &world.rival),
        "people": people.map(|(name, id)| (name.to_owned(), json!(id.to_string())))
            .into_iter().collect::<Map<_, _>>(),
        "legs": traffic.legs,
        "calls": traffic.calls,
        "owed": traffic.owed,
        "pages": pages,
        "boards": boards,
        "epoch": epoch,
        "seq": last,
        "events": events(world, node, epoch, last).await,
    })
}

async fn page(world: &World, node: &Node, who: &str, user: UserId, path: &str) -> Value {
    let (status, body) = node.get(world, user, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    json!({"who": who, "path": path, "body": body})
}

fn of_tenant(name: &str, tenant: &Tenant) -> Value {
    json!({"name": name, "id": tenant.id.to_string(), "connection": tenant.connection})
}

/// All that a board hears that was there at the beginning.
async fn events(world: &World, node: &Node, epoch: String, last: u64) -> Map<String, Value> {
    let beginning = Position { epoch, seq: 0 };
    let mut board = node.board_at(world, world.olivia, beginning).await;
    let mut events = Map::new();
    for number in 1..=last {
        let event = board.hears().await;
        let words = json!({"words": words_of(&event), "call": event.call.id()});
        events.insert(number.to_string(), words);
    }
    events
}
