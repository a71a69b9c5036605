//! The default agency's own settings, for a set-up with a single tenant.

use super::error::{Mistakes, Rule};
use super::keys;
use crate::domain::CredentialKey;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

const API_KEY: Rule = text_rule("TELNYX_API_KEY");
const SIP_USERNAME: Rule = text_rule("TELNYX_SIP_USERNAME");
const SIP_PASSWORD: Rule = text_rule("TELNYX_SIP_PASSWORD");
const CALLER_ID: Rule = text_rule("TELNYX_CALLER_ID");
const ULTRAVOX_KEY: Rule = text_rule("ULTRAVOX_API_KEY");
const APPLICATION_ID: Rule = Rule {
    name: "TELNYX_APPLICATION_ID",
    expected: "at most 40 characters on one line",
    fix: "copy the Voice API application's id from the Telnyx portal",
};
const PUBLIC_KEY: Rule = Rule {
    name: "TELNYX_PUBLIC_KEY",
    expected: "the base64 of 32 bytes, or several with commas between them",
    fix: "copy the public key from the Telnyx portal (Keys & Credentials, Public Key)",
};
const LONGEST: usize = 255;
const LONGEST_APPLICATION_ID: usize = 40;

const fn text_rule(name: &'static str) -> Rule {
    Rule {
        name,
        expected: "at most 255 characters on one line",
        fix: "copy it again from the provider's portal, or leave it out",
    }
}

/// The default agency's settings, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The default agency (credentials stored in the database win)")]
pub struct AgencyDefaultsSettings {
    /// Telnyx API key
    #[arg(
        long,
        env = "TELNYX_API_KEY",
        hide_env_values = true,
        value_name = "KEY",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_api_key: Option<SecretString>,
    /// Key that signs Telnyx's webhooks, base64; several with commas between them while it changes
    #[arg(
        long,
        env = "TELNYX_PUBLIC_KEY",
        value_name = "KEY[,KEY]",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_public_key: Option<String>,
    /// Telnyx Voice API application
    #[arg(
        long,
        env = "TELNYX_APPLICATION_ID",
        value_name = "ID",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_application_id: Option<String>,
    /// SIP user name where calls are transferred to when an agent has none of their own
    #[arg(
        long,
        env = "TELNYX_SIP_USERNAME",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_sip_username: Option<String>,
    /// Accepted, since set-ups of old have it, and never used
    #[arg(
        long,
        env = "TELNYX_SIP_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_sip_password: Option<SecretString>,
    /// Number to transfer from when the caller's own may not be shown
    #[arg(
        long,
        env = "TELNYX_CALLER_ID",
        value_name = "NUMBER",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_caller_id: Option<String>,
    /// Ultravox API key
    #[arg(
        long,
        env = "ULTRAVOX_API_KEY",
        hide_env_values = true,
        value_name = "KEY",
        global = true,
        hide_short_help = true
    )]
    pub ultravox_api_key: Option<SecretString>,
}

/// The default agency's settings. The agency is made at start when any is set and there is no
/// other one.
#[derive(Clone, Debug, Default)]
pub struct AgencyDefaults {
    /// Telnyx API key.
    pub telnyx_api_key: Option<SecretString>,
    /// Public keys, each the base64 of 32 bytes, with single commas between them.
    pub telnyx_public_key: Option<String>,
    /// Telnyx Voice API application.
    pub telnyx_application_id: Option<String>,
    /// The shared SIP user name.
    pub telnyx_sip_username: Option<String>,
    /// Accepted and never used.
    pub telnyx_sip_password: Option<SecretString>,
    /// The `from` of a transfer when the caller's own number may not be.
    pub telnyx_caller_id: Option<String>,
    /// Ultravox API key.
    pub ultravox_api_key: Option<SecretString>,
}

impl AgencyDefaults {
    /// Whether the environment describes an agency at all.
    #[must_use]
    pub fn any_set(&self) -> bool {
        self.telnyx_api_key.is_some()
            || self.telnyx_public_key.is_some()
            || self.telnyx_application_id.is_some()
            || self.telnyx_sip_username.is_some()
            || self.telnyx_sip_password.is_some()
            || self.telnyx_caller_id.is_some()
            || self.ultravox_api_key.is_some()
    }

