//! How any provider is asked for an agency: its circuit, the key, one budget of time, the count.

use super::breaker::{Breakers, CircuitOpen};
use super::http::{Answer, Http, HttpError, Method, Request};
use super::words::fit_to_show;
use crate::clock::Clock;
use crate::domain::AgencyId;
use crate::telemetry::ProviderResult;
use secrecy::SecretString;
use url::Url;

/// Whose account is meant, and the key to it.
#[derive(Clone, Debug)]
pub struct Account {
    pub agency: AgencyId,
    pub api_key: SecretString,
    /// What must not stand in anything that the provider says and that is passed on: the key, and
    /// all that it is told and never shows.
    pub secrets: Vec<SecretString>,
}

/// Where a provider wants to see the key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyIn {
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header of its own, named in lower case.
    Header(&'static str),
}

/// Why there is no success. Each client says it in its provider's words.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Nothing was sent: the provider has not been answering for this agency.
    CircuitOpen(CircuitOpen),
    /// There was no answer, or the request could not even be written.
    NoAnswer(HttpError),
    /// The answer is no success.
    Answered(Answer),
}

/// A client of one provider. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) base: Url,
    http: Http,
    breakers: Breakers,
    key_in: KeyIn,
}

impl Account {
    /// An account of which the key is the only secret.
    #[must_use]
    pub fn new(agency: AgencyId, api_key: SecretString) -> Self {
        Self {
            agency,
            secrets: vec![api_key.clone()],
            api_key,
        }
    }

    /// The provider's words, fit to be shown and logged.
    pub(crate) fn fit_to_show(&self, text: &str) -> String {
        fit_to_show(text, &self.secrets)
    }
}

impl Client {
    /// A client for the API at `base`.
    #[must_use]
    pub(crate) fn new(base: Url, http: Http, breakers: Breakers, key_in: KeyIn) -> Self {
        Self {
            base,
            http,
            breakers,
            key_in,
        }
    }

    /// A request to the API with these segments after its path.
    #[must_use]
    pub(crate) fn request(&self, method: Method, segments: &[&str]) -> Request {
        Request::new(method, &self.base, segments)
    }

    /// The clock by which requests are timed.
    #[must_use]
    pub(crate) fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// In how many seconds this agency's requests go out again, when they do not now.
    #[must_use]
    pub(crate) fn open_for(&self, agency: AgencyId) -> Option<u64> {
        self.breakers.open_for(agency)
    }

    /// Sends and counts. `action` is the metrics' word for the request.
    ///
    /// # Errors
    /// With all that is no success.
    pub(crate) async fn ask(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Answer, Asked> {
        let began = self.clock().tick();
        let outcome = self.send(account, request).await;
        let result = outcome
            .as_ref()
            .map_or_else(Asked::result, |_| ProviderResult::Done);
        let (provider, agency) = (self.breakers.provider(), account.agency);
        let took = self.clock().tick().since(began);
        let metrics = self.breakers.metrics();
        metrics.provider_asked(provider, action, result, took);
        let name = self.breakers.name();
        tracing::debug!("{name}, {action} for agency {agency}: {result:?}");
        outcome
    }

    async fn send(&self, account: &Account, request: Request) -> Result<Answer, Asked> {
        let permit = self.breakers.check(account.agency);
        let permit = permit.map_err(Asked::CircuitOpen)?;
        let request = match self.key_in {
            KeyIn::Bearer => request.bearer(&account.api_key),
            KeyIn::Header(name) => request.key_header(name, &account.api_key),
        };
        let outcome = self.http.send(&request).await;
        match &outcome {
            // Nothing went out, so nothing is known of the provider.
            Err(HttpError::Unsendable(_)) => drop(permit),
            Ok(answer) if !answer.is_server_error() => permit.succeeded(),
            _ => permit.failed(),
        }
        match outcome.map_err(Asked::NoAnswer)? {
            answer if answer.is_success() => Ok(answer),
            answer => Err(Asked::Answered(answer)),
        }
    }
}

impl Asked {
    fn result(&self) -> ProviderResult {
        match self {
            Self::CircuitOpen(_) => ProviderResult::CircuitOpen,
            Self::NoAnswer(HttpError::Unsendable(_)) => ProviderResult::Unsendable,
            Self::Answered(answer) if answer.is_refusal() => ProviderResult::Refused,
            Self::NoAnswer(_) | Self::Answered(_) => ProviderResult::Failed,
        }
    }
}
