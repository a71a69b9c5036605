//! The three hops of an event: from the carrier to us, from us to the disk, from the disk to the
//! board.

use super::catalog::Catalog;
use super::{Metrics, seconds};
use crate::domain::Timestamp;
use prometheus_client::metrics::histogram::Histogram;

pub(super) struct Latency {
    to_received: Histogram,
    to_recorded: Histogram,
    to_sent: Histogram,
}

impl Latency {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            to_received: catalog.seconds(
                "occurred_to_received_seconds",
                "From the carrier's clock to our listener",
            ),
            to_recorded: catalog.seconds(
                "received_to_recorded_seconds",
                "From our listener to the commit",
            ),
            to_sent: catalog.seconds(
                "recorded_to_sent_seconds",
                "From the commit to where the socket has taken the write",
            ),
        }
    }
}

impl Metrics {
    /// A webhook came in. The first moment is the carrier's clock, the second ours.
    pub fn received(&self, occurred_at: Timestamp, received_at: Timestamp) {
        let hop = &self.0.latency.to_received;
        hop.observe(seconds(occurred_at, received_at));
    }

    /// What came in was committed.
    pub fn recorded(&self, received_at: Timestamp, recorded_at: Timestamp) {
        let hop = &self.0.latency.to_recorded;
        hop.observe(seconds(received_at, recorded_at));
    }

    /// A socket has taken events in one write, `recorded_at` being the oldest one's. To be called
    /// once a write rather than once an event: the histogram has a lock, and this is the hottest
    /// path that there is.
    pub fn sent(&self, recorded_at: Timestamp, sent_at: Timestamp) {
        let hop = &self.0.latency.to_sent;
        hop.observe(seconds(recorded_at, sent_at));
    }
}
