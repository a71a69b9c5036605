//! From the text of a token to the person behind it.

use super::claims::Identity;
use super::error::{AuthError, Refusal};
use super::issuer::Issuer;
use super::mint;
use super::token::Token;
use crate::accounts::{Accounts, SigningKeys};
use crate::clock::Clock;
use crate::config::Auth;
use crate::providers::http::Http;
use crate::telemetry::Metrics;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;
use url::Url;
use zeroize::Zeroizing;

/// Verifies access tokens. Clones are cheap and share the issuer's keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    clock: Clock,
    secret: Option<DecodingKey>,
    /// What the secret is the base64 of, where it is of anything.
    decoded: Option<DecodingKey>,
    has_hinted: AtomicBool,
    issuers: Vec<String>,
    issuer: Option<Issuer>,
    own: OnceLock<Own>,
}

/// The issuer that we are ourselves: its keys are at hand, and its tokens name nobody else.
struct Own {
    keys: SigningKeys,
    issuer: [String; 1],
}

impl Verifier {
    /// Makes a verifier. The issuer's keys are fetched on `runtime`, which is the main one:
    /// `verify` itself may be called on any.
    ///
    /// Fails with [`AuthError::Settings`] when the secret is blank, when the URL is not one of a
    /// web server, or when this machine has no TLS certificates to trust.
    pub fn new(
        settings: &Auth,
        clock: Clock,
        metrics: Metrics,
        runtime: Handle,
    ) -> Result<Self, AuthError> {
        let secret = settings.jwt_secret.as_ref().map(mint::usable).transpose()?;
        let project = settings.project_issuer();
        let issuer = project
            .as_deref()
            .map(|name| issuer(name, clock.clone(), metrics, runtime))
            .transpose()?;
        Ok(Self(Arc::new(Inner {
            clock,
            secret: secret.map(DecodingKey::from_secret),
            decoded: secret.and_then(decoded),
            has_hinted: AtomicBool::new(false),
            issuers: settings.accepted_issuers(),
            issuer,
            own: OnceLock::new(),
        })))
    }

    /// Believes the tokens of our own accounts, too.
    pub fn believe(&self, accounts: &Accounts) {
        let keys = accounts.keys().clone();
        let issuer = [accounts.issuer().to_owned()];
        let _ = self.0.own.set(Own { keys, issuer });
    }

    /// Says whose token this is.
    ///
    /// Fails with [`AuthError::Unauthorized`] when it is not a valid one of a signed-in user, and
    /// with [`AuthError::Unavailable`] when that cannot be told for now. Waits for the issuer at
    /// most as long as one request may take (5 s).
    pub async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let token = Token::parse(token)?;
        if let Some((identity, is_half_way)) = self.verify_own(&token).await? {
            return match is_half_way {
                true => Err(Refusal::SecondFactor.into()),
                false => Ok(identity),
            };
        }
        let signed = if token.algorithm() == Algorithm::HS256 {
            // Whatever its key id: Supabase gives one to these as well and publishes no such key.
            let secret = self.0.secret.as_ref().ok_or(Refusal::NotConfigured)?;
            let signed = token.signed_by([secret]);
            signed.inspect_err(|_| self.hint(&token))?
        } else {
            let issuer = self.0.issuer.as_ref().ok_or(self.nobodys())?;
            let (algorithm, kid) = (token.algorithm(), token.kid());
            let keys = issuer.keys_for(algorithm, kid).await?;
            token.signed_by(keys.matching(algorithm, kid))?
        };
        let now = self.0.clock.now();
        Ok(signed.claims()?.identify(&self.0.issuers, now)?)
    }

    /// Says whose token of our own this is, whether or not the second factor has been shown.
    ///
    /// Fails as [`Self::verify`] does, for tokens of other issuers too.
    pub async fn verify_session(&self, token: &str) -> Result<Identity, AuthError> {
        let own = self.verify_own(&Token::parse(token)?).await?;
        let (identity, _) = own.ok_or(Refusal::UnknownKey)?;
        Ok(identity)
    }

    /// Whose token this is, if it is signed with a key of our own; and whether it is good for showing
    /// a second factor alone.
    async fn verify_own(&self, token: &Token<'_>) -> Result<Option<(Identity, bool)>, AuthError> {
        let (Some(own), Some(kid)) = (self.0.own.get(), token.kid()) else {
            return Ok(None);
        };
        if token.algorithm() != Algorithm::ES256 {
            return Ok(None);
        }
        let key = own.keys.verifying(kid).await;
        let Some(key) = key.map_err(|_| AuthError::Unavailable)? else {
            return Ok(None);
        };
        let claims = token.signed_by([&key])?.claims()?;
        let (session, is_half_way) = (claims.session(), claims.is_half_way());
        let identity = claims.identify(&own.issuer, self.0.clock.now())?;
        let identity = Identity {
            session,
            ..identity
        };
        Ok(Some((identity, is_half_way)))
    }

    /// Why a token is refused that no issuer's keys could verify.
    fn nobodys(&self) -> Refusal {
        match self.0.own.get() {
            Some(_) => Refusal::UnknownKey,
            None => Refusal::NotConfigured,
        }
    }

    /// Says, once, when a refused token is signed with the bytes that the secret encodes: people
    /// see base64 and take it for that.
    fn hint(&self, token: &Token<'_>) {
        let fits = |decoded| token.signed_by([decoded]).is_ok();
        if self.0.decoded.as_ref().is_some_and(fits)
            && !self.0.has_hinted.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "A token was refused that is signed with the base64-decoded bytes of \
                 SUPABASE_JWT_SECRET. The secret is its text as it stands, here as at Supabase: let \
                 whoever issues the tokens sign with the text"
            );
        }
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
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuers", &self.0.issuers)
            .field("has_secret", &self.0.secret.is_some())
            .finish_non_exhaustive()
    }
}

/// What a secret is the base64 of, in any of its alphabets.
fn decoded(secret: &[u8]) -> Option<DecodingKey> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let mut decoded = engines
        .into_iter()
        .filter_map(|engine| engine.decode(secret).ok());
    let decoded = decoded.find(|bytes| !bytes.is_empty()).map(Zeroizing::new);
    decoded.map(|bytes| DecodingKey::from_secret(&bytes))
}

fn issuer(
    name: &str,
    clock: Clock,
    metrics: Metrics,
    runtime: Handle,
) -> Result<Issuer, AuthError> {
    let wrong = "SUPABASE_URL must be the project's address, such as https://abc.supabase.co";
    let url = Url::parse(&format!("{name}/.well-known/jwks.json"))
        .ok()
        .filter(is_plain_web_address)
        .ok_or_else(|| AuthError::Settings(wrong.to_owned()))?;
    let http = Http::new(clock).map_err(|error| {
        AuthError::Settings(format!(
            "the token issuer's keys cannot be fetched: {error}"
        ))
    })?;
    Ok(Issuer::new(url, http, metrics, runtime))
}

/// A query or a fragment would swallow the path appended to it; a user name would stand in logs.
fn is_plain_web_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}
