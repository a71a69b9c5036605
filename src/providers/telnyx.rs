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
use super::client::{Account, Client, KeyIn};
use super::http::{Answer, Http, Method, Request};
use crate::domain::CommandId;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

/// The client. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub struct Telnyx {
    client: Client,
}

/// The id by which Telnyx knows a command again and ignores it when it comes twice for one leg:
/// the same for the same action of the same request (or claim), until `n` moves on.
#[must_use]
pub fn command_id(request: Uuid, action: &str, n: i32) -> Uuid {
    CommandId::of(request, action, n).0
}

impl Telnyx {
    /// A client for the API at `base`, the version included (`https://api.telnyx.com/v2`).
    #[must_use]
    pub fn new(base: Url, http: Http, breakers: Breakers) -> Self {
        Self {
            client: Client::new(base, http, breakers, KeyIn::Bearer),
        }
    }

    /// In how many seconds Telnyx is asked again for this agency, when it has not been answering.
    #[must_use]
    pub fn retry_after_s(&self, account: &Account) -> Option<u64> {
        self.client.open_for(account.agency)
    }

    fn get(&self, segments: &[&str]) -> Request {
        self.client.request(Method::GET, segments)
    }

    /// Sends, and turns all that is no success into an error. `action` is the metrics' word for it.
    async fn ask(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Answer, CommandError> {
        let answer = self.client.ask(account, action, request).await;
        answer.map_err(|asked| CommandError::of(asked, account))
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
        let body: Option<Body<T>> = answer.json();
        let body = body.ok_or_else(CommandError::nonsense)?;
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
