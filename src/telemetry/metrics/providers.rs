//! What is asked of the carrier and of the maker of voice agents.

use super::Metrics;
use super::catalog::{Catalog, SecondsBy};
use super::label::{Label as _, label};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use std::time::Duration;

label! {
    /// Whose API it is.
    Provider is "provider" {
        /// The carrier.
        Telnyx = "telnyx",
        /// The maker of voice agents.
        Ultravox = "ultravox",
    }
}

label! {
    /// How a request to a provider ended, its tries taken together.
    ProviderResult is "result" {
        Done = "done",
        /// Refused for good, the call's end included.
        Refused = "refused",
        /// No answer, or none that says anything.
        Failed = "failed",
        /// Not asked, since the provider has not been answering.
        CircuitOpen = "circuit_open",
        /// Not asked, since the request cannot be written, as with a key that no header can carry.
        Unsendable = "unsendable",
    }
}

/// What was asked for is a word that is written in the program, never what comes in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Action {
    provider: &'static str,
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionAndResult {
    provider: &'static str,
    action: &'static str,
    result: &'static str,
}

pub(super) struct Providers {
    requests: Family<ActionAndResult, Counter>,
    times: SecondsBy<Action>,
    circuits: Family<Provider, Gauge>,
    openings: Family<Provider, Counter>,
}

impl Providers {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            requests: catalog.counter_by_open(
                "provider_requests",
                "Requests to providers, by action and result",
            ),
            times: catalog.seconds_by_open(
                "provider_request_seconds",
                "Time a provider took, tries and pauses included, by action",
            ),
            circuits: catalog.gauge_by(
                "provider_circuits_open",
                "Agencies for which a provider is not asked now",
            ),
            openings: catalog.counter_by(
                "provider_circuit_openings",
                "Times that a provider was given up for an agency",
            ),
        }
    }
}

impl Metrics {
    /// A provider was asked for something, which took so long, all tries and pauses included.
    pub fn provider_asked(
        &self,
        provider: Provider,
        action: &'static str,
        result: ProviderResult,
        took: Duration,
    ) {
        let provider = provider.as_str();
        let counted = ActionAndResult {
            provider,
            action,
            result: result.as_str(),
        };
        let providers = &self.0.providers;
        providers.requests.get_or_create(&counted).inc();
        // What was not asked took no time, and would make the provider look fast.
        let asked = !matches!(
            result,
            ProviderResult::CircuitOpen | ProviderResult::Unsendable
        );
        if asked {
            let time = providers.times.get_or_create(&Action { provider, action });
            time.observe(took.as_secs_f64());
        }
    }

    /// A provider is not asked any more for one agency.
    pub fn circuit_opened(&self, provider: Provider) {
        self.0.providers.openings.get_or_create(&provider).inc();
        self.0.providers.circuits.get_or_create(&provider).inc();
    }

    /// A provider is asked again for one agency.
    pub fn circuit_closed(&self, provider: Provider) {
        self.0.providers.circuits.get_or_create(&provider).dec();
    }
}
