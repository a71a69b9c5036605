//! From the refusal of a token to the reason that the log and the metrics name.

use crate::auth::Refusal;
use crate::telemetry::Refused;

/// The reason in a token's refusal.
#[must_use]
pub fn token_reason(refusal: &Refusal) -> Refused {
    match refusal {
        Refusal::TooLong | Refusal::Malformed | Refusal::Algorithm => Refused::TokenMalformed,
        Refusal::NotConfigured => Refused::TokenNotConfigured,
        Refusal::NoSuchKey => Refused::KeyUnknown,
        Refusal::UnknownKey | Refusal::Signature => Refused::TokenSignature,
        Refusal::Issuer { .. } => Refused::TokenIssuer,
        Refusal::Role | Refusal::Audience | Refusal::Anonymous | Refusal::Subject => {
            Refused::TokenUser
        }
        Refusal::SecondFactor => Refused::SecondFactor,
        Refusal::Endless | Refusal::NotYet | Refusal::Expired => Refused::TokenExpired,
    }
}
