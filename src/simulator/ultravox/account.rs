//! What one account holds: a configuration for each provider of telephony.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A provider of telephony that Ultravox works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    Telnyx,
    Twilio,
    Plivo,
}

/// A field of a configuration that the provider's own account gives.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Taken and never given back: what comes back is `<name>Prefix`.
    pub(super) secret: bool,
    pub(super) most: usize,
}

const fn open(name: &'static str, most: usize) -> Field {
    let secret = false;
    Field { name, secret, most }
}

const fn secret(name: &'static str) -> Field {
    Field {
        name,
        secret: true,
        most: usize::MAX,
    }
}

impl Provider {
    pub(super) const ALL: [Self; 3] = [Self::Twilio, Self::Telnyx, Self::Plivo];

    /// The name in paths and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Telnyx => "telnyx",
            Self::Twilio => "twilio",
            Self::Plivo => "plivo",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The fields that are required, as `TelnyxConfig`, `TwilioConfig` and `PlivoConfig` name them.
    pub(super) fn fields(self) -> Vec<Field> {
        match self {
            Self::Telnyx => vec![
                open("accountSid", usize::MAX),
                secret("apiKey"),
                secret("publicKey"),
                open("applicationSid", 40),
            ],
            Self::Twilio => vec![open("accountSid", usize::MAX), secret("authToken")],
            Self::Plivo => vec![open("authId", usize::MAX), secret("authToken")],
        }
    }
}

/// A whole configuration as it was put there, secrets included.
pub(super) type Config = Map<String, Value>;

#[derive(Default)]
pub(super) struct Account(HashMap<Provider, Config>);

impl Account {
    pub(super) fn get(&self, provider: Provider) -> Option<&Config> {
        self.0.get(&provider)
    }

    pub(super) fn put(&mut self, provider: Provider, config: Config) {
        self.0.insert(provider, config);
    }

    pub(super) fn remove(&mut self, provider: Provider) -> bool {
        self.0.remove(&provider).is_some()
    }

    /// The whole account as `AccountTelephonyConfig` shows it.
    pub(super) fn shown(&self) -> Value {
        let one = |provider: Provider| {
            let config = self.get(provider);
            let shown = config.map_or(Value::Null, |config| shown(provider, config));
            (provider.name().to_owned(), shown)
        };
        Provider::ALL.into_iter().map(one).collect()
    }
}

/// A configuration as it is given back: a prefix in place of each secret.
pub(super) fn shown(provider: Provider, config: &Config) -> Value {
    let mut shown = Map::new();
    for field in provider.fields() {
        let value = config.get(field.name).cloned().unwrap_or_default();
        if field.secret {
            let text = value.as_str().unwrap_or_default();
            let prefix: String = text.chars().take(4).collect();
            shown.insert(format!("{}Prefix", field.name), json!({ "prefix": prefix }));
        } else {
            shown.insert(field.name.into(), value);
        }
    }
    let or = |name: &str, default: Value| config.get(name).cloned().unwrap_or(default);
    for (name, default) in [
        ("callCreationAllowedAgentIds", json!([])),
        ("callCreationAllowAllAgents", json!(false)),
        ("requestContextMapping", json!({})),
    ] {
        shown.insert(name.into(), or(name, default));
    }
    shown.into()
}
