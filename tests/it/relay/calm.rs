//! The relay has been relied upon for an hour, so heads are looked at every ten seconds only. A node goes
//! that had committed something and not told it: nobody waits for those ten seconds.

use super::{Cluster, state};
use crate::nodes::claimed_by_a_server_that_dies;
use crate::support::browser::Board;
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::process::Process;
use crate::support::retelling::tell;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// So slowly that whoever has something to tell each second is not missed on a busy machine.
const STEP: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(20);
/// The pace of whoever relies on the relay is ten seconds, and of anybody else two.
const SELDOM: Duration = Duration::from_secs(8);
/// Soon after a goodbye, or after the 1.5 s in which a node is missed; the rest is patience with the
/// machine.
const SOON: Duration = Duration::from_secs(6);

pub(super) async fn what_a_node_did_not_tell_before_it_said_goodbye_is_found_at_once(
    cluster: Cluster,
) {
    let one = cluster.world.node().await;
    let mut calm = Calm::of(&cluster).await;
    calm.polls_seldom().await;

    calm.commits_untold().await;
    soon("its end", one.app.drain()).await;

    calm.is_heard_soon().await;
}

/// In real time, since what dies is a process.
pub(super) async fn what_a_node_did_not_tell_before_it_died_is_found_when_it_is_missed(
    cluster: Cluster,
) {
    let Cluster { world, redis } = cluster;
    let world = world.by_the_machines_clock();
    let cluster = Cluster { world, redis };
    let redis = cluster.redis.as_ref();
    let relay = redis.map(|redis| ("REDIS_URL", redis.url()));
    let mut one = Process::start_with(&cluster.world, relay.into_iter().collect()).await;
    let mut calm = Calm::of(&cluster).await;
    calm.polls_seldom().await;

    calm.commits_untold().await;
    one.dies().await;

    calm.is_heard_soon().await;
}

/// Two nodes that rely on each other beside the one that goes, and a board on one of them.
struct Calm<'a> {
    cluster: &'a Cluster,
    other: Node,
    _third: Node,
    ben: Board,
    /// What is committed and not told concerns this call.
    leg: String,
}

impl<'a> Calm<'a> {
    async fn of(cluster: &'a Cluster) -> Self {
        let world = &cluster.world;
        let [other, third] = cluster.pair().await;
        let carrier = other.carrier(&world.acme);
        let call = carrier.new_call("+15550100");
        tell(&carrier, [&call.initiated()]).await;
        let calm = Self {
            ben: other.board(world, world.ben).await,
            cluster,
            other,
            _third: third,
            leg: call.call_control_id,
        };
        calm.winds_until(calm.is_relied_upon()).await;
        calm
    }

    async fn is_relied_upon(&self) {
        while !self.other.app.relies_on_the_relay() {
            assert_ne!(state(&self.other).await, "off");
            self.other.app.begins_to_rely_on_the_relay();
        }
    }

    /// Heads have just been looked at, as seldom as it is relied upon.
    async fn polls_seldom(&self) {
        self.polls().await;
        for _ in 0..10 {
            if self.polls().await >= SELDOM {
                return;
            }
            // Somebody was missed, on a busy machine.
            self.winds_until(self.is_relied_upon()).await;
        }
        panic!("heads are looked at as if it were not relied upon");
    }

    /// How long the next look at the heads took to come.
    async fn polls(&self) -> Duration {
        let clock = &self.cluster.world.clock;
        let began = clock.tick();
        let polls = r#"callboard_head_polls_total{result="level"}"#;
        let before = self.other.metric(polls).await;
        let polled = async { while self.other.metric(polls).await == before {} };
        self.winds_until(polled).await;
        clock.tick().since(began)
    }

    async fn commits_untold(&self) {
        claimed_by_a_server_that_dies(&self.cluster.world, &self.leg).await;
    }

    async fn is_heard_soon(&mut self) {
        let clock = self.cluster.world.clock.clone();
        let began = clock.tick();
        let heard = winds_until(&clock, self.ben.hears_words(1)).await;
        assert_eq!(heard, ["2 call.answering +15550100 answering"]);
        let waited = clock.tick().since(began);
        assert!(waited < SOON, "{waited:?}");
    }

    async fn winds_until<T>(&self, wait: impl Future<Output = T>) -> T {
        winds_until(&self.cluster.world.clock, wait).await
    }
}

/// Winds the clock where it is wound by hand, no faster than heartbeats follow.
pub(super) async fn winds_until<T>(
    clock: &callboard::clock::Clock,
    wait: impl Future<Output = T>,
) -> T {
    let mut wait = std::pin::pin!(soon("what time brings", wait));
    let mut pace = tokio::time::interval(PAUSE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            value = &mut wait => return value,
            _ = pace.tick() => clock.advance(STEP),
        }
    }
}
