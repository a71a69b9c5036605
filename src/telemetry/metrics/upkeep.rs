//! What keeps the house: keys, retention.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

label! {
    /// How fetching the token issuer's keys ended.
    KeyFetch is "result" {
        /// New keys came.
        Fetched = "fetched",
        /// The issuer says that the keys are as before.
        Unchanged = "unchanged",
        /// The issuer did not answer, or not with keys.
        Failed = "failed",
    }
}

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
    }
}

pub(super) struct Upkeep {
    key_fetches: Family<KeyFetch, Counter>,
    removed: Family<Removed, Counter>,
}

impl Upkeep {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            key_fetches: catalog.counter_by("key_fetches", "Fetches of the token issuer's keys"),
            removed: catalog.counter_by("retention_removed", "Rows removed by retention"),
        }
    }
}

impl Metrics {
    /// The token issuer's keys were asked for.
    pub fn keys_fetched(&self, result: KeyFetch) {
        self.0.upkeep.key_fetches.get_or_create(&result).inc();
    }

    /// Retention removed so many rows.
    pub fn retention_removed(&self, what: Removed, rows: u64) {
        self.0.upkeep.removed.get_or_create(&what).inc_by(rows);
    }
}
