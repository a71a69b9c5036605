//! From the text of a token to the person behind it.

use super::claims::Identity;
use super::error::{AuthError, Refusal};
use super::issuer::Issuer;
use super::token::Token;
use super::{fetch, mint};
use crate::clock::Clock;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;
use url::Url;

/// What tokens are verified against. With neither setting every token is refused.
#[derive(Clone, Debug, Default)]
pub struct AuthSettings {
    /// `SUPABASE_JWT_SECRET`: verifies HS256, its UTF-8 being the key.
    pub jwt_secret: Option<SecretString>,
    /// `SUPABASE_URL`: its issuer must have issued every token, and its keys verify the other
    /// algorithms.
    pub supabase_url: Option<Url>,
}

impl AuthSettings {
    /// The issuer that tokens must name (`iss`), when one is configured.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let url = self.supabase_url.as_ref()?;
        Some(format!("{}/auth/v1", url.as_str().trim_end_matches('/')))
    }
}

/// Verifies access tokens. Clones are cheap and share the issuer's keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    clock: Clock,
    secret: Option<DecodingKey>,
    issuer_name: Option<String>,
    issuer: Option<Issuer>,
}

impl Verifier {
    /// Makes a verifier. The issuer's keys are fetched on `runtime`, which is the main one:
    /// `verify` itself may be called on any.
    ///
    /// Fails with [`AuthError::Settings`] when the secret is blank, when the URL is not one of a
    /// web server, or when this machine has no TLS certificates to trust.
    pub fn new(settings: &AuthSettings, clock: Clock, runtime: Handle) -> Result<Self, AuthError> {
        let secret = settings.jwt_secret.as_ref().map(mint::usable).transpose()?;
        let issuer_name = settings.issuer();
        let issuer = issuer_name
            .as_deref()
            .map(|name| issuer(name, clock.clone(), runtime))
            .transpose()?;
        Ok(Self(Arc::new(Inner {
            clock,
            secret: secret.map(DecodingKey::from_secret),
            issuer_name,
            issuer,
        })))
    }

    /// Says whose token this is.
    ///
    /// Fails with [`AuthError::Unauthorized`] when it is not a valid one of a signed-in user, and
    /// with [`AuthError::Unavailable`] when that cannot be told for now. Waits for the issuer at
    /// most as long as one request may take (5 s).
    pub async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let token = Token::parse(token)?;
        let signed = if token.algorithm() == Algorithm::HS256 {
            // Whatever its key id: Supabase gives one to these as well and publishes no such key.
            let secret = self.0.secret.as_ref().ok_or(Refusal::NotConfigured)?;
            token.signed_by([secret])?
        } else {
            let issuer = self.0.issuer.as_ref().ok_or(Refusal::NotConfigured)?;
            let (algorithm, kid) = (token.algorithm(), token.kid());
            let keys = issuer.keys_for(algorithm, kid).await?;
            token.signed_by(keys.matching(algorithm, kid))?
        };
        let issuer = self.0.issuer_name.as_deref();
        Ok(signed.claims()?.identify(issuer, self.0.clock.now())?)
    }

    /// Fetches the issuer's keys, unless they are at hand, and says how many can be used: so that
    /// the first user need not wait, and for `doctor`. None is usual for projects that sign with
    /// the shared secret only; without an issuer there are none.
    ///
    /// Fails with [`AuthError::Unavailable`] when the issuer does not answer; the log says why.
    pub async fn fetch_keys(&self) -> Result<usize, AuthError> {
        match &self.0.issuer {
            Some(issuer) => issuer.key_count().await,
            None => Ok(0),
        }
    }

    /// Whether any token can be accepted at all.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.0.secret.is_some() || self.0.issuer.is_some()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.0.issuer_name)
            .field("has_secret", &self.0.secret.is_some())
            .finish_non_exhaustive()
    }
}

fn issuer(name: &str, clock: Clock, runtime: Handle) -> Result<Issuer, AuthError> {
    let wrong = "SUPABASE_URL must be the project's address, such as https://abc.supabase.co";
    let url = Url::parse(&format!("{name}/.well-known/jwks.json"))
        .ok()
        .filter(is_plain_web_address)
        .ok_or_else(|| AuthError::Settings(wrong.to_owned()))?;
    let client = fetch::client().map_err(|error| {
        AuthError::Settings(format!(
            "no HTTP client for the token issuer's keys: {error}"
        ))
    })?;
    Ok(Issuer::new(url, client, clock, runtime))
}

/// A query or a fragment would swallow the path appended to it; a user name would stand in logs.
fn is_plain_web_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}
