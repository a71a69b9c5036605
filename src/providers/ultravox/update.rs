//! Settings of a carrier, changed as an owner asks, with the stored credentials in the place of
//! those that were left out.

use super::{Account, Settings, Ultravox, UltravoxError, VoiceCarrier};
use crate::config::TelephonyEndpoint;
use crate::domain::CredentialKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// An agency's stored credentials.
pub(crate) type Stored = HashMap<CredentialKey, SecretString>;

/// Why settings were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// A configuration that is new must have these, and they are neither given nor stored.
    #[error("Missing required credentials")]
    Missing(Vec<CredentialKey>),
    #[error(transparent)]
    Ultravox(#[from] UltravoxError),
}

impl VoiceCarrier {
    /// Its fields as an import writes them: those that are stored.
    #[must_use]
    pub fn settings_of(self, stored: &Stored) -> Settings {
        let mut settings = Settings::new();
        fill(self, &mut settings, stored, false);
        settings
    }
}

/// The value of a field as Ultravox takes it: it knows one public key, so of several the first.
fn value_of(key: CredentialKey, stored: &Stored) -> Option<&str> {
    let value = stored.get(&key)?.expose_secret();
    key.entries(value).next()
}

fn fill(carrier: VoiceCarrier, settings: &mut Settings, stored: &Stored, secrets_alone: bool) {
    for field in carrier.fields() {
        if secrets_alone && !field.is_secret || settings.contains_key(field.name) {
            continue;
        }
        if let Some(value) = value_of(field.key, stored) {
            settings.insert(field.name.into(), value.into());
        }
    }
}

/// A new configuration must be whole (`required` in Ultravox's OpenAPI file, `accountSid` included).
fn complete(carrier: VoiceCarrier, settings: &Settings) -> Result<(), UpdateError> {
    let missing = carrier.fields().iter();
    let missing = missing.filter(|field| !settings.contains_key(field.name));
    let missing: Vec<_> = missing.map(|field| field.key).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(UpdateError::Missing(missing))
}

impl Ultravox {
    /// Changes these settings of a carrier and gives back what Ultravox then has: POST when it has
    /// none yet, PATCH otherwise. A PATCH gets the stored secrets and nothing else from us: the
    /// account's application may well be another one than ours.
    ///
    /// # Errors
    /// When a new configuration cannot be made whole, or Ultravox fails or refuses.
    pub async fn update(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
        given: Settings,
        stored: &Stored,
    ) -> Result<Value, UpdateError> {
        let mut settings = given;
        if self.config(account, carrier).await?.is_some() {
            fill(carrier, &mut settings, stored, true);
            let done = self.patch_one(account, carrier, settings.into()).await;
            return Ok(done.map_err(|error| error.advised(carrier))?);
        }
        fill(carrier, &mut settings, stored, false);
        complete(carrier, &settings)?;
        let done = self.post_one(account, carrier, settings.into()).await;
        Ok(done.map_err(|error| error.advised(carrier))?)
    }

    /// Changes several carriers in one; `None` takes one away. What is not named stays.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub async fn update_whole(
        &self,
        account: &Account,
        given: Vec<(VoiceCarrier, Option<Settings>)>,
        stored: &Stored,
    ) -> Result<Value, UpdateError> {
        if self.endpoint == TelephonyEndpoint::Account {
            match self.patch_whole_with(account, &given, stored).await {
                Err(UpdateError::Ultravox(error)) if error.is_gone() => {}
                done => return done,
            }
        }
        for (carrier, settings) in given {
            match settings {
                Some(settings) => {
                    self.update(account, carrier, settings, stored).await?;
                }
                None => {
                    self.remove(account, carrier).await?;
                }
            }
        }
        Ok(self.whole(account).await?)
    }

    async fn patch_whole_with(
        &self,
        account: &Account,
        given: &[(VoiceCarrier, Option<Settings>)],
        stored: &Stored,
    ) -> Result<Value, UpdateError> {
        let before = self.get_whole(account).await?;
        let mut body = Map::new();
        for (carrier, settings) in given {
            let value = match settings {
                Some(settings) => {
                    let held = before.get(carrier.name()).and_then(Value::as_object);
                    let mut settings = merged(*carrier, held, settings);
                    fill(*carrier, &mut settings, stored, false);
                    complete(*carrier, &settings)?;
                    settings.into()
                }
                None => Value::Null,
            };
            body.insert(carrier.name().into(), value);
        }
        Ok(self.patch_whole(account, body.into()).await?)
    }
}

/// What is given on top of what the account has: its PATCH replaces a carrier as a whole.
fn merged(carrier: VoiceCarrier, held: Option<&Settings>, given: &Settings) -> Settings {
    const AGENTS: &str = "callCreationAllowedAgentIds";
    const ALL_AGENTS: &str = "callCreationAllowAllAgents";
    let mut settings = Settings::new();
    let ours = carrier.fields().iter().filter(|field| !field.is_secret);
    let names = ours.map(|field| field.name);
    for name in names.chain([AGENTS, ALL_AGENTS, "requestContextMapping"]) {
        let value = held.and_then(|held| held.get(name));
        if let Some(value) = value.filter(|value| !value.is_null()) {
            settings.insert(name.into(), value.clone());
        }
    }
    settings.extend(given.clone());
    if settings.get(ALL_AGENTS) == Some(&true.into()) && !given.contains_key(AGENTS) {
        settings.remove(AGENTS);
    }
    settings
}
