//! Ultravox's telephony configuration: which carriers its voice agents call and are called through.
//!
//! Two endpoints hold the same settings. `/api/accounts/me/telephony_config` is the one that the
//! document of `import-telnyx-to-ultravox` names; Ultravox's OpenAPI file calls it deprecated in
//! favour of `/api/telephony_configs/{carrier}`. So either may be chosen, and the second takes over
//! when the first is gone (404, 405, 410).

mod agreement;
mod carrier;
mod error;
mod import;
mod settings;
mod update;
mod verdict;
mod words;

pub(crate) use agreement::agreement;
pub(crate) use carrier::VoiceCarrier;
pub(crate) use error::UltravoxError;
pub(crate) use settings::{Settings, read_settings};
pub(crate) use update::{Stored, UpdateError};
pub(crate) use verdict::{Issue, IssueKind, issues};
pub(crate) use words::without_secrets;

use super::breaker::Breakers;
use super::client::{Account, Client, KeyIn};
use super::http::{Http, Method, Request};
use crate::config::TelephonyEndpoint;
use serde_json::Value;
use url::Url;

/// The endpoint of the whole account.
const WHOLE: &[&str] = &["api", "accounts", "me", "telephony_config"];

/// The client. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub struct Ultravox {
    client: Client,
    endpoint: TelephonyEndpoint,
}

impl Ultravox {
    /// A client for the API at `base` (`https://api.ultravox.ai`).
    #[must_use]
    pub fn new(base: Url, endpoint: TelephonyEndpoint, http: Http, breakers: Breakers) -> Self {
        let key_in = KeyIn::Header("x-api-key");
        let client = Client::new(base, http, breakers, key_in);
        Self { client, endpoint }
    }

    /// What the account has of every carrier, by its name; null or absent: nothing.
    ///
    /// # Errors
    /// When Ultravox fails or refuses.
    pub async fn whole(&self, account: &Account) -> Result<Value, UltravoxError> {
        if self.endpoint == TelephonyEndpoint::Account {
            match self.get_whole(account).await {
                Err(error) if error.is_gone() => {}
                done => return done,
            }
        }
        let mut whole = serde_json::Map::new();
        for carrier in VoiceCarrier::ALL {
            let config = self.config(account, carrier).await?;
            whole.insert(carrier.name().into(), config.unwrap_or_default());
        }
        Ok(whole.into())
    }

    /// What the account has of one carrier.
    ///
    /// # Errors
    /// When Ultravox fails or refuses.
    pub async fn config(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
    ) -> Result<Option<Value>, UltravoxError> {
        let request = self.one(Method::GET, carrier);
        match self.ask(account, "get_telephony_config", request).await {
            Err(error) if error.status() == Some(404) => Ok(None),
            answer => Ok(Some(answer?)),
        }
    }

    /// Takes a carrier away; says whether there was one.
    ///
    /// # Errors
    /// When Ultravox fails or refuses.
    pub async fn remove(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
    ) -> Result<bool, UltravoxError> {
        let request = self.one(Method::DELETE, carrier).repeatable();
        match self.ask(account, "delete_telephony_config", request).await {
            Err(error) if error.status() == Some(404) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    async fn get_whole(&self, account: &Account) -> Result<Value, UltravoxError> {
        let request = self.client.request(Method::GET, WHOLE);
        self.ask(account, "get_account_telephony", request).await
    }

    async fn patch_whole(&self, account: &Account, body: Value) -> Result<Value, UltravoxError> {
        let request = self.client.request(Method::PATCH, WHOLE).json(body);
        self.ask(account, "patch_account_telephony", request).await
    }

    async fn patch_one(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
        body: Value,
    ) -> Result<Value, UltravoxError> {
        let request = self.one(Method::PATCH, carrier).json(body);
        self.ask(account, "patch_telephony_config", request).await
    }

    async fn post_one(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
        body: Value,
    ) -> Result<Value, UltravoxError> {
        let request = self.one(Method::POST, carrier).json(body);
        self.ask(account, "post_telephony_config", request).await
    }

    fn one(&self, method: Method, carrier: VoiceCarrier) -> Request {
        let segments = ["api", "telephony_configs", carrier.name()];
        self.client.request(method, &segments)
    }

    /// Sends, and turns all that is no success into an error. `action` is the metrics' word.
    async fn ask(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Value, UltravoxError> {
        let answer = self.client.ask(account, action, request).await;
        let answer = answer.map_err(|asked| UltravoxError::of(asked, account))?;
        Ok(answer.json().unwrap_or_default())
    }
}
