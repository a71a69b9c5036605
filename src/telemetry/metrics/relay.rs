//! The relay between nodes: whether it is up, how late it is, and what it lost or refused.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::time::Duration;

label! {
    /// Which way a message went.
    Direction is "direction" {
        /// To the other nodes.
        Out = "out",
        /// From one of them.
        In = "in",
    }
}

label! {
    /// Why a message was not taken in.
    Unheard is "reason" {
        /// It is signed by nobody that has our key.
        Forged = "forged",
        /// Another version wrote it.
        Version = "version",
        /// It cannot be read.
        Unreadable = "unreadable",
        /// It is longer than any of ours.
        TooLong = "too_long",
        /// It came twice, or too late.
        Repeated = "repeated",
        /// There was no room for it here.
        Full = "full",
    }
}

pub(super) struct Relay {
    up: Gauge,
    lag: Histogram,
    messages: Family<Direction, Counter>,
    dropped: Counter,
    gaps: Counter,
    unheard: Family<Unheard, Counter>,
}

impl Relay {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            up: catalog.gauge(
                "relay_up",
                "1 while this node hears itself through the relay",
            ),
            lag: catalog.seconds(
                "relay_lag_seconds",
                "From telling the relay to hearing it from there",
            ),
            messages: catalog.counter_by("relay_messages", "Messages between nodes, by direction"),
            dropped: catalog.counter(
                "relay_dropped",
                "Events that did not go by the relay, for want of room or while it was away",
            ),
            gaps: catalog.counter(
                "relay_gaps",
                "Losses that were noticed and read from the database",
            ),
            unheard: catalog.counter_by("relay_unheard", "Messages not taken in, by why"),
        }
    }
}

impl Metrics {
    /// Whether this node hears itself through the relay.
    pub fn relay_is_up(&self, up: bool) {
        self.0.relay.up.set(i64::from(up));
    }

    /// It took so long to hear what was told.
    pub fn relay_lagged(&self, lag: Duration) {
        self.0.relay.lag.observe(lag.as_secs_f64());
    }

    /// A message went that way.
    pub fn relayed(&self, direction: Direction) {
        self.0.relay.messages.get_or_create(&direction).inc();
    }

    /// So many events did not go by the relay.
    pub fn relay_dropped(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.0.relay.dropped.inc_by(events);
    }

    /// A loss was noticed.
    pub fn relay_gap(&self) {
        self.0.relay.gaps.inc();
    }

    /// A message was not taken in.
    pub fn relay_unheard(&self, why: Unheard) {
        self.0.relay.unheard.get_or_create(&why).inc();
    }
}
