//! What the providers' values usually look like. A provider may change its format any day, so
//! nothing here refuses: it only makes people look twice.

use super::CredentialKey;

/// A sentence of doubt when a value does not look like what its provider issues. It says what was
/// expected and holds none of the value.
pub(super) fn doubt(key: CredentialKey, value: &str) -> Option<String> {
    if let Some(odd) = super::oddity(value) {
        return Some(format!("{key} {}; stored as it is", odd.fact));
    }
    let expected = if key.entries(value).all(|entry| looks_usual(key, entry)) {
        return None;
    } else {
        usual_format(key)
    };
    Some(format!(
        "{key} has an unusual format (expected: {expected}); stored as it is"
    ))
}

fn looks_usual(key: CredentialKey, entry: &str) -> bool {
    match key {
        CredentialKey::UltravoxApiKey => is_ultravox_key(entry),
        CredentialKey::TelnyxApiKey => entry.starts_with("KEY") && all(entry, is_token),
        CredentialKey::TelnyxApplicationId | CredentialKey::TelnyxConnectionIds => {
            all(entry, |c| c.is_ascii_digit())
        }
        // Checked for good before doubts are asked for.
        CredentialKey::TelnyxPublicKey => true,
        CredentialKey::TelnyxAccountSid => all(entry, is_token),
        CredentialKey::TelnyxSipUsername => all(entry, |c| is_token(c) || c == '.'),
        CredentialKey::TelnyxSipServer => is_host_name(entry),
        CredentialKey::TelnyxCallerId => is_e164(entry),
        CredentialKey::TwilioAccountSid => entry.strip_prefix("AC").is_some_and(is_32_hex),
        CredentialKey::TwilioAuthToken => is_32_hex(entry),
        CredentialKey::PlivoAuthId => {
            (entry.starts_with("MA") || entry.starts_with("SA"))
                && entry.len() == 20
                && all(entry, |c| c.is_ascii_alphanumeric())
        }
        CredentialKey::PlivoAuthToken => {
            entry.len() == 40 && all(entry, |c| c.is_ascii_alphanumeric())
        }
    }
}

const fn usual_format(key: CredentialKey) -> &'static str {
    match key {
        CredentialKey::UltravoxApiKey => "8 letters or digits, a dot, 32 letters or digits",
        CredentialKey::TelnyxApiKey => "KEY followed by letters, digits, - and _",
        CredentialKey::TelnyxPublicKey => "base64 of 32 bytes",
        CredentialKey::TelnyxApplicationId => "digits",
        CredentialKey::TelnyxConnectionIds => "digits, comma-separated",
        CredentialKey::TelnyxAccountSid => "letters, digits and -",
        CredentialKey::TelnyxSipUsername => "the user part alone, without sip: and the domain",
        CredentialKey::TelnyxSipServer => "a host name alone, such as sip.telnyx.com",
        CredentialKey::TelnyxCallerId => "a number as +15551234567",
        CredentialKey::TwilioAccountSid => "AC followed by 32 hexadecimal digits",
        CredentialKey::TwilioAuthToken => "32 hexadecimal digits",
        CredentialKey::PlivoAuthId => "MA or SA, 20 letters and digits in all",
        CredentialKey::PlivoAuthToken => "40 letters and digits",
    }
}

fn all(text: &str, belongs: impl Fn(char) -> bool) -> bool {
    text.chars().all(belongs)
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_32_hex(text: &str) -> bool {
    text.len() == 32 && all(text, |c| c.is_ascii_hexdigit())
}

fn is_ultravox_key(text: &str) -> bool {
    text.split_once('.').is_some_and(|(id, secret)| {
        let alphanumeric = |part: &str| all(part, |c| c.is_ascii_alphanumeric());
        id.len() == 8 && secret.len() == 32 && alphanumeric(id) && alphanumeric(secret)
    })
}

fn is_host_name(text: &str) -> bool {
    text.contains('.')
        && all(text, |c| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
        })
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && all(digits, |c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::{CredentialKey, check_credential};

    const HEX_32: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn what_the_providers_issue_raises_no_doubt() {
        let usual = [
            (CredentialKey::UltravoxApiKey, format!("Ab12Cd34.{HEX_32}")),
            (CredentialKey::TelnyxApiKey, "KEY0123456789ABC_def-1".into()),
            (
                CredentialKey::TelnyxApplicationId,
                "1684641123236054244".into(),
            ),
            (CredentialKey::TelnyxConnectionIds, "168464, 168465".into()),
            (
                CredentialKey::TelnyxAccountSid,
                "9e3dc9e1-4a71-4c1c-9a0f-3d9d0f3fbb9e".into(),
            ),
            (CredentialKey::TelnyxSipUsername, "gencredAbc123".into()),
            (CredentialKey::TelnyxSipServer, "sip.telnyx.com".into()),
            (CredentialKey::TelnyxCallerId, "+15551234567".into()),
            (CredentialKey::TwilioAccountSid, format!("AC{HEX_32}")),
            (CredentialKey::TwilioAuthToken, HEX_32.into()),
            (CredentialKey::PlivoAuthId, "MAXXXXXXXXXXXXXXXXXX".into()),
            (CredentialKey::PlivoAuthToken, "a".repeat(40)),
        ];
        for (key, value) in usual {
            assert_eq!(check_credential(key, &value), Ok(None), "{key}");
        }
    }

    #[test]
    fn an_unusual_format_warns_and_shows_nothing_of_the_value() {
        let unusual = [
            (CredentialKey::UltravoxApiKey, "aBCDef.123456"),
            (CredentialKey::TelnyxApiKey, "sk_hush"),
            (CredentialKey::TelnyxApiKey, "KEY0hush "),
            (CredentialKey::TelnyxApplicationId, "hush"),
            (CredentialKey::TelnyxConnectionIds, "1,hush"),
            (CredentialKey::TelnyxAccountSid, "hush hush"),
            (CredentialKey::TelnyxSipUsername, "sip:hush@sip.telnyx.com"),
            (CredentialKey::TelnyxSipServer, "https://hush"),
            (CredentialKey::TelnyxCallerId, "555 hush"),
            (CredentialKey::TwilioAccountSid, "SKhush"),
            (CredentialKey::TwilioAuthToken, "hush"),
            (CredentialKey::PlivoAuthId, "MAhush"),
            (CredentialKey::PlivoAuthToken, "hush"),
        ];
        for (key, value) in unusual {
            let warning = check_credential(key, value).unwrap().unwrap();
            assert!(warning.starts_with(key.name()), "{warning}");
            assert!(!warning.contains("hush"), "{warning}");
        }
    }
}
