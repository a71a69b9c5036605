//! The clients that ask others. Each of their requests ends within 10 s.

use super::finding::Findings;
use crate::carriers::telnyx::Telnyx;
use crate::clock::Clock;
use crate::config::Config;
use crate::providers::breaker::Breakers;
use crate::providers::http::Http;
use crate::providers::ultravox::Ultravox;
use crate::telemetry::{Metrics, Provider};

/// Everyone outside.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) http: Http,
    pub(super) telnyx: Telnyx,
    pub(super) ultravox: Ultravox,
}

impl Outside {
    /// Makes the clients; or the line that says why there are none.
    pub(super) fn open(config: &Config, clock: &Clock) -> Result<Self, Findings> {
        let http = Http::new(clock.clone()).map_err(|error| {
            let mut found = Findings::about("network");
            let mend = "install the system's certificates (on Debian: apt install ca-certificates)";
            found.wrong(error.to_string(), mend);
            found
        })?;
        let metrics = Metrics::new();
        let breakers = |provider| Breakers::new(provider, clock.clone(), metrics.clone());
        let providers = &config.providers;
        let telnyx = Telnyx::new(
            providers.telnyx_api_base.clone(),
            http.clone(),
            breakers(Provider::Telnyx),
        );
        let ultravox = Ultravox::new(
            providers.ultravox_api_base.clone(),
            providers.ultravox_endpoint,
            http.clone(),
            breakers(Provider::Ultravox),
        );
        Ok(Self {
            http,
            telnyx,
            ultravox,
        })
    }
}
