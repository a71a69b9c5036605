//! Boards are ready on servers where nobody watches them, for the sockets of a server that dies.

use super::{Cluster, STEP};
use crate::support::World;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::postgres::OwnPostgres;
use crate::support::redis::OwnRedis;
use callboard::config::Relay;
use callboard::domain::AgencyId;
use callboard_simulator::browser::Message;
use std::time::Duration;

/// Beyond the time in which a server tells again what is watched there.
const A_WHILE: Duration = Duration::from_secs(30);
/// Soon reaches the telling to a server that is new, and on a busy machine not the next one.
const SHORT_STEP: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_come_back_to_a_server_that_never_watched_while_the_database_hangs_by_notices() {
    boards_come_back_while_the_database_hangs(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_come_back_to_a_server_that_never_watched_while_the_database_hangs_by_redis() {
    boards_come_back_while_the_database_hangs(Some(OwnRedis::start())).await;
}

async fn boards_come_back_while_the_database_hangs(redis: Option<OwnRedis>) {
    let postgres = OwnPostgres::start();
    let cluster = Cluster::on(postgres.database().await, redis).await;
    let world = &cluster.world;
    let one = world.node().await;
    let mut anna = one.board(world, world.anna).await;
    let mut mallory = one.board(world, world.mallory).await;
    for (tenant, board) in [(&world.acme, &mut anna), (&world.rival, &mut mallory)] {
        one.rings(tenant, 2).await;
        board.hears_words(2).await;
    }
    // It begins when all that has happened, and no board is ever opened there.
    let other = world.node().await;
    let began = world.clock.now();
    has_ready(world, &other, 2, SHORT_STEP).await;
    let took = world.clock.now().micros_since(began);
    assert!(
        took < 9_000_000,
        "{took} µs: nobody told it before the next time"
    );
    let seen = [anna.leaves().await, mallory.leaves().await];
    for tenant in [&world.acme, &world.rival] {
        one.rings(tenant, 5).await;
        let heard = async {
            while last_heard(&other, tenant.id) != Some(7) {
                look_again().await;
            }
        };
        world.wind_until(STEP, heard).await;
    }

    postgres.stall();
    for (person, seen) in [world.anna, world.mallory].into_iter().zip(seen) {
        let mut board = other.board_at(world, person, seen).await;
        let Message::Resumed(resumed) = board.greeting() else {
            panic!("not resumed: {:?}", board.greeting())
        };
        assert_eq!(resumed.missed(), 5);
        let words = board.hears_words(5).await;
        assert!(words[4].starts_with("7 call.incoming"), "{words:?}");
    }
    postgres.resume();
}

async fn what_is_watched_anywhere_stays_and_what_nobody_watches_any_more_goes(cluster: Cluster) {
    let world = &cluster.world;
    let [one, other] = cluster.pair().await;
    let anna = one.board(world, world.anna).await;
    has_ready(world, &other, 1, STEP).await;
    other.app.hub.sweep();
    // Who tells of Mallory's board tells of Anna's again.
    let mallory = one.board(world, world.mallory).await;
    has_ready(world, &other, 2, STEP).await;
    other.app.hub.sweep();
    assert!(other.app.hub.knows(world.acme.id));

    // Now the first server only has a board of Anna's agency, and no socket of it.
    anna.leaves().await;
    let left = async {
        while one.app.hub.is_watched(world.acme.id) {
            look_again().await;
        }
    };
    soon("a board to be left", left).await;
    other.app.hub.reset(world.rival.id);
    has_ready(world, &other, 2, STEP).await;
    other.app.hub.sweep();
    assert!(one.app.hub.knows(world.acme.id) && !other.app.hub.knows(world.acme.id));
    drop(mallory);
}

super::by_each_way!(what_is_watched_anywhere_stays_and_what_nobody_watches_any_more_goes);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_relay_a_board_is_loaded_when_its_first_socket_comes() {
    let world = World::on_postgres().await;
    let world = world.configured(|config| config.relay = Relay::Off);
    let (one, other) = (world.node().await, world.node().await);
    let anna = one.board(&world, world.anna).await;
    world.wind(A_WHILE).await;
    assert!(!other.app.hub.knows(world.acme.id));
    let seen = anna.leaves().await;
    let anna = other.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Resumed(_)));
}

/// Winds the clock until so many boards are ready at that server which nobody watches there.
async fn has_ready(world: &World, node: &Node, boards: usize, step: Duration) {
    let ready = async {
        while node.app.hub.unwatched() != boards {
            look_again().await;
        }
    };
    world.wind_until(step, ready).await;
}

/// The last number that has gone out there.
fn last_heard(node: &Node, agency: AgencyId) -> Option<i64> {
    node.app.hub.seq(agency).map(|(_, seq)| seq)
}
