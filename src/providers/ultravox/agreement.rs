//! Whether Ultravox has what we have, as far as it shows: prefixes of the secrets, and the rest.

use super::{Stored, VoiceCarrier};
use crate::domain::CredentialKey;
use secrecy::ExposeSecret;
use serde_json::Value;

/// What one carrier looks like from both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Whether Ultravox has a configuration of it.
    pub is_configured: bool,
    /// Where the two sides differ.
    pub differences: Vec<Difference>,
}

/// One value that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Ours.
    pub key: CredentialKey,
    /// The same as a sentence.
    pub what: String,
}

/// Compares what Ultravox shows of a carrier with what is stored.
#[must_use]
pub(crate) fn agreement(carrier: VoiceCarrier, shown: &Value, stored: &Stored) -> Agreement {
    if !shown.is_object() {
        return Agreement::default();
    }
    let differences = carrier.fields().iter().filter_map(|field| {
        let ours = stored.get(&field.key)?.expose_secret();
        if field.is_secret {
            let name = format!("{}Prefix", field.name);
            let prefix = shown.get(&name)?.get("prefix")?.as_str()?;
            // Some show that there is more by dots or stars.
            let prefix = prefix.trim_end_matches(['.', '…', '*']);
            let mut entries = field.key.entries(ours);
            let first = entries.next().unwrap_or_default();
            if first.starts_with(prefix) {
                return None;
            }
            let other = entries.any(|entry| entry.starts_with(prefix));
            let which = if other {
                "another of the stored keys, not the first,"
            } else {
                "another value"
            };
            let what = format!("Ultravox has {which} for {}", field.key);
            return Some(Difference {
                key: field.key,
                what,
            });
        }
        let theirs = shown.get(field.name)?.as_str()?;
        let differs = !theirs.is_empty() && theirs != ours;
        differs.then(|| Difference {
            key: field.key,
            what: format!("Ultravox has another {} than {}", field.name, field.key),
        })
    });
    Agreement {
        is_configured: true,
        differences: differences.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Agreement, agreement};
    use crate::domain::CredentialKey;
    use crate::providers::ultravox::{Stored, VoiceCarrier};
    use serde_json::json;

    #[test]
    fn prefixes_and_the_application_are_compared() {
        let stored: Stored = [
            (CredentialKey::TelnyxApiKey, "KEY0123".into()),
            (CredentialKey::TelnyxPublicKey, "abcd1,efgh2".into()),
            (CredentialKey::TelnyxApplicationId, "42".into()),
        ]
        .into_iter()
        .collect();
        let shown = |api: &str, public: &str, application: &str| {
            json!({"apiKeyPrefix": {"prefix": api}, "publicKeyPrefix": {"prefix": public},
                   "applicationSid": application, "accountSid": "any"})
        };
        let differences = |shown| -> Vec<String> {
            let found = agreement(VoiceCarrier::Telnyx, &shown, &stored).differences;
            found.into_iter().map(|one| one.what).collect()
        };
        assert!(differences(shown("KEY0…", "abcd", "42")).is_empty());
        assert_eq!(
            differences(shown("KEY9", "efgh", "43")),
            [
                "Ultravox has another value for telnyx_api_key",
                "Ultravox has another of the stored keys, not the first, for telnyx_public_key",
                "Ultravox has another applicationSid than telnyx_application_id",
            ]
        );
        assert!(differences(json!({})).is_empty());
        let nothing = agreement(VoiceCarrier::Telnyx, &json!(null), &stored);
        assert_eq!(nothing, Agreement::default());
    }
}
