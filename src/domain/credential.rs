//! The credentials an agency keeps with us: their names, and what is refused or only doubted
//! before one is stored.

mod format;
mod opaque;
mod public_key;

pub use opaque::oddity;
pub use public_key::parse_public_key;

use super::{Carrier, words};
use std::fmt;

/// Longest value of a credential that is not a list, and longest entry of one that is, in
/// characters.
const MOST_CHARACTERS: usize = 255;
/// Longest list, in characters: several hundred entries, and still a bounded row.
const MOST_CHARACTERS_OF_A_LIST: usize = 16_384;
/// Ultravox's own limit on the application id, in characters.
const MOST_CHARACTERS_OF_AN_APPLICATION_ID: usize = 40;

words! {
    /// The name of one credential of an agency, in the order people are shown them.
    pub enum CredentialKey {
        /// Authorises requests to Ultravox.
        UltravoxApiKey = "ultravox_api_key",
        /// Authorises requests to Telnyx.
        TelnyxApiKey = "telnyx_api_key",
        /// Verifies Telnyx's webhooks; several, comma-separated, while keys are rotated.
        TelnyxPublicKey = "telnyx_public_key",
        /// The voice application; by default also the connection whose events count.
        TelnyxApplicationId = "telnyx_application_id",
        /// The connections whose events count, comma-separated.
        TelnyxConnectionIds = "telnyx_connection_ids",
        /// The Telnyx organisation, which Ultravox asks for.
        TelnyxAccountSid = "telnyx_account_sid",
        /// Where calls ring for agents who have no SIP username of their own.
        TelnyxSipUsername = "telnyx_sip_username",
        /// The SIP domain of the agents' addresses.
        TelnyxSipServer = "telnyx_sip_server",
        /// The `from` of a transfer when the caller's own number may not be.
        TelnyxCallerId = "telnyx_caller_id",
        TwilioAccountSid = "twilio_account_sid",
        /// Authorises requests to Twilio.
        TwilioAuthToken = "twilio_auth_token",
        /// The Plivo account.
        PlivoAuthId = "plivo_auth_id",
        /// Authorises requests to Plivo.
        PlivoAuthToken = "plivo_auth_token",
    }
}

/// What an agency keeps with us for any carrier of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierCredential {
    /// Authorises requests.
    ApiKey,
    /// Verifies webhooks.
    PublicKey,
    /// The voice application; by default also the connection whose events count.
    Application,
    /// The connections whose events count.
    Connections,
    /// Where calls ring for agents who have no SIP username of their own.
    SipUsername,
    /// The SIP domain of the agents' addresses.
    SipServer,
    /// The `from` of a transfer when the caller's own number may not be.
    CallerId,
}

impl CredentialKey {
    /// What a carrier's credential is called: the one place where the two are joined.
    #[must_use]
    pub const fn of(carrier: Carrier, what: CarrierCredential) -> Self {
        match (carrier, what) {
            (Carrier::Telnyx, CarrierCredential::ApiKey) => Self::TelnyxApiKey,
            (Carrier::Telnyx, CarrierCredential::PublicKey) => Self::TelnyxPublicKey,
            (Carrier::Telnyx, CarrierCredential::Application) => Self::TelnyxApplicationId,
            (Carrier::Telnyx, CarrierCredential::Connections) => Self::TelnyxConnectionIds,
            (Carrier::Telnyx, CarrierCredential::SipUsername) => Self::TelnyxSipUsername,
            (Carrier::Telnyx, CarrierCredential::SipServer) => Self::TelnyxSipServer,
            (Carrier::Telnyx, CarrierCredential::CallerId) => Self::TelnyxCallerId,
        }
    }