    /// The same as credentials: those of them that are set.
    pub fn credentials(&self) -> impl Iterator<Item = (CredentialKey, SecretString)> {
        let plain = |value: &Option<String>| value.clone().map(SecretString::from);
        let all = [
            (CredentialKey::TelnyxApiKey, self.telnyx_api_key.clone()),
            (
                CredentialKey::TelnyxPublicKey,
                plain(&self.telnyx_public_key),
            ),
            (
                CredentialKey::TelnyxApplicationId,
                plain(&self.telnyx_application_id),
            ),
            (
                CredentialKey::TelnyxSipUsername,
                plain(&self.telnyx_sip_username),
            ),
            (CredentialKey::TelnyxCallerId, plain(&self.telnyx_caller_id)),
            (CredentialKey::UltravoxApiKey, self.ultravox_api_key.clone()),
        ];
        let all = all.into_iter();
        all.filter_map(|(key, value)| value.map(|value| (key, value)))
    }

    /// The variables that still hold an example's value, such as `your_telnyx_api_key_here`.
    #[must_use]
    pub fn placeholders(&self) -> Vec<&'static str> {
        let api_key = self
            .telnyx_api_key
            .as_ref()
            .map(ExposeSecret::expose_secret);
        let ultravox_key = self
            .ultravox_api_key
            .as_ref()
            .map(ExposeSecret::expose_secret);
        let username = self.telnyx_sip_username.as_deref();
        [
            ("TELNYX_API_KEY", api_key),
            ("TELNYX_SIP_USERNAME", username),
            ("ULTRAVOX_API_KEY", ultravox_key),
        ]
        .into_iter()
        .filter(|(_, value)| value.is_some_and(|text| text.starts_with("your_")))
        .map(|(name, _)| name)
        .collect()
    }

    pub(super) fn read(settings: &AgencyDefaultsSettings, mistakes: &mut Mistakes) -> Self {
        let mut secret = |rule, value: &Option<SecretString>| {
            mistakes.read_secret(rule, value.as_ref(), |text| {
                short(text, LONGEST).map(SecretString::from)
            })
        };
        let telnyx_api_key = secret(&API_KEY, &settings.telnyx_api_key);
        let telnyx_sip_password = secret(&SIP_PASSWORD, &settings.telnyx_sip_password);
        let ultravox_api_key = secret(&ULTRAVOX_KEY, &settings.ultravox_api_key);
        let mut plain = |rule, value: &Option<String>, longest| {
            mistakes.read_in_words(rule, value.as_ref(), |text| short(text, longest))
        };
        Self {
            telnyx_api_key,
            telnyx_sip_password,
            ultravox_api_key,
            telnyx_application_id: plain(
                &APPLICATION_ID,
                &settings.telnyx_application_id,
                LONGEST_APPLICATION_ID,
            ),
            telnyx_sip_username: plain(&SIP_USERNAME, &settings.telnyx_sip_username, LONGEST),
            telnyx_caller_id: plain(&CALLER_ID, &settings.telnyx_caller_id, LONGEST),
            telnyx_public_key: mistakes.read_in_words(
                &PUBLIC_KEY,
                settings.telnyx_public_key.as_ref(),
                keys::list_of_32_bytes,
            ),
        }
    }
}

/// The same limits as for credentials stored in the database.
fn short(text: &str, longest: usize) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("a value with control characters".to_owned());
    }
    match text.chars().count() {
        length if length > longest => Err(format!("{length} characters")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn an_agency_is_described_as_soon_as_anything_of_it_is_set() {
        assert!(!config([]).agency_defaults.any_set());
        assert!(
            !config([("TELNYX_API_KEY", ""), ("ULTRAVOX_API_KEY", "  ")])
                .agency_defaults
                .any_set()
        );
        assert!(
            config([("TELNYX_CALLER_ID", "+1234567890")])
                .agency_defaults
                .any_set()
        );
    }

    #[test]
    fn public_keys_are_listed_with_commas() {
        let defaults = config([("TELNYX_PUBLIC_KEY", &format!("{KEY} , {KEY}"))]).agency_defaults;
        assert_eq!(defaults.telnyx_public_key.unwrap(), format!("{KEY},{KEY}"));
    }

    #[test]
    fn a_public_key_of_the_wrong_length_is_counted() {
        let said = mistake([("TELNYX_PUBLIC_KEY", &format!("{KEY},AAEC"))]);
        assert!(said.contains("found 3 bytes in the 2nd key"), "{said}");
        let said = mistake([("TELNYX_PUBLIC_KEY", "your public key")]);
        assert!(said.contains("found text that is not base64"), "{said}");
    }

    #[test]
    fn a_value_that_could_not_be_stored_is_refused() {
        let said = mistake([("TELNYX_APPLICATION_ID", &"1".repeat(41))]);
        assert!(
            said.contains("at most 40 characters on one line, found 41 characters"),
            "{said}"
        );
        let said = mistake([("TELNYX_API_KEY", "KEY01\nX-Injected: yes")]);
        assert!(
            said.contains("control characters") && !said.contains("KEY01"),
            "{said}"
        );
    }
}
