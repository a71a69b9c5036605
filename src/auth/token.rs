//! The compact form of a token: `header.payload.signature`.

use super::claims::Claims;
use super::error::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Longest token, in bytes: several times what Supabase issues, and little enough to be looked at
/// for anybody.
const MOST_BYTES: usize = 8 * 1024;

/// A token as it came: nothing of it is to be believed.
pub(super) struct Token<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// A token whose signature is right; only of such a one are the claims read.
pub(super) struct Signed<'a> {
    payload: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MOST_BYTES {
            return Err(Refusal::TooLong);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        let header: Header = json_part(header)?;
        // Extensions that a verifier must understand or refuse; we understand none.
        if header.crit.is_some() {
            return Err(Refusal::Malformed);
        }
        Ok(Self {
            algorithm: accepted(&header.alg).ok_or(Refusal::Algorithm)?,
            kid: header.kid,
            message,
            payload,
            signature,
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verifies the signature with the first of these keys that fits. A key of another kind than
    /// the algorithm's never fits: a public key does not become a secret.
    pub(super) fn signed_by<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecodingKey>,
    ) -> Result<Signed<'a>, Refusal> {
        let message = self.message.as_bytes();
        let fits = |key: &DecodingKey| {
            key.family() == self.algorithm.family()
                && crypto::verify(self.signature, message, key, self.algorithm).unwrap_or(false)
        };
        if keys.into_iter().any(fits) {
            let payload = self.payload;
            return Ok(Signed { payload });
        }
        Err(Refusal::Signature)
    }
}

impl Signed<'_> {
    pub(super) fn claims(&self) -> Result<Claims, Refusal> {
        self.read()
    }

    /// What it says, in another issuer's words.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        json_part(self.payload)
    }
}

fn accepted(algorithm: &str) -> Option<Algorithm> {
    match algorithm {
        "HS256" => Some(Algorithm::HS256),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        // The newer name of the same thing, RFC 9864.
        "EdDSA" | "Ed25519" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

fn json_part<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)
}
