//! Telnyx's Call Control API, version 2: what we tell a leg to do, and what we ask about it.
//!
//! A success means that a command was taken, not that it is done: the webhooks tell that.

mod application;
mod command;
mod error;
mod look;
mod recordings;
#[cfg(test)]
mod tests;

pub use application::Application;
pub use command::{AudioFormat, Channels, Transfer};
pub use error::CommandError;
pub use look::CallState;
pub use recordings::{Recording, RecordingLink};

use super::breaker::Breakers;
use super::http::{Answer, Http, HttpError, Method, Request};
use crate::domain::AgencyId;
use crate::telemetry::ProviderResult;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

/// Whose calls are meant, and the key to them.
#[derive(Clone, Debug)]
pub struct Account {
    /// The agency.
    pub agency: AgencyId,
    /// Its API key.
    pub api_key: SecretString,
}

/// The client. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub struct Telnyx {
    base: Url,
    http: Http,
    breakers: Breakers,
}

/// The id by which Telnyx knows a command again and ignores it when it comes twice for one leg:
/// the same for the same action of the same request (or claim), until `n` moves on.
#[must_use]
pub fn command_id(request: Uuid, action: &str, n: i32) -> Uuid {
    Uuid::new_v5(&request, format!("{action}:{n}").as_bytes())
}

impl Telnyx {
    /// A client for the API at `base`, the version included (`https://api.telnyx.com/v2`).
    #[must_use]
    pub fn new(base: Url, http: Http, breakers: Breakers) -> Self {
        Self {
            base,
            http,
            breakers,
        }
    }

    /// In how many seconds Telnyx is asked again for this agency, when it has not been answering.
    #[must_use]
    pub fn retry_after_s(&self, account: &Account) -> Option<u64> {
        self.breakers.open_for(account.agency)
    }

    fn get(&self, segments: &[&str]) -> Request {
        Request::new(Method::GET, &self.base, segments)
    }

    /// Sends, counts, and turns all that is no success into an error. `action` is the metrics'
    /// word for it.
    async fn ask(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Answer, CommandError> {
        let began = self.http.clock().tick();
        let outcome = self.try_to_ask(account, request).await;
        let result = match &outcome {
            Ok(_) => ProviderResult::Done,
            Err(CommandError::CircuitOpen { .. }) => ProviderResult::CircuitOpen,
            Err(error) if error.is_definite() => ProviderResult::Refused,
            Err(_) => ProviderResult::Failed,
        };
        let (provider, took) = (
            self.breakers.provider(),
            self.http.clock().tick().since(began),
        );
        let metrics = self.breakers.metrics();
        metrics.provider_asked(provider, action, result, took);
        tracing::debug!("Telnyx, {action} for agency {}: {result:?}", account.agency);
        outcome
    }

    async fn try_to_ask(
        &self,
        account: &Account,
        request: Request,
    ) -> Result<Answer, CommandError> {
        let permit = self.breakers.check(account.agency)?;
        let request = request.bearer(&account.api_key);
        let outcome = self.http.send(&request).await;
        match &outcome {
            // Nothing went out, so nothing is known.
            Err(HttpError::Unsendable(_)) => drop(permit),
            Ok(answer) if !answer.is_server_error() => permit.succeeded(),
            _ => permit.failed(),
        }
        let answer = outcome?;
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(CommandError::read(&answer, &account.api_key))
        }
    }

    /// Asks for something and reads what stands under `data`.
    async fn read<T: DeserializeOwned>(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<T, CommandError> {
        #[derive(serde::Deserialize)]
        struct Body<T> {
            data: T,
        }
        let answer = self.ask(account, action, request).await?;
        // What serde says may quote numbers and links.
        let body: Body<T> = serde_json::from_slice(&answer.body)
            .map_err(|_| CommandError::nonsense("Telnyx answered something unexpected"))?;
        Ok(body.data)
    }

    /// As `read`, with `None` for what Telnyx does not know.
    async fn read_if_known<T: DeserializeOwned>(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Option<T>, CommandError> {
        match self.read(account, action, request).await {
            Err(CommandError::Refused { status: 404, .. }) => Ok(None),
            outcome => outcome.map(Some),
        }
    }
}
