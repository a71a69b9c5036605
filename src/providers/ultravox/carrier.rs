//! The carriers that Ultravox knows, and which of an agency's credentials it asks for.

use crate::domain::{CredentialKey, words};
use std::fmt;

words! {
    /// A carrier that Ultravox can call through.
    pub enum VoiceCarrier {
        Telnyx = "telnyx",
        Twilio = "twilio",
        Plivo = "plivo",
    }
}

/// A field of a carrier's configuration at Ultravox that one of the agency's credentials fills.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Ultravox's name of it.
    pub name: &'static str,
    /// Ours.
    pub key: CredentialKey,
    /// Ultravox never gives it back, but a field of that name with `Prefix` after it.
    pub is_secret: bool,
    /// Whether an import is refused without it. Ultravox's account endpoint asks for Telnyx's
    /// `accountSid` as well, the document does not; so it is sent when it is known.
    pub is_needed: bool,
}

const fn field(name: &'static str, key: CredentialKey) -> Field {
    Field {
        name,
        key,
        is_secret: false,
        is_needed: true,
    }
}

const fn secret(name: &'static str, key: CredentialKey) -> Field {
    Field {
        is_secret: true,
        ..field(name, key)
    }
}

const TELNYX: &[Field] = &[
    secret("apiKey", CredentialKey::TelnyxApiKey),
    secret("publicKey", CredentialKey::TelnyxPublicKey),
    field("applicationSid", CredentialKey::TelnyxApplicationId),
    Field {
        is_needed: false,
        ..field("accountSid", CredentialKey::TelnyxAccountSid)
    },
];
const TWILIO: &[Field] = &[
    field("accountSid", CredentialKey::TwilioAccountSid),
    secret("authToken", CredentialKey::TwilioAuthToken),
];
const PLIVO: &[Field] = &[
    field("authId", CredentialKey::PlivoAuthId),
    secret("authToken", CredentialKey::PlivoAuthToken),
];

impl VoiceCarrier {
    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Telnyx => "Telnyx",
            Self::Twilio => "Twilio",
            Self::Plivo => "Plivo",
        }
    }

    /// The fields that credentials fill, in the order in which the document names what is missing.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Telnyx => TELNYX,
            Self::Twilio => TWILIO,
            Self::Plivo => PLIVO,
        }
    }

    /// Whether a refusal names this field. Where it says of which carrier, it must be this one.
    pub(super) fn is_named(self, field: &Field, sentence: &str) -> bool {
        let mut words = sentence.split(|letter: char| !letter.is_alphanumeric() && letter != '.');
        words.any(|word| match word.trim_end_matches('.').split_once('.') {
            Some((carrier, name)) => carrier == self.name() && name == field.name,
            None => word.trim_end_matches('.') == field.name,
        })
    }

    /// The credentials that Ultravox is told and must never show, whichever carrier they are for.
    pub fn secret_keys() -> impl Iterator<Item = CredentialKey> {
        let fields = Self::ALL.into_iter().flat_map(Self::fields);
        let secret = fields
            .filter(|field| field.is_secret)
            .map(|field| field.key);
        secret.chain([CredentialKey::UltravoxApiKey])
    }

    /// The field by which one sees that a configuration is ours: the application, the account.
    #[must_use]
    pub const fn identity(self) -> Field {
        match self {
            Self::Telnyx => field("applicationSid", CredentialKey::TelnyxApplicationId),
            Self::Twilio => field("accountSid", CredentialKey::TwilioAccountSid),
            Self::Plivo => field("authId", CredentialKey::PlivoAuthId),
        }
    }
}

impl fmt::Display for VoiceCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
