//! An agency's own carrier, put into its own Ultravox account.

use super::{Account, Settings, Ultravox, UltravoxError, VoiceCarrier};
use crate::config::TelephonyEndpoint;
use serde_json::{Value, json};

/// The list that may not stand beside allow-all.
const AGENTS: &str = "callCreationAllowedAgentIds";
/// What an import keeps of what the account has, unless it brings its own.
const KEPT: [&str; 2] = ["requestContextMapping", "accountSid"];

impl Ultravox {
    /// Writes `settings` as the account's configuration of this carrier, all agents allowed, and
    /// sees that Ultravox then has them. Doing it again changes nothing.
    ///
    /// # Errors
    /// When Ultravox fails or refuses, or shows something else than what it was sent.
    pub async fn import(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
        mut settings: Settings,
    ) -> Result<(), UltravoxError> {
        let identity = settings.get(carrier.identity().name).cloned();
        settings.insert("callCreationAllowAllAgents".into(), true.into());
        let done = self.import_as_is(account, carrier, &settings).await;
        let shown = match done {
            // A list from before stands in the way; an empty one is sent only then, since Ultravox
            // says that none may be set.
            Err(error) if error.names(AGENTS) => {
                settings.insert(AGENTS.into(), json!([]));
                self.import_as_is(account, carrier, &settings).await
            }
            done => done,
        };
        let shown = shown.map_err(|error| error.advised(carrier))?;
        is_kept(carrier, identity.as_ref(), &shown)
    }

    async fn import_as_is(
        &self,
        account: &Account,
        carrier: VoiceCarrier,
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
        carrier: VoiceCarrier,
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

/// Fails unless what Ultravox shows of a carrier is the application, or the account, that was sent.
fn is_kept(
    carrier: VoiceCarrier,
    sent: Option<&Value>,
    shown: &Value,
) -> Result<(), UltravoxError> {
    let (title, field) = (carrier.title(), carrier.identity());
    let held = shown.get(field.name).filter(|held| !is_empty(held));
    if held.is_some() && held == sent {
        return Ok(());
    }
    let (fact, mend) = match held {
        Some(_) => (
            format!("has another {} than {}", field.name, field.key),
            format!(
                "See which of the two is right; remove the other one with \
                 DELETE /api/ultravox/telephony_configs/{carrier}, or store it"
            ),
        ),
        None => (
            format!("has no {title} configuration afterwards"),
            "See that ultravox_api_key is of the account that you mean, and that the account may \
             use telephony"
                .to_owned(),
        ),
    };
    Err(UltravoxError::Unheeded(format!(
        "Ultravox said that it had taken {title} on, and {fact}. {mend}; then import again"
    )))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
