//! An agency's own carrier, put into its own Ultravox account.

use super::{Account, Carrier, Settings, Ultravox, UltravoxError};
use crate::config::TelephonyEndpoint;
use serde_json::{Value, json};

/// The list that may not stand beside allow-all.
const AGENTS: &str = "callCreationAllowedAgentIds";
/// What an import keeps of what the account has, unless it brings its own.
const KEPT: [&str; 2] = ["requestContextMapping", "accountSid"];

impl Ultravox {
    /// Writes `settings` as the account's configuration of this carrier, all agents allowed, and
    /// gives back what Ultravox then has of it. Doing it again changes nothing.
    ///
    /// # Errors
    /// When Ultravox fails or refuses.
    pub async fn import(
        &self,
        account: &Account,
        carrier: Carrier,
        mut settings: Settings,
    ) -> Result<Value, UltravoxError> {
        settings.insert("callCreationAllowAllAgents".into(), true.into());
        let done = self.import_as_is(account, carrier, &settings).await;
        match done {
            // A list from before stands in the way; an empty one is sent only then, since Ultravox
            // says that none may be set.
            Err(error) if error.names(AGENTS) => {
                settings.insert(AGENTS.into(), json!([]));
                self.import_as_is(account, carrier, &settings).await
            }
            done => done,
        }
    }

    async fn import_as_is(
        &self,
        account: &Account,
        carrier: Carrier,
        settings: &Settings,
    ) -> Result<Value, UltravoxError> {
        if self.endpoint == TelephonyEndpoint::Account {
            match self.import_into_whole(account, carrier, settings).await {
                Err(error) if error.is_gone() => {}
                done => return done,
            }
        }
        let body = Value::from(settings.clone());
        // A PATCH of one carrier merges, so what the account has besides stays.
        match self.patch_one(account, carrier, body.clone()).await {
            Err(error) if error.status() == Some(404) => {
                self.post_one(account, carrier, body).await
            }
            done => done,
        }
    }

    /// The nested objects of the account's PATCH are whole configurations, so what is to stay must
    /// be sent along.
    async fn import_into_whole(
        &self,
        account: &Account,
        carrier: Carrier,
        settings: &Settings,
    ) -> Result<Value, UltravoxError> {
        let before = match self.get_whole(account).await {
            Ok(before) => before,
            // There may be no reading and yet writing.
            Err(error) if error.is_gone() => Value::Null,
            Err(error) => return Err(error),
        };
        let mut settings = settings.clone();
        let held = before.get(carrier.name());
        for name in KEPT {
            let value = held.and_then(|held| held.get(name));
            if let Some(value) = value.filter(|value| !is_empty(value)) {
                settings.entry(name).or_insert_with(|| value.clone());
            }
        }
        let body = json!({ carrier.name(): settings });
        let mut after = self.patch_whole(account, body).await?;
        let one = after.get_mut(carrier.name());
        Ok(one.map(Value::take).unwrap_or_default())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
