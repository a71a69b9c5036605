//! Tokens for development.

use super::claims::AUTHENTICATED;
use super::error::AuthError;
use crate::domain::{Timestamp, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

#[derive(Serialize)]
struct Minted<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    role: &'a str,
    exp: i64,
    iat: i64,
}

/// Makes a token for a user, signed with the shared secret (HS256), that [`super::Verifier`]
/// accepts until `lifetime_seconds` after `now`. Without an issuer it names `callboard`: nobody
/// checks it then.
///
/// Fails when the secret is blank.
pub fn mint(
    secret: &SecretString,
    user: UserId,
    issuer: Option<&str>,
    lifetime_seconds: i64,
    now: Timestamp,
) -> Result<String, AuthError> {
    let secret = usable(secret)?;
    let claims = Minted {
        iss: issuer.unwrap_or("callboard"),
        aud: AUTHENTICATED,
        sub: user.to_string(),
        role: AUTHENTICATED,
        exp: now.seconds().saturating_add(lifetime_seconds),
        iat: now.seconds(),
    };
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|error| AuthError::Settings(format!("the token could not be signed: {error}")))
}

/// The bytes of the shared secret: its UTF-8, not decoded from anything. With a blank one
/// everybody could sign.
pub(super) fn usable(secret: &SecretString) -> Result<&[u8], AuthError> {
    let text = secret.expose_secret();
    if text.trim().is_empty() {
        return Err(AuthError::Settings(
            "SUPABASE_JWT_SECRET is blank: copy the JWT secret from the Supabase project's \
             settings, or leave the variable out"
                .to_owned(),
        ));
    }
    Ok(text.as_bytes())
}
