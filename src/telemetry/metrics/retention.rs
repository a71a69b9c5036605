//! What retention removes.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

label! {
    /// What retention removes.
    Removed is "what" {
        /// Events too old to resume from.
        Events = "events",
        /// Raw webhooks.
        Webhooks = "webhooks",
        /// Ended calls.
        Calls = "calls",
        /// Their claims.
        Claims = "claims",
        /// What the carrier was asked for them.
        Commands = "commands",
        /// Legs, of those calls and of none.
        Legs = "legs",
        /// What was owed to the carrier, and no node knows.
        Errands = "errands",
        /// Finished calls as agents read them.
        CallLogs = "call_logs",
        /// What people were, and when.
        AgentTimes = "agent_times",
    }
}

pub(super) struct Retention {
    removed: Family<Removed, Counter>,
}

impl Retention {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            removed: catalog.counter_by("retention_removed", "Rows removed by retention"),
        }
    }
}

impl Metrics {
    /// Retention removed so many rows.
    pub fn retention_removed(&self, what: Removed, rows: u64) {
        self.0.retention.removed.get_or_create(&what).inc_by(rows);
    }
}