    /// The key of that name. An unknown name is refused without repeating it: people swap the two
    /// sides of `KEY=VALUE`, and the value would then stand in the error.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn of_name(name: &str) -> Result<Self, CredentialError> {
        Self::from_name(name).ok_or(CredentialError::UnknownKey)
    }

    /// Whether the value holds several entries, comma-separated.
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self, Self::TelnyxPublicKey | Self::TelnyxConnectionIds)
    }

    /// The entries of a value: those of a list without blanks around them, or the value itself.
    pub fn entries(self, value: &str) -> impl Iterator<Item = &str> {
        value
            .split(move |c| self.is_list() && c == ',')
            .map(move |entry| if self.is_list() { entry.trim() } else { entry })
            .filter(|entry| !entry.trim().is_empty())
    }
}

impl fmt::Display for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a credential is not stored. No variant holds any of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// There is no credential of that name.
    #[error("there is no such credential; there are: {}", all_names())]
    UnknownKey,
    /// Nothing but blanks (or, of a list, commas).
    #[error("{0} is blank: give its value, or delete the credential")]
    Blank(CredentialKey),
    /// A line break, a tab or another control character.
    #[error("{0} contains a control character (a line break, perhaps): paste the value alone")]
    ControlCharacter(CredentialKey),
    /// Longer than what any such value is.
    #[error("{key} is too long: at most {most} characters")]
    TooLong {
        /// Whose value it is.
        key: CredentialKey,
        /// The limit, in characters.
        most: usize,
    },
    /// Not the base64 of 32 bytes.
    #[error(
        "telnyx_public_key is not a public key: each must be base64 of 32 bytes (44 characters), \
         as shown in the Telnyx portal under Keys & Credentials"
    )]
    NotAPublicKey,
    /// One of the few points of the curve for which anyone can make signatures.
    #[error(
        "telnyx_public_key is a key under which anyone could sign: copy the one shown in the \
         Telnyx portal under Keys & Credentials"
    )]
    WeakPublicKey,
}

fn all_names() -> String {
    let names: Vec<_> = CredentialKey::ALL.iter().map(|key| key.name()).collect();
    names.join(", ")
}

/// Checks a value before it is stored. `Ok(Some(warning))` means that it may be stored, but does
/// not look like what the provider issues; the warning is a sentence without any of the value.
pub fn check(key: CredentialKey, value: &str) -> Result<Option<String>, CredentialError> {
    if key.entries(value).next().is_none() {
        return Err(CredentialError::Blank(key));
    }
    if value.chars().any(char::is_control) {
        return Err(CredentialError::ControlCharacter(key));
    }
    check_length(key, value)?;
    if key == CredentialKey::TelnyxPublicKey {
        for entry in key.entries(value) {
            parse_public_key(entry)?;
        }
    }
    Ok(format::doubt(key, value))
}

fn check_length(key: CredentialKey, value: &str) -> Result<(), CredentialError> {
    let most_of_an_entry = match key {
        CredentialKey::TelnyxApplicationId => MOST_CHARACTERS_OF_AN_APPLICATION_ID,
        _ => MOST_CHARACTERS,
    };
    let too_long = |text: &str, most| text.chars().nth(most).is_some();
    if key.is_list() && too_long(value, MOST_CHARACTERS_OF_A_LIST) {
        let most = MOST_CHARACTERS_OF_A_LIST;
        return Err(CredentialError::TooLong { key, most });
    }
    if key
        .entries(value)
        .any(|entry| too_long(entry, most_of_an_entry))
    {
        let most = most_of_an_entry;
        return Err(CredentialError::TooLong { key, most });
    }
    Ok(())
}

