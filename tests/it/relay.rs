//! The relay between nodes, by PostgreSQL's notices and by Redis: what one node commits is on the
//! boards of another at once. In most of these stories the clock stands still, so that no poll can
//! have brought it.

mod calm;
mod dues;
mod faults;
mod strangers;
mod warm;

use crate::support::World;
use crate::support::browser::Board;
use crate::support::command::prepared;
use crate::support::database::Database;
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::process::url_of;
use crate::support::redis::OwnRedis;
use crate::support::retelling::tell;
use crate::support::world::ENCRYPTION_KEY;
use callboard::config::Relay;
use callboard::domain::Role;
use callboard_simulator::HangupCause;
use calm::{
    what_a_node_did_not_tell_before_it_died_is_found_when_it_is_missed,
    what_a_node_did_not_tell_before_it_said_goodbye_is_found_at_once,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Soon reaches the head poll, or the next try of a line.
const STEP: Duration = Duration::from_millis(20);

/// Nodes on one PostgreSQL, and what they relay by.
struct Cluster {
    world: World,
    redis: Option<OwnRedis>,
}

impl Cluster {
    async fn by_notices() -> Self {
        Self::on(Database::migrated_postgres().await, None).await
    }

    async fn by_redis() -> Self {
        Self::on(Database::migrated_postgres().await, Some(OwnRedis::start())).await
    }

    async fn on(database: Database, redis: Option<OwnRedis>) -> Self {
        let relay = redis.as_ref().map_or(Relay::Postgres, OwnRedis::relay);
        let world = World::on(database).await;
        let world = world.configured(|config| config.relay = relay);
        Self { world, redis }
    }

    fn redis(&self) -> &OwnRedis {
        self.redis.as_ref().expect("a Redis")
    }

    /// Two servers that hear each other.
    async fn pair(&self) -> [Node; 2] {
        let nodes = [self.world.node().await, self.world.node().await];
        soon("the relay", async {
            for node in &nodes {
                while state(node).await != "up" {}
            }
        })
        .await;
        nodes
    }

    /// Winds the clock until all of them hear themselves.
    async fn come_back(&self, nodes: &[Node]) {
        let back = async {
            loop {
                let mut up = true;
                for node in nodes {
                    up &= state(node).await == "up";
                }
                if up {
                    return;
                }
            }
        };
        self.world.wind_until(STEP, back).await;
    }

    /// Winds the clock until that one does not.
    async fn degrades(&self, node: &Node) {
        let degraded = async { while state(node).await != "degraded" {} };
        self.world.wind_until(STEP, degraded).await;
    }

    /// A call at one server is on a board of another while the clock stands still.
    async fn is_heard_at_once(&self, node: &Node, board: &mut Board) {
        let heard = async { board.hears_words(2).await };
        let (_, heard) = tokio::join!(self.is_told(node), heard);
        assert!(heard[1].contains("call.ended"), "{heard:?}");
    }

    /// The same, while the clock is wound.
    async fn is_heard_by_the_poll(&self, node: &Node, board: &mut Board) {
        self.is_told(node).await;
        let heard = self.world.wind_until(STEP, board.hears_words(2)).await;
        assert!(heard[1].contains("call.ended"), "{heard:?}");
    }

    /// A call rings at that server and ends.
    async fn is_told(&self, node: &Node) {
        let carrier = node.carrier(&self.world.acme);
        let call = carrier.new_call("+15550100");
        let over = call.hung_up(HangupCause::OriginatorCancel);
        tell(&carrier, [&call.initiated(), &over]).await;
    }

    /// Runs a command beside the servers, as an operator does.
    async fn commands(&self, words: &[&str]) {
        let mut command = prepared(words, &url_of(&self.world));
        command.env("CALLBOARD_ENCRYPTION_KEY", ENCRYPTION_KEY);
        if let Some(redis) = &self.redis {
            command.env("REDIS_URL", redis.url());
        }
        let output = soon("the command", command.output()).await.expect("an end");
        assert!(output.status.success(), "{output:?}");
    }
}

/// How the relay is, as `/readyz` says it; whatever it says, the server is ready.
async fn state(node: &Node) -> String {
    let relay = readiness(node).await["relay"].clone();
    relay["state"].as_str().expect("a state").to_owned()
}

async fn readiness(node: &Node) -> Value {
    let answer = node.http.get(format!("{}/readyz", node.url)).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

/// Tells each story, an `async fn(Cluster)` above it, by notices and by Redis.
macro_rules! by_each_way {
    ($($story:ident),* $(,)?) => {
        mod by_notices {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(Cluster::by_notices().await).await;
                }
            )*
        }
        mod by_redis {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(Cluster::by_redis().await).await;
                }
            )*
        }
    };
}

/// The same for the rooms below.
use by_each_way;

async fn what_one_server_commits_is_on_anothers_boards_at_once(cluster: Cluster) {
    let [one, other] = cluster.pair().await;
    let world = &cluster.world;
    let mut anna = one.board(world, world.anna).await;
    let mut ben = other.board(world, world.ben).await;
    for (node, board) in [(&one, &mut ben), (&other, &mut anna)] {
        let carrier = node.carrier(&world.acme);
        tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
        board.hears().await;
    }
    let heard = ben.hears().await;
    assert_eq!(heard.seq, 2);
    let by = readiness(&one).await["relay"]["by"].clone();
    assert_eq!(by, cluster.world.config.relay.name());
}

