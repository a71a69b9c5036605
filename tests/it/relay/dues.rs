//! What is owed to the carrier, where the server that wrote it down has its hands full.

use super::state;
use crate::support::World;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::retelling::tell;
use callboard::config::Relay;
use callboard_simulator::Fault;
use std::collections::BTreeSet;
use std::time::Duration;

/// Errands that one server sees to at once.
const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_has_no_hands_for_another_takes_up_before_its_poll() {
    let world = World::on_postgres().await;
    let world = world.configured(|config| config.relay = Relay::Postgres);
    let line = world.line().await;
    let other = Node::start(&line.world).await;
    soon("the relay", async {
        for node in [&line.node, &other] {
            while state(node).await != "up" {}
        }
    })
    .await;
    line.exchange
        .faults()
        .until_lifted("record_start", Fault::hangs());
    for _ in 0..AT_ONCE + 6 {
        let call = line.carrier.new_call("+15550100");
        tell(&line.carrier, [&call.initiated(), &call.answered()]).await;
    }
    // What is asked again is the same leg's.
    let legs = || -> BTreeSet<Option<String>> {
        let asked = line.asked("record_start").into_iter();
        asked.map(|request| request.leg).collect()
    };
    let asked = async |legs_of: usize| {
        while legs().len() < legs_of {
            look_again().await;
        }
    };
    soon("recordings", asked(AT_ONCE)).await;
    assert_eq!(legs().len(), AT_ONCE);
    let began = line.world.clock.now();
    let step = Duration::from_millis(1);
    line.world.wind_until(step, asked(AT_ONCE + 6)).await;
    let took = line.world.clock.now().micros_since(began);
    assert!(took < 1_000_000, "{took} µs: the poll came first");
}
