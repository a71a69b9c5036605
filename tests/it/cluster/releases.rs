//! Nodes of the previous release and of this one, side by side on the database that the previous one
//! left, and each replaced by the other. The other program is built by hand, which takes too long for
//! every run:
//!
//! ```sh
//! CALLBOARD_PREVIOUS_BINARY=… cargo test --features proving --test it -- \
//!   --ignored cluster::releases --nocapture
//! ```

use super::{Cluster, asked};
use crate::previous;
use crate::support::balancer::Balancer;
use crate::support::process::BINARY;
use std::path::{Path, PathBuf};

/// Webhooks that come while nodes of both serve.
const SIDE_BY_SIDE: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "CALLBOARD_PREVIOUS_BINARY must name the program of the previous release"]
async fn a_release_is_rolled_out_and_taken_back_and_nobody_misses_anything() {
    let former = asked("CALLBOARD_PREVIOUS_BINARY").expect("CALLBOARD_PREVIOUS_BINARY");
    let former = PathBuf::from(former);
    let ours = asked("CALLBOARD_CLUSTER_BINARY").map_or_else(|| BINARY.into(), PathBuf::from);
    let world = previous::left_behind().await;
    let mut cluster = Cluster::of(world, former.clone(), Balancer::nginx, Vec::new()).await;

    let day = cluster.day().await;
    day.goes_on_for(SIDE_BY_SIDE).await;
    for release in [&ours, &former, &ours] {
        is_replaced(&mut cluster, &day, release).await;
    }

    let evening = day.ends(&cluster).await;
    evening.lost_nothing("previous release, this one, back again and this one; nginx");
}

/// One node after the other is replaced by one of that release.
async fn is_replaced(cluster: &mut Cluster, day: &super::Day, release: &Path) {
    release.clone_into(&mut cluster.binary);
    for node in 0..3 {
        cluster.is_stopped(node).await;
        cluster.comes_back(node).await;
        day.goes_on_for(SIDE_BY_SIDE).await;
    }
}