async fn who_may_not_see_numbers_sees_none_of_another_server(cluster: Cluster) {
    let world = &cluster.world;
    world.masks_numbers_for(vec![Role::Member]).await;
    let [one, other] = cluster.pair().await;
    let mut ben = other.board(world, world.ben).await;
    let mut olivia = other.board(world, world.olivia).await;
    let carrier = one.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    let (seen, whole) = (ben.hears_words(1).await, olivia.hears_words(1).await);
    assert!(whole[0].contains("+15550100"), "{whole:?}");
    assert!(!seen[0].contains("5550100"), "{seen:?}");
}

async fn somebody_who_is_removed_loses_every_socket_at_once(cluster: Cluster) {
    let world = &cluster.world;
    let [one, other] = cluster.pair().await;
    let mut here = one.board(world, world.ben).await;
    let mut there = other.board(world, world.ben).await;
    cluster
        .commands(&["user", "remove", "--id", &world.ben.to_string()])
        .await;
    for board in [&mut here, &mut there] {
        assert_eq!(board.ends().await, "4501 forbidden, stay away");
    }
}

async fn a_credential_that_is_changed_on_one_server_holds_on_another_at_once(cluster: Cluster) {
    let world = &cluster.world;
    let [one, other] = cluster.pair().await;
    let carrier = other.carrier(&world.acme);
    let call = carrier.new_call("+15550100").initiated();
    assert_eq!(carrier.deliver(&call).await.status, Some(200));
    let theirs = callboard_simulator::SigningKey::generate().expect("a key");
    let path = "/api/agency/credentials/telnyx_public_key";
    let value = json!({"value": theirs.public_key()});
    let token = world.token(world.olivia);
    let put = one
        .http
        .put(format!("{}{path}", one.url))
        .bearer_auth(secrecy::ExposeSecret::expose_secret(&token))
        .json(&value);
    let put = put.send().await.expect("an answer");
    assert!(put.status().is_success(), "{put:?}");
    let refused = async { while carrier.deliver(&call).await.status != Some(401) {} };
    soon("the former key to be refused", refused).await;
}

async fn boards_begin_again_at_once_when_the_numbering_is_renewed(cluster: Cluster) {
    let world = &cluster.world;
    let [one, other] = cluster.pair().await;
    let mut boards = [
        one.board(world, world.anna).await,
        other.board(world, world.ben).await,
    ];
    // Not what a new line looks at is meant.
    for node in [&one, &other] {
        let polls = r#"callboard_head_polls_total{result="level"}"#;
        let looked = async { while node.metric(polls).await == Some(0) {} };
        calm::winds_until(&world.clock, looked).await;
    }
    cluster.commands(&["epoch", "renew"]).await;
    for board in &mut boards {
        // Less than the head poll's two seconds.
        let end = world.within(Duration::from_millis(500), "an end", board.ends());
        assert!(end.await.starts_with("1012 "));
    }
}

async fn a_line_that_is_lost_comes_back_and_what_it_missed_is_read(cluster: Cluster) {
    let world = &cluster.world;
    let nodes = cluster.pair().await;
    let [one, other] = &nodes;
    let mut ben = other.board(world, world.ben).await;
    cluster.is_heard_at_once(one, &mut ben).await;
    match &cluster.redis {
        Some(redis) => drop(redis.asked(&["CLIENT", "KILL", "TYPE", "pubsub"]).await),
        None => {
            let listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND query LIKE '%pg_notify%' \
                 AND pid <> pg_backend_pid()";
            world.database.execute(listeners).await;
        }
    }
    // The clock stands still, so the next lines are not tried before this is seen.
    for node in &nodes {
        let cut = async { while state(node).await != "degraded" {} };
        soon("a line that is cut", cut).await;
    }
    cluster.is_told(one).await;
    let heard = world.wind_until(STEP, ben.hears_words(2)).await;
    assert!(heard[1].contains("call.ended"), "{heard:?}");
    cluster.come_back(&nodes).await;
    cluster.is_heard_at_once(one, &mut ben).await;
}

async fn under_load_every_board_hears_everything_once_in_order(cluster: Cluster) {
    let world = &cluster.world;
    let nodes = cluster.pair().await;
    let mut boards = Vec::new();
    for node in &nodes {
        boards.push(node.board(world, world.anna).await);
    }
    let carriers = nodes.each_ref().map(|node| node.carrier(&world.acme));
    let load = carriers.iter().map(|carrier| async move {
        for _ in 0..100 {
            let call = carrier.new_call("+15550100");
            let over = call.hung_up(HangupCause::OriginatorCancel);
            tell(carrier, [&call.initiated(), &over]).await;
        }
    });
    // A gap between the two is waited for by the clock.
    let heard = boards.iter_mut().map(|board| board.hears_lives(400));
    let heard = futures_util::future::join_all(heard);
    let load = futures_util::future::join_all(load);
    let both = async { tokio::join!(load, heard).1 };
    let heard = world.wind_until(Duration::from_millis(5), both).await;
    assert!(heard.iter().all(|lives| lives.len() == 200));
}

by_each_way!(
    what_a_node_did_not_tell_before_it_said_goodbye_is_found_at_once,
    what_a_node_did_not_tell_before_it_died_is_found_when_it_is_missed,
    what_one_server_commits_is_on_anothers_boards_at_once,
    who_may_not_see_numbers_sees_none_of_another_server,
    somebody_who_is_removed_loses_every_socket_at_once,
    a_credential_that_is_changed_on_one_server_holds_on_another_at_once,
    boards_begin_again_at_once_when_the_numbering_is_renewed,
    a_line_that_is_lost_comes_back_and_what_it_missed_is_read,
    under_load_every_board_hears_everything_once_in_order,
);
