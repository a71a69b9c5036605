//! What a provider says of somebody, and what of it is believed.

use super::OidcError;
use super::told::{Person, Tokens};
use crate::auth::claims::{Audience, LEEWAY_SECONDS, moment};
use crate::auth::error::AuthError;
use crate::auth::issuer::Issuer;
use crate::auth::token::Token;
use crate::domain::Timestamp;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

/// Longest name of somebody that a provider may give (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// What a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    #[serde(flatten)]
    person: Person,
}

/// Believes what the provider gave for a code: signed by a key that it publishes, by itself, for us,
/// now, and for the sign-in that this browser has begun.
pub(super) async fn verified(
    tokens: &Tokens,
    issuer: &Issuer,
    expected: &Expected<'_>,
) -> Result<Person, OidcError> {
    let refused = |why: &str| OidcError::Token(why.to_owned());
    let token = Token::parse(tokens.id_token.expose_secret());
    let token = token.map_err(|refusal| OidcError::Token(refusal.to_string()))?;
    let algorithm = token.algorithm();
    if algorithm == Algorithm::HS256 {
        return Err(refused(
            "it is signed with a shared secret, which proves nothing",
        ));
    }
    let keys = issuer.keys_for(algorithm, token.kid()).await;
    let keys = keys.map_err(|error| match error {
        AuthError::Unauthorized(refusal) => OidcError::Token(refusal.to_string()),
        other => OidcError::Away(other.to_string()),
    })?;
    let signed = token.signed_by(keys.matching(algorithm, token.kid()));
    let claims = signed.and_then(|signed| signed.read::<Claims>());
    let claims = claims.map_err(|refusal| OidcError::Token(refusal.to_string()))?;
    claims.judge(expected).map_err(refused)?;
    // What a token of another algorithm is bound with is another hash, and its nonce binds it already.
    let hashed = matches!(algorithm, Algorithm::ES256 | Algorithm::RS256);
    if hashed && !claims.is_given_with(tokens.access_token.expose_secret()) {
        return Err(refused("it was given with another access token"));
    }
    Ok(claims.person)
}

impl Claims {
    fn judge(&self, expected: &Expected<'_>) -> Result<(), &'static str> {
        if self.iss != expected.issuer {
            return Err("its issuer is another one");
        }
        if !self.aud.contains(expected.client_id) {
            return Err("it is meant for somebody else");
        }
        let authorized = self.azp.as_deref();
        if authorized.is_some_and(|party| party != expected.client_id)
            || (authorized.is_none() && self.aud.is_of_several())
        {
            return Err("it was made for another program");
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err("it is of another sign-in");
        }
        let (leeway, now) = (LEEWAY_SECONDS, expected.now);
        if moment(self.exp).plus_seconds(leeway) <= now {
            return Err("it has expired");
        }
        let early = |at: f64| moment(at) > now.plus_seconds(leeway);
        if early(self.iat) || self.nbf.is_some_and(early) {
            return Err("it is not valid yet: compare the clocks");
        }
        if self.person.sub.is_empty() || self.person.sub.len() > LONGEST_SUBJECT {
            return Err("it names nobody");
        }
        Ok(())
    }

    /// Whether it goes with that access token, as far as it says so (at_hash).
    fn is_given_with(&self, access_token: &str) -> bool {
        let hash = digest(&SHA256, access_token.as_bytes());
        let half = hash.as_ref().get(..16).unwrap_or_default();
        let told = self.at_hash.as_ref();
        told.is_none_or(|told| *told == URL_SAFE_NO_PAD.encode(half))
    }
}
