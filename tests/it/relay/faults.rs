//! Redis fails, in each of its ways: boards go on by the poll, servers stay ready and say how it is,
//! and the relay comes back by itself.

use super::{Cluster, STEP, state};
use crate::support::command::prepared;
use crate::support::database::Database;
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::process::url_of;
use crate::support::redis::{OwnRedis, relay_by};
use crate::support::world::ENCRYPTION_KEY;
use std::sync::atomic::{AtomicBool, Ordering};

/// Two servers, of which one's boards hear the other's events while it lasts and after it.
async fn goes_on(cluster: &Cluster, break_it: impl AsyncFn(), mend_it: impl AsyncFn()) {
    let world = &cluster.world;
    let nodes = cluster.pair().await;
    let [one, other] = &nodes;
    let mut ben = other.board(world, world.ben).await;
    cluster.is_heard_at_once(one, &mut ben).await;
    break_it().await;
    for node in &nodes {
        cluster.degrades(node).await;
    }
    cluster.is_heard_by_the_poll(one, &mut ben).await;
    mend_it().await;
    cluster.come_back(&nodes).await;
    cluster.is_heard_at_once(one, &mut ben).await;
    ben.is_served().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_killed_and_started_again() {
    let cluster = Cluster::by_redis().await;
    let redis = cluster.redis();
    goes_on(&cluster, async || redis.crash(), async || redis.restart()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stands_still() {
    let cluster = Cluster::by_redis().await;
    let redis = cluster.redis();
    goes_on(&cluster, async || redis.stall(), async || redis.resume()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_cuts_off_whoever_is_behind() {
    let cluster = Cluster::by_redis().await;
    let redis = cluster.redis();
    let name = "client-output-buffer-limit";
    let tight = redis
        .asked(&["CONFIG", "SET", name, "pubsub 50000 0 0"])
        .await;
    assert_eq!(tight, "OK");
    // Whoever hears this is cut off.
    let long = "x".repeat(100_000);
    let flood = AtomicBool::new(false);
    let flooding = async {
        let mut channel = String::new();
        loop {
            if flood.load(Ordering::SeqCst) {
                if channel.is_empty() {
                    channel = redis.channel().await;
                }
                redis.asked(&["PUBLISH", &channel, &long]).await;
            }
            tokio::task::yield_now().await;
        }
    };
    let going_on = goes_on(
        &cluster,
        async || flood.store(true, Ordering::SeqCst),
        async || flood.store(false, Ordering::SeqCst),
    );
    tokio::select! {
        () = going_on => {}
        () = flooding => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_there_when_servers_start() {
    let cluster = Cluster::by_redis().await;
    let redis = cluster.redis();
    redis.crash();
    let nodes = [cluster.world.node().await, cluster.world.node().await];
    let [one, other] = &nodes;
    let mut ben = other.board(&cluster.world, cluster.world.ben).await;
    for node in &nodes {
        cluster.degrades(node).await;
    }
    cluster.is_heard_by_the_poll(one, &mut ben).await;
    redis.restart();
    cluster.come_back(&nodes).await;
    cluster.is_heard_at_once(one, &mut ben).await;
}

async fn with_a_password(url: impl Fn(&str) -> String) -> Cluster {
    let redis = OwnRedis::start();
    for words in [
        &["CONFIG", "SET", "requirepass", "hunter2"][..],
        &["AUTH", "hunter2"],
    ] {
        assert_eq!(redis.asked(words).await, "OK");
    }
    let user = [
        "ACL",
        "SETUSER",
        "board",
        "on",
        ">hunter3",
        "resetchannels",
        "&callboard:*",
        "-@all",
        "+publish",
        "+subscribe",
        "+ping",
    ];
    let mut client = redis.client().await;
    client.say(&["AUTH", "hunter2"]).await;
    assert_eq!(client.hear().await, "OK");
    client.say(&user).await;
    assert_eq!(client.hear().await, "OK");
    let relay = relay_by(&url(&redis.url()));
    let mut cluster = Cluster::on(Database::migrated_postgres().await, Some(redis)).await;
    cluster.world.config.relay = relay;
    cluster
}

async fn ends_in(cluster: &Cluster, word: &str) {
    let node: Node = cluster.world.node().await;
    let reached = async { while state(&node).await != word {} };
    cluster.world.wind_until(STEP, reached).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_said_and_a_right_one_is_enough() {
    let say = |user: &'static str| move |url: &str| url.replace("//", &format!("//{user}@"));
    ends_in(&with_a_password(say(":hunter9")).await, "degraded").await;
    ends_in(&with_a_password(say("")).await, "degraded").await;
    ends_in(&with_a_password(say(":hunter2")).await, "up").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_do_nothing_but_this_is_enough() {
    let limited = |url: &str| url.replace("//", "//board:hunter3@");
    let cluster = with_a_password(limited).await;
    let [one, other] = &cluster.pair().await;
    let mut ben = other.board(&cluster.world, cluster.world.ben).await;
    cluster.is_heard_at_once(one, &mut ben).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_with_an_authority_of_ones_own_is_checked() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/certificates");
    let [cert, key] = ["near.pem", "near.key"].map(|file| format!("{folder}/{file}"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let redis = OwnRedis::start_with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ]);
    let by = |authority: &str| {
        relay_by(&format!(
            "rediss://localhost:{port}?sslrootcert={folder}/{authority}"
        ))
    };
    let mut cluster = Cluster::on(Database::migrated_postgres().await, Some(redis)).await;
    cluster.world.config.relay = by("near_authority.pem");
    ends_in(&cluster, "up").await;
    cluster.world.config.relay = by("authority.pem");
    ends_in(&cluster, "degraded").await;
    cluster.world.config.relay = relay_by(&format!("rediss://localhost:{port}"));
    ends_in(&cluster, "degraded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_tries_it_from_end_to_end() {
    let cluster = with_a_password(|url| url.replace("//", "//:hunter2@")).await;
    let doctor = async |url: &str| {
        let mut command = prepared(&["doctor"], &url_of(&cluster.world));
        command.env("CALLBOARD_ENCRYPTION_KEY", ENCRYPTION_KEY);
        let output = command.env("REDIS_URL", url).output();
        let output = soon("the doctor", output).await.expect("an end");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(!said.contains("hunter"), "{said}");
        let line = said.lines().find(|line| line.contains(" relay: "));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        line.to_owned()
    };
    let url = cluster.redis().url();
    let right = doctor(&url.replace("//", "//:hunter2@")).await;
    assert!(
        right.starts_with("ok ") && right.ends_with("what is told is heard"),
        "{right}"
    );
    let wrong = doctor(&url.replace("//", "//:hunter9@")).await;
    assert!(
        wrong.starts_with("wrong ") && wrong.contains("see that REDIS_URL is right"),
        "{wrong}"
    );
    // It is let in and hears, and nothing that it tells is heard.
    let mut client = cluster.redis().client().await;
    let mute = "ACL SETUSER mute on >hunter4 resetchannels &callboard:* -@all +subscribe +ping";
    for words in ["AUTH hunter2", mute] {
        client.say(&words.split(' ').collect::<Vec<_>>()).await;
        assert_eq!(client.hear().await, "OK");
    }
    let mute = doctor(&url.replace("//", "//mute:hunter4@")).await;
    assert!(mute.starts_with("wrong "), "{mute}");
    let notices = doctor("").await;
    assert!(
        notices.contains("by PostgreSQL's notices: what is told is heard"),
        "{notices}"
    );
}
