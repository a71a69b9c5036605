//! Redis fails, in each of its ways, under three nodes: no webhook fails, no board is closed, and whatever
//! happens is on every board within the head poll.

use super::{Cluster, Day};
use crate::support::balancer::Balancer;
use crate::support::cutter::Cutter;
use crate::support::node::client;
use crate::support::patience::{look_again, soon};
use crate::support::process::Process;
use crate::support::redis::OwnRedis;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Webhooks that come while something is amiss, a dozen a second.
const MEANWHILE: u64 = 30;
/// Heads are looked at every two seconds; the rest is patience with the machine.
const LONGEST: Duration = Duration::from_secs(6);

pub(super) async fn whatever_becomes_of_redis_boards_hear_everything_once_and_soon() {
    let redis = OwnRedis::start();
    let server = redis.url().replace("redis://", "");
    let (wire, address) = Cutter::before_server(server).await;
    let by = vec![("REDIS_URL", format!("redis://{address}"))];
    let cluster = Cluster::start_with(Balancer::nginx, by).await;
    let day = cluster.day().await;
    let story = Story {
        nodes: &cluster.nodes,
        day: &day,
        redis: &redis,
    };
    all_are(&cluster.nodes, "up").await;

    story
        .is_away("killed", || redis.crash(), || redis.restart())
        .await;
    story
        .is_away("paused", || redis.stall(), || redis.resume())
        .await;
    let silence = "cut off without a word";
    story
        .is_away(silence, || wire.falls_silent(), || wire.speaks_again())
        .await;
    story.goes_on("its subscribers killed", story.kills()).await;
    story
        .goes_on("their buffers overrun", story.overruns())
        .await;
    story.goes_on("emptied", story.flushes()).await;

    let evening = day.ends(&cluster).await;
    evening.lost_nothing("Redis killed, paused, cut off, overrun, emptied; nginx");
    assert_eq!(evening.most_absences(), 0, "{:#?}", evening.boards);
}

struct Story<'a> {
    nodes: &'a [Process; 3],
    day: &'a Day,
    redis: &'a OwnRedis,
}

impl Story<'_> {
    /// Until it is mended no node hears the others by it.
    async fn is_away(&self, what: &str, breaks: impl FnOnce(), mends: impl FnOnce()) {
        self.goes_on(what, async {
            breaks();
            all_are(self.nodes, "degraded").await;
            self.day.goes_on_for(MEANWHILE).await;
            mends();
        })
        .await;
    }

    /// Calls go on, and all nodes hear each other again in the end.
    #[allow(clippy::print_stdout)]
    async fn goes_on(&self, what: &str, fault: impl Future<Output = ()>) {
        self.day.longest();
        fault.await;
        let mended = Instant::now();
        all_are(self.nodes, "up").await;
        let back = mended.elapsed();
        self.day.goes_on_for(MEANWHILE / 2).await;
        let late = self.day.longest();
        self.day.goes_on_for(MEANWHILE / 2).await;
        let after = self.day.longest();
        println!(
            "| Redis {what} | latest event {late:.1?} | relay up again {back:.1?} after the mend; \
             then latest {after:.1?} |"
        );
        assert!(late < LONGEST, "{what}: {late:?}");
    }

    async fn kills(&self) {
        for _ in 0..5 {
            self.redis
                .asked(&["CLIENT", "KILL", "TYPE", "pubsub"])
                .await;
            self.day.goes_on_for(MEANWHILE / 5).await;
        }
    }

    /// Whoever hears a long message is cut off.
    async fn overruns(&self) {
        let limit = ["CONFIG", "SET", "client-output-buffer-limit"];
        let set = async |to: &str| {
            let set = self.redis.asked(&[&limit[..], &[to]].concat()).await;
            assert_eq!(set, "OK");
        };
        let long = "x".repeat(100_000);
        let channel = self.redis.channel().await;
        set("pubsub 50000 0 0").await;
        for _ in 0..5 {
            self.redis.asked(&["PUBLISH", &channel, &long]).await;
            self.day.goes_on_for(MEANWHILE / 5).await;
        }
        set("pubsub 32mb 8mb 60").await;
    }

    async fn flushes(&self) {
        assert_eq!(self.redis.asked(&["FLUSHALL"]).await, "OK");
    }
}

/// Waits until the relay of every node is as that word says. They are ready all the time.
async fn all_are(nodes: &[Process; 3], word: &str) {
    let client = client();
    let reached = async {
        for node in nodes {
            loop {
                let answer = client.get(format!("{}/readyz", node.url)).send().await;
                let answer = answer.expect("an answer");
                assert_eq!(answer.status(), 200);
                let ready: Value = answer.json().await.expect("JSON");
                if ready["relay"]["state"] == word {
                    break;
                }
                look_again().await;
            }
        }
    };
    soon(&format!("every relay to be {word}"), reached).await;
}
