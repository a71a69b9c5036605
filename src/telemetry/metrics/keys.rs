//! The token issuer's keys.

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

pub(super) struct Keys {
    fetches: Family<KeyFetch, Counter>,
}

impl Keys {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            fetches: catalog.counter_by("key_fetches", "Fetches of the token issuer's keys"),
        }
    }
}

impl Metrics {
    /// The token issuer's keys were asked for.
    pub fn keys_fetched(&self, result: KeyFetch) {
        self.0.keys.fetches.get_or_create(&result).inc();
    }
}
