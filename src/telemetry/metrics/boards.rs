//! Boards that are ready for the sockets of other nodes.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

label! {
    /// What became of a board that was to be ready for sockets of another node.
    Warmed is "result" {
        /// It is.
        Loaded = "loaded",
        /// There was no room for it.
        Full = "full",
        /// The database was away.
        Failed = "failed",
    }
}

pub(super) struct Boards {
    warm: Gauge,
    warmed: Family<Warmed, Counter>,
}

impl Boards {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            warm: catalog.gauge(
                "boards_warm",
                "Boards that are ready here and that no socket of this node watches",
            ),
            warmed: catalog.counter_by(
                "boards_warmed",
                "Boards made ready for the sockets of other nodes, by result",
            ),
        }
    }
}

impl Metrics {
    /// So many boards are ready that nobody here watches.
    pub fn boards_are_warm(&self, boards: usize) {
        let boards = i64::try_from(boards).unwrap_or(i64::MAX);
        self.0.boards.warm.set(boards);
    }

    /// A board was to be made ready for sockets of another node.
    pub fn board_warmed(&self, result: Warmed) {
        self.0.boards.warmed.get_or_create(&result).inc();
    }
}
