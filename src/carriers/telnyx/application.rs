//! The Call Control application: where webhooks go, and whether it may call out.

use super::{Account, CarrierError, Telnyx};

/// An application as Telnyx has it, as far as callboard depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub name: String,
    /// Where its webhooks go.
    pub webhook_event_url: Option<String>,
    /// The format of its webhooks: `1`, which callboard does not read, or `2`.
    pub webhook_api_version: String,
    /// Whether it can be used.
    pub is_active: bool,
    /// Whether it has an outbound voice profile, without which no transfer goes out.
    pub has_outbound_profile: bool,
}

#[derive(serde::Deserialize)]
struct Told {
    #[serde(default)]
    application_name: String,
    #[serde(default)]
    webhook_event_url: Option<String>,
    #[serde(default)]
    webhook_api_version: Option<String>,
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    outbound: Option<Outbound>,
}

#[derive(serde::Deserialize)]
struct Outbound {
    /// Text by the documents; whatever is there and not empty counts.
    #[serde(default)]
    outbound_voice_profile_id: serde_json::Value,
}

impl Telnyx {
    /// Reads an application's settings; cheap, and proof that the key is right. `None`: there is
    /// no such application in this account.
    ///
    /// # Errors
    /// When Telnyx refuses (401: the key) or does not answer.
    pub async fn application(
        &self,
        account: &Account,
        id: &str,
    ) -> Result<Option<Application>, CarrierError> {
        let request = self.get(&["call_control_applications", id]);
        let told = self.read_if_known::<Told>(account, "application", request);
        Ok(told.await?.map(Application::from))
    }
}

impl From<Told> for Application {
    /// What is left out has the default of Telnyx's documents.
    fn from(told: Told) -> Self {
        let profile = told.outbound.map(|out| out.outbound_voice_profile_id);
        let has_outbound_profile = match profile {
            None | Some(serde_json::Value::Null) => false,
            Some(serde_json::Value::String(id)) => !id.is_empty(),
            Some(_) => true,
        };
        Self {
            name: told.application_name,
            webhook_event_url: told.webhook_event_url.filter(|url| !url.is_empty()),
            webhook_api_version: told.webhook_api_version.unwrap_or_else(|| "1".into()),
            is_active: told.active.unwrap_or(true),
            has_outbound_profile,
        }
    }
}
