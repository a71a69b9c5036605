//! Telnyx's signature: Ed25519 over `timestamp|raw body`.

use crate::carriers::{Disbelieved, WebhookError};
use crate::domain::Timestamp;
use crate::telemetry::Refused;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How far the timestamp may be from our clock, either way, in seconds: what Telnyx's SDKs allow.
const TOLERANCE_SECONDS: i64 = 300;

/// The two headers of a signature, as they arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureHeaders<'a> {
    /// `telnyx-signature-ed25519`.
    pub signature: Option<&'a str>,
    /// `telnyx-timestamp`.
    pub timestamp: Option<&'a str>,
}

/// Why a body is not believed.
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
    const fn reason(self) -> Refused {
        match self {
            Self::Missing => Refused::SignatureMissing,
            Self::Stale => Refused::SignatureStale,
            Self::NoKey => Refused::NoPublicKey,
            Self::Wrong => Refused::SignatureWrong,
        }
    }
}

impl From<SignatureError> for Disbelieved {
    fn from(error: SignatureError) -> Self {
        Self {
            reason: error.reason(),
            why: error.to_string(),
        }
    }
}

impl<'a> SignatureHeaders<'a> {
    /// Finds them among the headers.
    pub(in crate::carriers) fn read(
        header: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, WebhookError> {
        let signature = header("telnyx-signature-ed25519");
        if signature.is_none() && header("x-telnyx-signature").is_some() {
            // API v1 signs otherwise, so this could never be verified; better to say so.
            return Err(WebhookError::ApiV1);
        }
        Ok(Self {
            signature,
            timestamp: header("telnyx-timestamp"),
        })
    }

    /// Checks a body against the keys of the agency: any of them may have signed.
    pub(in crate::carriers) fn check(
        self,
        body: &[u8],
        keys: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let (Some(signature), Some(timestamp)) = (self.signature, self.timestamp) else {
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
        message.extend_from_slice(body);
        let signed = keys.iter().any(|key| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(&message, &signature)
                .is_ok()
        });
        if signed {
            Ok(())
        } else {
            Err(SignatureError::Wrong)
        }
    }
}
