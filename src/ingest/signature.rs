//! Telnyx's signature: Ed25519 over `timestamp|raw body`.
//!
//! [`Verified`] is a type and not a promise: what is not verified cannot be read as a webhook.

use crate::domain::Timestamp;
use crate::telemetry::Refused;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How far the timestamp may be from our clock, either way, in seconds: what Telnyx's SDKs allow.
const TOLERANCE_SECONDS: i64 = 300;

/// A body that the agency's carrier has sent.
#[derive(Debug)]
pub struct Verified {
    body: String,
}

/// The two headers of a signature, as they arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureHeaders<'a> {
    /// `telnyx-signature-ed25519`.
    pub signature: Option<&'a str>,
    /// `telnyx-timestamp`.
    pub timestamp: Option<&'a str>,
}

/// Why a body is not believed. The caller learns only that it is not; the log learns why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing.
    #[error("telnyx-signature-ed25519 or telnyx-timestamp is missing")]
    Missing,
    /// The timestamp is no number of seconds, or too far from our clock.
    #[error("telnyx-timestamp is not within 300 s of this server's clock")]
    Stale,
    /// The agency has no public key to check with.
    #[error("the agency has no telnyx_public_key")]
    NoKey,
    /// No key of the agency made it.
    #[error("no public key of the agency fits the signature")]
    Wrong,
}

impl SignatureError {
    pub(super) const fn reason(self) -> Refused {
        match self {
            Self::Missing => Refused::SignatureMissing,
            Self::Stale => Refused::SignatureStale,
            Self::NoKey => Refused::NoPublicKey,
            Self::Wrong => Refused::SignatureWrong,
        }
    }
}

impl Verified {
    /// Checks a body against the keys of the agency: any of them may have signed.
    ///
    /// # Errors
    /// When it is not to be believed.
    pub fn check(
        body: Vec<u8>,
        headers: SignatureHeaders<'_>,
        keys: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<Self, SignatureError> {
        let (Some(signature), Some(timestamp)) = (headers.signature, headers.timestamp) else {
            return Err(SignatureError::Missing);
        };
        let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Stale)?;
        if now.seconds().saturating_sub(seconds).saturating_abs() > TOLERANCE_SECONDS {
            return Err(SignatureError::Stale);
        }
        if keys.is_empty() {
            return Err(SignatureError::NoKey);
        }
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| SignatureError::Wrong)?;
        // The header's own text was signed, not the number that it reads as.
        let mut message = Vec::with_capacity(timestamp.len() + 1 + body.len());
        message.extend_from_slice(timestamp.as_bytes());
        message.push(b'|');
        message.extend_from_slice(&body);
        let signed = keys.iter().any(|key| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(&message, &signature)
                .is_ok()
        });
        if !signed {
            return Err(SignatureError::Wrong);
        }
        Ok(Self::unsigned(body))
    }

    /// Believes a body without a signature: for `--insecure-unsigned-webhooks` on loopback alone.
    #[must_use]
    pub fn unsigned(body: Vec<u8>) -> Self {
        // A name in another encoding is no reason to lose the call.
        let body = String::from_utf8(body)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { body }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body, to be kept.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }
}
