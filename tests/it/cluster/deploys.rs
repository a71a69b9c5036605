//! Nodes are replaced, killed and stopped.

use super::Cluster;
use crate::support::balancer::Balancer;
use std::time::Instant;

/// So many webhooks later a node's patience with its database and the balancer's with it are over: they
/// come by a dozen a second.
const STANDSTILL: u64 = 240;
/// So many webhooks later the next node is killed.
const KILLED_EVERY: u64 = 30;

pub(super) async fn behind_nginx_nodes_come_and_go_and_nobody_misses_anything() {
    let cluster = Cluster::start(Balancer::nginx).await;
    each_node_is_replaced_twice(cluster, "SIGTERM, each node twice, nginx").await;
    each_node_is_killed(Cluster::start(Balancer::nginx).await).await;
}

pub(super) async fn behind_haproxy_nodes_come_and_go_and_nobody_misses_anything() {
    let cluster = Cluster::start(Balancer::haproxy).await;
    each_node_is_replaced_twice(cluster, "SIGTERM, each node twice, HAProxy").await;
}

/// Of which nginx learns by time-outs alone.
pub(super) async fn a_node_stands_still_and_nobody_misses_anything() {
    let cluster = Cluster::start(Balancer::nginx).await;
    let day = cluster.day().await;
    cluster.nodes[0].freezes().await;
    let began = Instant::now();
    day.goes_on_for(STANDSTILL).await;
    let what = format!("SIGSTOP of a node for {:.0?}, nginx", began.elapsed());
    cluster.nodes[0].goes_on().await;
    let evening = day.ends(&cluster).await;
    evening.lost_nothing(&what);
}

async fn each_node_is_replaced_twice(mut cluster: Cluster, what: &str) {
    let day = cluster.day().await;
    for _ in 0..2 {
        for node in 0..3 {
            cluster.is_stopped(node).await;
            cluster.comes_back(node).await;
        }
    }
    let evening = day.ends(&cluster).await;
    evening.lost_nothing(what);
    // Its node goes, and it is at once on another: never two tries for one absence.
    assert!(evening.most_absences() <= 6, "{:#?}", evening.boards);
    let tries = evening.boards.iter().map(|board| board.vain).sum::<usize>();
    assert_eq!(tries, 0, "{:#?}", evening.boards);
}

async fn each_node_is_killed(mut cluster: Cluster) {
    let day = cluster.day().await;
    for node in 0..3 {
        day.goes_on_for(KILLED_EVERY).await;
        cluster.nodes[node].dies().await;
        cluster.comes_back(node).await;
    }
    let evening = day.ends(&cluster).await;
    evening.lost_nothing("kill -9, each node, nginx");
}
