//! What others say on the channel, or what the relay does to ours, changes nothing.

use super::Cluster;
use crate::support::World;
use crate::support::database::Database;
use crate::support::postgres::OwnPostgres;
use crate::support::redis::{Client, OwnRedis};
use crate::support::retelling::tell;

/// Somebody else on the channel.
async fn eavesdropper(redis: &OwnRedis) -> (Client, String) {
    let channel = redis.channel().await;
    let mut client = redis.client().await;
    client.say(&["SUBSCRIBE", &channel]).await;
    client.hear().await;
    (client, channel)
}

/// The next message on the channel that holds that word.
async fn overhears(client: &mut Client, word: &str) -> String {
    loop {
        let said = client.hear().await;
        let message = said.rsplit('\n').next().unwrap_or_default();
        if message.contains(word) {
            return message.to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_foreign_old_and_repeated_messages_change_nothing() {
    let cluster = Cluster::by_redis().await;
    let [one, other] = &cluster.pair().await;
    let (world, redis) = (&cluster.world, cluster.redis());
    let mut ben = other.board(world, world.ben).await;
    let (mut ear, channel) = eavesdropper(redis).await;
    let carrier = one.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    ben.hears().await;
    let ours = overhears(&mut ear, "+15550100").await;

    let forged = ours
        .replace("+15550100", "+15550199")
        .replace("\"seq\":1", "\"seq\":2");
    let tomorrow = ours.replacen("callboard1", "callboard2", 1);
    let long = "x".repeat(2 * 1024 * 1024);
    let all = [
        (forged.as_str(), "forged"),
        (&tomorrow, "version"),
        (&ours, "repeated"),
        ("hello", "unreadable"),
        ("{\"event\":\"of another program\"}", "unreadable"),
        (&long, "too_long"),
    ];
    for (message, why) in all {
        let name = format!("callboard_relay_unheard_total{{reason=\"{why}\"}}");
        let before = other.metric(&name).await.expect("a number");
        redis.asked(&["PUBLISH", &channel, message]).await;
        other.shows_metric(&format!("{name} {}", before + 1)).await;
    }
    cluster.is_heard_at_once(one, &mut ben).await;
    assert_eq!(ben.shows().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deployments_on_one_redis_do_not_hear_each_other() {
    let ours = Cluster::by_redis().await;
    let relay = ours.redis().relay();
    let theirs = World::on(Database::postgres().await).await;
    let theirs = Cluster {
        world: theirs.configured(|config| config.relay = relay),
        redis: None,
    };
    let (here, there) = (ours.pair().await, theirs.pair().await);
    let mut ben = here[1].board(&ours.world, ours.world.ben).await;
    theirs.is_told(&there[0]).await;
    ours.is_heard_at_once(&here[0], &mut ben).await;
    for node in here.iter().chain(&there) {
        for why in ["forged", "unreadable", "version"] {
            let name = format!("callboard_relay_unheard_total{{reason=\"{why}\"}}");
            assert_eq!(node.metric(&name).await, Some(0), "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_messages_only_say_where_to_look() {
    let mut cluster = Cluster::by_redis().await;
    cluster.world.config.encryption_key = None;
    for tenant in [cluster.world.acme.id, cluster.world.rival.id] {
        let sql = format!("DELETE FROM agency_credentials WHERE agency_id = '{tenant}'");
        cluster.world.database.execute(&sql).await;
    }
    let nodes = [
        cluster.world.credulous_node().await,
        cluster.world.credulous_node().await,
    ];
    cluster.come_back(&nodes).await;
    let [one, other] = &nodes;
    let mut ben = other.board(&cluster.world, cluster.world.ben).await;
    let (mut ear, _) = eavesdropper(cluster.redis()).await;
    let webhook = one
        .carrier(&cluster.world.acme)
        .new_call("+15550100")
        .initiated();
    let url = format!("{}/api/telnyx/webhook/{}", one.url, cluster.world.acme.id);
    let posted = one
        .http
        .post(url)
        .header("content-type", "application/json");
    let posted = posted.body(webhook.body(1, "")).send().await;
    assert_eq!(posted.expect("an answer").status(), 200);
    assert_eq!(ben.hears().await.kind, "call.incoming");
    let said = overhears(&mut ear, "\"heads\"").await;
    assert!(!said.contains("+15550100"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_committed_is_not_told() {
    let server = OwnPostgres::start();
    let redis = OwnRedis::start();
    let cluster = Cluster::on(server.database().await, Some(redis)).await;
    let [one, _other] = &cluster.pair().await;
    let (mut ear, channel) = eavesdropper(cluster.redis()).await;
    server.crash();
    let carrier = one.carrier(&cluster.world.acme);
    let call = carrier.new_call("+15550100").initiated();
    assert_eq!(carrier.deliver(&call).await.status, Some(503));
    cluster
        .redis()
        .asked(&["PUBLISH", &channel, "the end"])
        .await;
    loop {
        let said = ear.hear().await;
        assert!(!said.contains("+15550100"), "{said}");
        if said.ends_with("the end") {
            return;
        }
    }
}
