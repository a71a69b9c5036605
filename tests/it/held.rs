//! Whoever stops or keeps a lock holds up nobody else: another node is served again within seconds,
//! another agency is not even slowed down.

use crate::support::World;
use crate::support::cutter::Cutter;
use crate::support::database::Database;
use crate::support::patience::{look_again, soon};
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard_simulator::{Carrier, Webhook};
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// One attempt, and how long its answer took.
async fn tried(carrier: &Carrier, webhook: &Webhook) -> (u16, Duration) {
    let began = Instant::now();
    let answer = carrier.send(&carrier.request(webhook, 1)).await;
    (answer.expect("an answer").status, began.elapsed())
}

/// Tries until it is acknowledged.
async fn acknowledged(carrier: &Carrier, webhook: &Webhook) {
    let trying = async { while tried(carrier, webhook).await.0 != 200 {} };
    soon("a webhook to be acknowledged", trying).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_in_a_transaction_holds_up_no_other_for_long() {
    let mut database = Database::postgres().await;
    let direct = database.url.clone();
    let wire = Cutter::before(&mut database).await;
    let world = World::in_real_time(database).await;
    let lost = world.node().await;
    let world = world.configured(|config| config.database = direct);
    let other = world.node().await;
    let from_lost = lost.carrier(&world.acme);
    let calls: Vec<_> = (100..110)
        .map(|n| from_lost.new_call(&format!("+15550{n}")))
        .collect();
    for call in &calls[..9] {
        tell(&from_lost, [&call.initiated()]).await;
    }
    let (ours, theirs) = (other.carrier(&world.acme), other.carrier(&world.rival));
    acknowledged(&ours, &ours.new_call("+15550200").initiated()).await;

    wire.falls_silent_in_a_transaction();
    let last = calls[9].initiated();
    let cut_off = async { tried(&from_lost, &last).await };
    let elsewhere = async {
        soon("the wire to fall silent", async {
            while !wire.is_silent() {
                look_again().await;
            }
        })
        .await;
        let began = Instant::now();
        let rival = async {
            for n in 300..320 {
                let call = theirs.new_call(&format!("+15550{n}")).initiated();
                let (status, took) = tried(&theirs, &call).await;
                assert_eq!(status, 200, "another agency after {took:?}");
            }
        };
        let same = async {
            acknowledged(&ours, &ours.new_call("+15550201").initiated()).await;
            began.elapsed()
        };
        let ((), after) = tokio::join!(rival, same);
        assert!(
            after < Duration::from_secs(3),
            "the same agency after {after:?}"
        );
    };
    let ((status, _), ()) = tokio::join!(cut_off, elsewhere);
    assert_eq!(status, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_agencys_lock_is_not_anothers_503() {
    let world = World::in_real_time(Database::migrated_postgres().await).await;
    let node = world.node().await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    for carrier in [&acme, &rival] {
        acknowledged(carrier, &carrier.new_call("+15550100").initiated()).await;
    }
    let keeper = client(&world).await;
    let head = format!(
        "BEGIN; SELECT 1 FROM callboard.agency_heads WHERE agency_id = '{}' FOR UPDATE",
        world.acme.id
    );
    keeper.batch_execute(&head).await.expect("the head");

    // Longer than an append waits: three times over.
    let held: Vec<_> = (200..206)
        .map(|n| acme.new_call(&format!("+15550{n}")).initiated())
        .collect();
    let lock = async {
        for _ in 0..3 {
            let refused = join_all(held.iter().map(|call| tried(&acme, call))).await;
            assert!(refused.iter().all(|(status, _)| *status == 503));
        }
    };
    let others = async {
        for n in 300..360 {
            let call = rival.new_call(&format!("+15550{n}"));
            let (status, took) = tried(&rival, &call.initiated()).await;
            assert!(
                status == 200 && took < Duration::from_secs(1),
                "{status} after {took:?}"
            );
        }
    };
    tokio::join!(lock, others);
    keeper.batch_execute("ROLLBACK").await.expect("an end");

    for call in &held {
        acknowledged(&acme, call).await;
    }
    let heads = world
        .store
        .heads(vec![world.acme.id, world.rival.id])
        .await
        .expect("heads");
    let last = |id| {
        heads
            .iter()
            .find(|(agency, _)| *agency == id)
            .expect("a head")
            .1
            .last_seq
    };
    assert_eq!((last(world.acme.id), last(world.rival.id)), (7, 61));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_lock_costs_time_and_no_webhook() {
    let world = World::in_real_time(Database::migrated_postgres().await).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let acme = node.carrier(&world.acme);
    let call = acme.new_call("+15550100");
    tell(&acme, [&call.initiated()]).await;
    let keeper = client(&world).await;
    let head = "BEGIN; SELECT pg_sleep(0.5) FROM callboard.agency_heads FOR UPDATE; COMMIT";
    let next = acme.new_call("+15550101").initiated();
    let (kept, (status, _)) = tokio::join!(keeper.batch_execute(head), tried(&acme, &next));
    kept.expect("the head");
    assert_eq!(status, 200);
    let heard = anna.hears_words(2).await;
    assert_eq!(heard[1], "2 call.incoming +15550101 incoming");
}

async fn client(world: &World) -> Client {
    let DatabaseUrl::Postgres(url) = &world.config.database else {
        panic!("PostgreSQL")
    };
    let (client, connection) = url.config.connect(NoTls).await.expect("the database");
    tokio::spawn(connection);
    client
}