/// What people are shown of a stored value so that they recognise it: its first four characters,
/// and never more than a quarter of it.
#[must_use]
pub fn prefix(value: &str) -> String {
    let shown = (value.chars().count() / 4).min(4);
    value.chars().take(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::{CarrierCredential, CredentialError, CredentialKey, check, prefix};
    use crate::domain::Carrier;
    use std::collections::HashSet;

    #[test]
    fn every_name_leads_back_to_its_key() {
        for key in CredentialKey::ALL {
            assert_eq!(CredentialKey::of_name(key.name()), Ok(key));
        }
        assert_eq!(CredentialKey::ALL.len(), 13);
    }

    #[test]
    fn what_any_carrier_is_given_has_a_key_of_its_own() {
        let all = [
            CarrierCredential::ApiKey,
            CarrierCredential::PublicKey,
            CarrierCredential::Application,
            CarrierCredential::Connections,
            CarrierCredential::SipUsername,
            CarrierCredential::SipServer,
            CarrierCredential::CallerId,
        ];
        for carrier in Carrier::ALL {
            let keys = all.map(|what| CredentialKey::of(carrier, what).name());
            let own = keys.iter().all(|name| name.starts_with(carrier.name()));
            let different: HashSet<&str> = keys.into_iter().collect();
            assert!(own && different.len() == all.len(), "{keys:?}");
        }
    }

    #[test]
    fn an_unknown_name_is_refused_without_repeating_it() {
        let error = CredentialKey::of_name("KEY0123SECRET").unwrap_err();
        assert!(!error.to_string().contains("SECRET"));
        assert!(error.to_string().contains("telnyx_api_key"));
    }

    #[test]
    fn a_blank_value_is_refused() {
        for blank in ["", "   ", "\u{3000}"] {
            let refused = check(CredentialKey::UltravoxApiKey, blank);
            assert_eq!(
                refused,
                Err(CredentialError::Blank(CredentialKey::UltravoxApiKey))
            );
        }
        let refused = check(CredentialKey::TelnyxConnectionIds, " , ,");
        assert_eq!(
            refused,
            Err(CredentialError::Blank(CredentialKey::TelnyxConnectionIds))
        );
    }

    #[test]
    fn control_characters_are_refused() {
        for value in ["KEY0\n", "KEY\u{0}0", "KEY\u{7f}0", "KEY\u{85}0"] {
            let refused = check(CredentialKey::TelnyxApiKey, value);
            assert_eq!(
                refused,
                Err(CredentialError::ControlCharacter(
                    CredentialKey::TelnyxApiKey
                ))
            );
        }
    }

    #[test]
    fn a_value_may_have_255_characters_and_no_more() {
        let key = CredentialKey::TelnyxSipUsername;
        assert!(check(key, &"é".repeat(255)).is_ok());
        let refused = check(key, &"é".repeat(256));
        assert_eq!(refused, Err(CredentialError::TooLong { key, most: 255 }));
    }

    #[test]
    fn a_list_may_be_longer_but_not_endless() {
        let key = CredentialKey::TelnyxConnectionIds;
        let ids = |count| vec!["1684641123236054244"; count].join(",");
        assert_eq!(check(key, &ids(100)), Ok(None));
        assert!(check(key, &ids(2_000)).is_err());
        assert!(check(key, &"1".repeat(256)).is_err());
    }

    #[test]
    fn an_application_id_may_have_40_characters_and_no_more() {
        let key = CredentialKey::TelnyxApplicationId;
        assert_eq!(check(key, &"1".repeat(40)), Ok(None));
        assert_eq!(
            check(key, &"1".repeat(41)),
            Err(CredentialError::TooLong { key, most: 40 })
        );
    }

    #[test]
    fn the_entries_of_a_list_come_without_blanks() {
        let entries: Vec<_> = CredentialKey::TelnyxConnectionIds
            .entries(" 1, 2 ,,3,")
            .collect();
        assert_eq!(entries, ["1", "2", "3"]);
        let entries: Vec<_> = CredentialKey::TelnyxApiKey.entries("KEY,1 ").collect();
        assert_eq!(entries, ["KEY,1 "]);
    }

    #[test]
    fn a_prefix_never_shows_more_than_a_quarter() {
        assert_eq!(prefix("KEY0123456789ABCDEF"), "KEY0");
        assert_eq!(prefix("12345678"), "12");
        assert_eq!(prefix("1234"), "1");
        assert_eq!(prefix("123"), "");
        assert_eq!(prefix("äöüßäöüß"), "äö");
    }
}
