//! A database that stalls, dies or loses its connections costs retries and nothing else.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::cutter::Cutter;
use crate::support::database::Database;
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::postgres::OwnPostgres;
use crate::support::retelling::tell;
use callboard_simulator::browser::Event;
use callboard_simulator::{Carrier, HangupCause, Outcome, Webhook};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_postgres_delays_webhooks_and_loses_none() {
    let postgres = OwnPostgres::start();
    let world = World::in_real_time(postgres.database().await).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.patient_carrier(&world.acme);
    let calls = forty_calls(&carrier);
    tell(&carrier, &calls[..10]).await;

    postgres.stall();
    refused_in_time(&carrier, &calls[10]).await;
    not_ready(&node).await;
    let (told, ()) = tokio::join!(tell_at_once(&carrier, &calls), async {
        // Some are under way while it stalls, the others come when it goes on.
        refused_in_time(&carrier, &calls[11]).await;
        postgres.resume();
    });

    assert_eq!(told, calls.len());
    hears_each_once(&mut anna, &calls).await;
    let (status, _) = node.get(&world, world.anna, "/readyz").await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_postgres_delays_webhooks_and_loses_none() {
    let postgres = OwnPostgres::start();
    let world = World::in_real_time(postgres.database().await).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.patient_carrier(&world.acme);
    let calls = forty_calls(&carrier);
    tell(&carrier, &calls[..10]).await;

    let (told, ()) = tokio::join!(tell_at_once(&carrier, &calls), async {
        postgres.crash();
        refused_in_time(&carrier, &calls[11]).await;
        not_ready(&node).await;
        postgres.restart();
    });

    assert_eq!(told, calls.len());
    hears_each_once(&mut anna, &calls).await;
    let (status, _) = node.get(&world, world.anna, "/readyz").await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_under_load_lose_nothing_and_repeat_nothing() {
    let world = World::in_real_time(Database::migrated_postgres().await).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.patient_carrier(&world.acme);
    let calls = forty_calls(&carrier);

    let (told, ()) = tokio::join!(tell_at_once(&carrier, &calls), async {
        for _ in 0..10 {
            cut_all_connections(&world).await;
        }
    });

    assert_eq!(told, calls.len());
    hears_each_once(&mut anna, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_connections_were_cut_the_server_goes_on_by_itself() {
    let world = World::on_postgres().await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let calls = forty_calls(&carrier);
    // Reads at once, so that the pool holds many connections.
    join_all((0..12).map(|_| node.get(&world, world.anna, "/api/calls"))).await;

    cut_all_connections(&world).await;
    let first = carrier.deliver(&calls[0]).await;
    assert!(matches!(first.status, Some(200 | 503)), "{first:?}");
    tell(&carrier, &calls).await;

    hears_each_once(&mut anna, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_in_doubt_is_acknowledged_and_told_once() {
    let mut database = Database::postgres().await;
    let wire = Cutter::before(&mut database).await;
    let world = World::on(database).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");

    wire.cut(1);
    tell(&carrier, [&call.initiated()]).await;
    assert_eq!(wire.left(), 0);
    let rings = "1 call.incoming +15550100 incoming";
    assert_eq!(anna.hears_words(1).await, [rings]);

    // The answer to the second try is lost too.
    wire.cut(2);
    let hung_up = call.hung_up(HangupCause::OriginatorCancel);
    let delivery = carrier.deliver(&hung_up).await;
    assert_eq!((delivery.status, wire.left()), (Some(503), 0));
    tell(&carrier, [&hung_up]).await;
    let ends = "2 call.ended +15550100 ended hangup";
    assert_eq!(anna.hears_words(1).await, [ends]);
    assert_eq!(world.last_seq(&world.acme).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_commit_was_in_doubt_is_won_and_told_once() {
    let mut database = Database::postgres().await;
    let wire = Cutter::before(&mut database).await;
    let world = World::on(database).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;

    wire.cut(1);
    node.wins(world.ben, "Ben", &call.call_control_id).await;

    assert_eq!(wire.left(), 0);
    let answering = "2 call.answering +15550100 answering";
    assert_eq!(anna.hears_words(2).await[1], answering);
    assert_eq!(world.last_seq(&world.acme).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_that_another_process_holds_delays_webhooks_and_loses_none() {
    let world = World::in_real_time(Database::migrated_sqlite().await).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.patient_carrier(&world.acme);
    let calls = forty_calls(&carrier);

    let lock = world.database.locked_by_another();
    refused_in_time(&carrier, &calls[0]).await;
    drop(lock);

    assert_eq!(tell_at_once(&carrier, &calls).await, calls.len());
    hears_each_once(&mut anna, &calls).await;
}

fn forty_calls(carrier: &Carrier) -> Vec<Webhook> {
    let numbers = (100..140).map(|number| format!("+15550{number}"));
    numbers
        .map(|number| carrier.new_call(&number).initiated())
        .collect()
}

async fn tell_at_once(carrier: &Carrier, webhooks: &[Webhook]) -> usize {
    let told = join_all(webhooks.iter().map(|webhook| carrier.deliver(webhook))).await;
    told.iter()
        .filter(|delivery| delivery.outcome == Outcome::Acknowledged)
        .count()
}

/// One attempt: 503 within the two seconds that the carrier waits, and when to come back.
pub async fn refused_in_time(carrier: &Carrier, webhook: &Webhook) {
    let answer = carrier.send(&carrier.request(webhook, 1)).await;
    let answer = answer.expect("an answer while the carrier waits");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
}

pub async fn not_ready(node: &Node) {
    let path = format!("{}/readyz", node.url);
    let answer = crate::support::node::client().get(path).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 503);
    let said: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!(said["missing"], serde_json::json!(["database"]));
}

/// The board has stayed open and hears of each call exactly once.
async fn hears_each_once(board: &mut Board, calls: &[Webhook]) {
    let lives = board.hears_lives(calls.len() as u64).await;
    let numbers = |event: &Event| event.call.text("from_number").map(str::to_owned);
    let mut heard: Vec<_> = lives.values().flatten().filter_map(numbers).collect();
    heard.sort();
    let told = calls.iter().map(|call| call.payload["from"].as_str());
    assert!(heard.iter().map(|number| Some(number.as_str())).eq(told));
}

pub async fn cut_all_connections(world: &World) {
    let cut = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    soon("the cut", world.database.texts(cut)).await;
}
