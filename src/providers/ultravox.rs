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

pub use agreement::{Agreement, Difference, agreement};
pub use carrier::{Carrier, Field};
pub use error::UltravoxError;
pub use settings::{Settings, read_settings};
pub use update::{Stored, UpdateError};
pub use verdict::{Issue, IssueKind, issues};
pub use words::without_secrets;

use super::breaker::{Breakers, CircuitOpen};
use super::http::{Answer, Http, Method, Request};
use crate::config::TelephonyEndpoint;
use crate::domain::AgencyId;
use crate::telemetry::ProviderResult;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

/// The endpoint of the whole account.
const WHOLE: &[&str] = &["api", "accounts", "me", "telephony_config"];

/// Whose account is meant, and the key to it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The agency.
    pub agency: AgencyId,
    /// Its Ultravox API key.
    pub api_key: SecretString,
    /// What must not stand in anything of Ultravox's that is passed on: the key, and all that it
    /// is told and never shows.
    pub secrets: Vec<SecretString>,
}

/// The client. Clones share connections and circuits.
#[derive(Clone, Debug)]
pub struct Ultravox {
    base: Url,
    endpoint: TelephonyEndpoint,
    http: Http,
    breakers: Breakers,
}

impl Ultravox {
    /// A client for the API at `base` (`https://api.ultravox.ai`).
    #[must_use]
    pub fn new(base: Url, endpoint: TelephonyEndpoint, http: Http, breakers: Breakers) -> Self {
        Self {
            base,
            endpoint,
            http,
            breakers,
        }
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
        for carrier in Carrier::ALL {
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
        carrier: Carrier,
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
    pub async fn remove(&self, account: &Account, carrier: Carrier) -> Result<bool, UltravoxError> {
        let request = self.one(Method::DELETE, carrier).repeatable();
        match self.ask(account, "delete_telephony_config", request).await {
            Err(error) if error.status() == Some(404) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    async fn get_whole(&self, account: &Account) -> Result<Value, UltravoxError> {
        let request = Request::new(Method::GET, &self.base, WHOLE);
        self.ask(account, "get_account_telephony", request).await
    }

    async fn patch_whole(&self, account: &Account, body: Value) -> Result<Value, UltravoxError> {
        let request = Request::new(Method::PATCH, &self.base, WHOLE).json(body);
        self.ask(account, "patch_account_telephony", request).await
    }

    async fn patch_one(
        &self,
        account: &Account,
        carrier: Carrier,
        body: Value,
    ) -> Result<Value, UltravoxError> {
        let request = self.one(Method::PATCH, carrier).json(body);
        self.ask(account, "patch_telephony_config", request).await
    }

    async fn post_one(
        &self,
        account: &Account,
        carrier: Carrier,
        body: Value,
    ) -> Result<Value, UltravoxError> {
        let request = self.one(Method::POST, carrier).json(body);
        self.ask(account, "post_telephony_config", request).await
    }

    fn one(&self, method: Method, carrier: Carrier) -> Request {
        let segments = ["api", "telephony_configs", carrier.name()];
        Request::new(method, &self.base, &segments)
    }

    /// Sends, counts, and turns all that is no success into an error. `action` is the metrics' word.
    async fn ask(
        &self,
        account: &Account,
        action: &'static str,
        request: Request,
    ) -> Result<Value, UltravoxError> {
        let began = self.http.clock().tick();
        let outcome = self.try_to_ask(account, request).await;
        let result = match &outcome {
            Ok(_) => ProviderResult::Done,
            Err(UltravoxError::CircuitOpen { .. }) => ProviderResult::CircuitOpen,
            Err(UltravoxError::Refused { .. }) => ProviderResult::Refused,
            Err(UltravoxError::Failed(_) | UltravoxError::Unheeded(_)) => ProviderResult::Failed,
        };
        let (provider, took) = (
            self.breakers.provider(),
            self.http.clock().tick().since(began),
        );
        let metrics = self.breakers.metrics();
        metrics.provider_asked(provider, action, result, took);
        tracing::debug!(
            "Ultravox, {action} for agency {}: {result:?}",
            account.agency
        );
        outcome
    }

    async fn try_to_ask(
        &self,
        account: &Account,
        request: Request,
    ) -> Result<Value, UltravoxError> {
        let permit =
            self.breakers
                .check(account.agency)
                .map_err(|CircuitOpen { retry_after_s }| UltravoxError::CircuitOpen {
                    retry_after_s,
                })?;
        let request = request.key_header("x-api-key", &account.api_key);
        let answer: Answer = match self.http.send(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                permit.failed();
                return Err(UltravoxError::Failed(error.to_string()));
            }
        };
        if answer.is_server_error() {
            permit.failed();
        } else {
            permit.succeeded();
        }
        if !answer.is_success() {
            return Err(UltravoxError::read(&answer, &account.secrets));
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}
