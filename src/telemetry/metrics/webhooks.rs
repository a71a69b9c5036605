//! Webhooks by what became of them.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

label! {
    /// What became of a webhook.
    WebhookResult is "result" {
        /// Stored, and it changed a call or told something new of one.
        Applied = "applied",
        /// Stored before: the carrier sent it again.
        Repeat = "repeat",
        /// Stored and not shown until the leg's `call.initiated` comes.
        Held = "held",
        /// Stored; of a type that changes no call, or told nothing new.
        Ignored = "ignored",
        /// Stored raw, since the journal could not apply it.
        Failed = "failed",
        /// Refused: not a webhook as the carrier writes them.
        Malformed = "malformed",
        /// Refused: no valid signature of a known agency.
        Unauthorized = "unauthorized",
        /// Not stored in time; the carrier was told to send it again.
        Unavailable = "unavailable",
        /// Stored; its connection is none of the agency's.
        OtherConnection = "other_connection",
        /// Refused: too many refusals from its address.
        Limited = "limited",
    }
}

pub(super) struct Webhooks {
    results: Family<WebhookResult, Counter>,
}

impl Webhooks {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            results: catalog.counter_by("webhooks", "Webhooks by what became of them"),
        }
    }
}

impl Metrics {
    /// A webhook was answered.
    pub fn webhook(&self, result: WebhookResult) {
        self.0.webhooks.results.get_or_create(&result).inc();
    }
}
