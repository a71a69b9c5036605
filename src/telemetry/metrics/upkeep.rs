//! What keeps the house: refusals at the doors, keys, retention.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

label! {
    /// The door at which someone was refused.
    RefusedAt is "where" {
        /// A request without a valid token, agency or role.
        Http = "http",
        /// A socket's `connect` or `refresh`.
        Socket = "socket",
        /// A webhook without a valid signature.
        Webhook = "webhook",
    }
}

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
    }
}

pub(super) struct Upkeep {
    refusals: Family<RefusedAt, Counter>,
    key_fetches: Family<KeyFetch, Counter>,
    removed: Family<Removed, Counter>,
}

impl Upkeep {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            refusals: catalog.counter_by("auth_refusals", "Refusals, by the door"),
            key_fetches: catalog.counter_by("key_fetches", "Fetches of the token issuer's keys"),
            removed: catalog.counter_by("retention_removed", "Rows removed by retention"),
        }
    }
}

impl Metrics {
    /// Someone was refused for want of a valid token, signature or role.
    pub fn refused(&self, at: RefusedAt) {
        self.0.upkeep.refusals.get_or_create(&at).inc();
    }

    /// The token issuer's keys were asked for.
    pub fn keys_fetched(&self, result: KeyFetch) {
        self.0.upkeep.key_fetches.get_or_create(&result).inc();
    }

    /// Retention removed so many rows.
    pub fn retention_removed(&self, what: Removed, rows: u64) {
        self.0.upkeep.removed.get_or_create(&what).inc_by(rows);
    }
}
