//! Telnyx: its Call Control API, version 2 (what we tell a leg to do, and what we ask about it), and
//! its webhooks.
//!
//! A success means that a command was taken, not that it is done: the webhooks tell that.

mod application;
mod command;
mod doubled;
mod envelope;
mod error;
mod links;
mod look;
mod mark;
mod phones;
mod recordings;
mod signature;
#[cfg(test)]
mod tests;
mod understand;

pub use application::Application;
#[cfg(feature = "proving")]
pub use mark::client_state;
pub use signature::SignatureHeaders;

pub(super) use envelope::{accepts, connection_id};
pub(super) use phones::{account, is_own_phone, phone, shown};
pub(super) use understand::understand;

use super::{About, CarrierError};
use crate::providers::breaker::Breakers;
use crate::providers::http::{Answer, Http, Method, Request};
use crate::providers::{Account, Client, KeyIn};
use error::{failure, nonsense};
use serde::de::DeserializeOwned;
use url::Url;

/// The client. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub struct Telnyx {
    client: Client,
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
    ) -> Result<Answer, CarrierError> {
        let answer = self.client.ask(account, action, request).await;
        answer.map_err(|asked| failure(asked, account))
    }

    /// Asks for something and reads what stands under `data`.
    async fn read<T: DeserializeOwned>(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<T, CarrierError> {
        #[derive(serde::Deserialize)]
        struct Body<T> {
            data: T,
        }
        let answer = self.ask(account, action, request).await?;
        let body: Option<Body<T>> = answer.json();
        let body = body.ok_or_else(nonsense)?;
        Ok(body.data)
    }

    /// As `read`, with `None` for what Telnyx does not know.
    async fn read_if_known<T: DeserializeOwned>(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Option<T>, CarrierError> {
        match self.read(account, action, request).await {
            Err(error) if error.is_about(About::Unknown) => Ok(None),
            outcome => outcome.map(Some),
        }
    }
}
