//! The protocol's rules as a list, tried from outside: by the machine's own clock, so on one
//! database alone.

use crate::support::World;
use callboard::cli::conformance::{Target, try_all};
use callboard::clock::Clock;

/// Takes three heartbeats of real time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rule_of_the_protocol_holds_by_the_machines_own_clock() {
    let mut world = World::on_sqlite().await;
    world.clock = Clock::system();
    let node = world.node().await;
    node.rings(&world.acme, 3).await;
    // Ben's board says nothing for three heartbeats, and answers pings.
    let mut ben = node.board(&world, world.ben).await;
    let beats = tokio::spawn(async move { ben.beats(3).await });

    let target = Target {
        url: node.url.clone(),
        token: world.token(world.anna),
    };
    let mut lines = Vec::new();
    let report = try_all(&target, &mut lines).await.unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!((report.broken, report.unproven), (0, 7), "{lines}");
    assert_eq!(beats.await.unwrap(), 3);
}
