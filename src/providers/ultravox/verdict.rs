//! What is to be mended between what is stored and what Ultravox has.

use super::{Account, Stored, VoiceCarrier, agreement};
use crate::domain::{AgencyId, CredentialKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// What is not as it should be with a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssueKind {
    /// Some of its credentials are stored, these are not.
    Missing,
    /// It is stored and Ultravox does not know it.
    NotImported,
    /// Ultravox has another value.
    Differs,
    /// Ultravox lets no agent take its calls.
    NoAgents,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// What, as a value.
    pub kind: IssueKind,
    /// Of which carrier.
    pub carrier: VoiceCarrier,
    /// With which credentials; none where it is the carrier as a whole.
    pub keys: Vec<CredentialKey>,
    /// What is not right, as a sentence without its full stop.
    pub what: String,
    /// How to mend it, likewise.
    pub mend: String,
}

impl Account {
    /// The account whose key is among an agency's credentials. Blanks are no key.
    #[must_use]
    pub fn of(agency: AgencyId, stored: &Stored) -> Option<Self> {
        let api_key = usable(stored, CredentialKey::UltravoxApiKey)?.clone();
        let secrets = VoiceCarrier::secret_keys().filter_map(|key| {
            let value = usable(stored, key)?.expose_secret();
            let entries = key.entries(value).map(SecretString::from);
            Some(entries.collect::<Vec<_>>())
        });
        let mut account = Self::new(agency, api_key);
        account.secrets.extend(secrets.flatten());
        Some(account)
    }
}

/// Where the account, as [`super::Ultravox::whole`] shows it, is not what is stored.
#[must_use]
pub(crate) fn issues(whole: &Value, stored: &Stored) -> Vec<Issue> {
    let mut found = Vec::new();
    for carrier in VoiceCarrier::ALL {
        let shown = whole.get(carrier.name()).unwrap_or(&Value::Null);
        judge(carrier, shown, stored, &mut found);
    }
    found
}

fn judge(carrier: VoiceCarrier, shown: &Value, stored: &Stored, found: &mut Vec<Issue>) {
    let title = carrier.title();
    let needed = carrier.fields().iter().filter(|field| field.is_needed);
    let needed: Vec<_> = needed.map(|field| field.key).collect();
    let absent = needed.iter().filter(|key| usable(stored, **key).is_none());
    let absent: Vec<CredentialKey> = absent.copied().collect();
    let agreed = agreement(carrier, shown, stored);
    let mut add = |kind, keys, what: String, mend: String| {
        found.push(Issue {
            kind,
            carrier,
            keys,
            what,
            mend,
        });
    };
    if absent.len() < needed.len() && !absent.is_empty() {
        let names: Vec<&str> = absent.iter().map(|key| key.name()).collect();
        let names = names.join(", ");
        let what = format!("{title} is stored in part: {names} missing");
        add(IssueKind::Missing, absent, what, format!("Store {names}"));
    } else if absent.is_empty() && !agreed.is_configured {
        let what = format!("{title} is stored and not known to Ultravox");
        let mend = format!("Import it: POST /api/ultravox/import-{carrier}");
        add(IssueKind::NotImported, Vec::new(), what, mend);
    }
    for difference in agreed.differences {
        let mend = format!(
            "If what is stored is right, import {title} again: POST /api/ultravox/import-{carrier}"
        );
        let keys = vec![difference.key];
        add(IssueKind::Differs, keys, difference.what, mend);
    }
    let all = shown.get("callCreationAllowAllAgents") == Some(&Value::Bool(true));
    let listed = shown
        .get("callCreationAllowedAgentIds")
        .and_then(Value::as_array);
    if agreed.is_configured && !all && listed.is_none_or(Vec::is_empty) {
        let what = format!("Ultravox lets no agent take calls of {title}");
        let mend = format!("Allow agents: PATCH /api/ultravox/telephony_configs/{carrier}");
        add(IssueKind::NoAgents, Vec::new(), what, mend);
    }
}

fn usable(stored: &Stored, key: CredentialKey) -> Option<&SecretString> {
    let value = stored.get(&key)?;
    key.entries(value.expose_secret()).next().map(|_| value)
}

#[cfg(test)]
mod tests {
    use super::issues;
    use crate::domain::{AgencyId, CredentialKey};
    use crate::providers::Account;
    use crate::providers::ultravox::Stored;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn each_issue_comes_with_how_to_mend_it() {
        let stored: Stored = [
            (CredentialKey::TwilioAccountSid, "AC1".into()),
            (CredentialKey::TwilioAuthToken, "twilios".into()),
            (CredentialKey::PlivoAuthId, "MA1".into()),
            (CredentialKey::PlivoAuthToken, " ".into()),
        ]
        .into_iter()
        .collect();
        let twilio = json!({"accountSid": "AC2", "authTokenPrefix": {"prefix": "twil"}});
        let found = issues(&json!({"twilio": twilio}), &stored);
        let said: Vec<(&str, &str)> = found
            .iter()
            .map(|issue| (issue.what.as_str(), issue.mend.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "Ultravox has another accountSid than twilio_account_sid",
                    "If what is stored is right, import Twilio again: POST /api/ultravox/import-twilio"
                ),
                (
                    "Ultravox lets no agent take calls of Twilio",
                    "Allow agents: PATCH /api/ultravox/telephony_configs/twilio"
                ),
                (
                    "Plivo is stored in part: plivo_auth_token missing",
                    "Store plivo_auth_token"
                ),
            ]
        );
        assert!(Account::of(AgencyId(Uuid::nil()), &stored).is_none());
    }
}
