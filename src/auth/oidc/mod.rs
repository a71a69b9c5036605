//! An identity provider at which people sign in (OpenID Connect, the code flow with PKCE): where a
//! browser is sent, and who it is that comes back.
//!
//! Absent here: browsers and their cookies (`api::auth`), and what becomes of a person (`accounts`).

mod id_token;
mod provider;
mod told;

use super::issuer::Issuer;
use crate::accounts::AccountError;
use crate::accounts::identity::{Known, challenge_of, new_secret};
use crate::clock::Tick;
use crate::config::{Allowed, Oidc as Settings};
use crate::providers::http::Http;
use crate::telemetry::Metrics;
use id_token::Expected;
use provider::Provider;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use told::Person;
use url::Url;

/// How long the provider is taken to be as it has said.
const FRESH: Duration = Duration::from_secs(3600);
/// Between two requests while it is away.
const RETRY: Duration = Duration::from_secs(2);

/// The provider. Clones share what is known.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    settings: Settings,
    /// Where it sends browsers back to.
    callback: String,
    http: Http,
    metrics: Metrics,
    runtime: Handle,
    known: Mutex<Discovered>,
}

#[derive(Default)]
struct Discovered {
    provider: Option<(Arc<Provider>, Tick)>,
    failed: Option<Tick>,
}

/// What only this server and one browser know of a sign-in that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// What the provider puts into its token.
    pub nonce: SecretString,
    /// What goes with the code that it sends.
    pub verifier: SecretString,
}

/// What a browser brings back.
#[derive(Clone, Debug)]
pub struct Brought {
    pub code: SecretString,
    /// Whose word it is, where the provider says so (RFC 9207).
    pub issuer: Option<String>,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider is away, or is not what it should be: it may be another time.
    #[error("the identity provider cannot be used: {0}")]
    Away(String),
    /// It does not take the code, or us.
    #[error("the identity provider refused the code: {0}")]
    Refused(String),
    /// What it says is not to be believed.
    #[error("the identity provider's token is refused: {0}")]
    Token(String),
    /// It has let nobody through.
    #[error("the identity provider let nobody through: {0}")]
    Denied(String),
    /// Somebody whom the settings do not let in.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The machine.
    #[error(transparent)]
    Machine(#[from] AccountError),
}

impl OidcError {
    /// By the word that a provider sends a browser back with, which may be anybody's.
    #[must_use]
    pub fn denied(word: &str) -> Self {
        Self::Denied(word.escape_debug().take(60).collect())
    }
}

impl Oidc {
    /// The provider of the settings. `public_address` is where browsers know us. It is asked on
    /// `runtime`, the main one.
    #[must_use]
    pub fn new(
        settings: Settings,
        public_address: &str,
        http: Http,
        metrics: Metrics,
        runtime: Handle,
    ) -> Self {
        let callback = format!("{public_address}/auth/v1/callback");
        Self(Arc::new(Inner {
            settings,
            callback,
            http,
            metrics,
            runtime,
            known: Mutex::default(),
        }))
    }

    /// What people read on the way there.
    #[must_use]
    pub fn name(&self) -> &str {
        let host = self.0.settings.address.host_str();
        host.unwrap_or(&self.0.settings.issuer)
    }

    /// Where a browser is sent, and what is to be kept until it comes back with that `state`.
    ///
    /// # Errors
    /// When the provider cannot be asked where that is.
    pub async fn begin(&self, state: &str) -> Result<(Url, Begun), OidcError> {
        let provider = self.provider().await?;
        let begun = Begun {
            nonce: new_secret()?,
            verifier: new_secret()?,
        };
        let settings = &self.0.settings;
        let mut url = provider.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.0.callback)
            .append_pair("scope", &provider.scope(&settings.allowed))
            .append_pair("state", state)
            .append_pair("nonce", begun.nonce.expose_secret())
            .append_pair("code_challenge", &challenge_of(&begun.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok((url, begun))
    }

    /// Who has come back.
    ///
    /// # Errors
    /// When it cannot be told, or they are not to be let in.
    pub async fn finish(&self, brought: Brought, begun: Begun) -> Result<Known, OidcError> {
        let this = self.clone();
        // Whoever closes the tab must not leave the provider's connection to a worker that may end.
        let finished = self.0.runtime.spawn(async move {
            let provider = this.discovered().await?;
            this.known_by(&provider, brought, begun).await
        });
        finished
            .await
            .map_err(|error| OidcError::Away(error.to_string()))?
    }

    /// Asks the provider what it is, for `doctor`: says where browsers would be sent.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn look(&self) -> Result<String, OidcError> {
        let provider = self.provider().await?;
        let keys = provider.issuer.key_count().await;
        let keys = keys.map_err(|_| OidcError::Away("its keys cannot be fetched".to_owned()))?;
        if keys == 0 {
            let why = "it publishes no key of a kind that is accepted (ES256, RS256, EdDSA)";
            return Err(OidcError::Away(why.to_owned()));
        }
        Ok(provider.authorization.to_string())
    }

    /// Where it must send browsers back to.
    #[must_use]
    pub fn callback(&self) -> &str {
        &self.0.callback
    }

    async fn known_by(
        &self,
        provider: &Provider,
        brought: Brought,
        begun: Begun,
    ) -> Result<Known, OidcError> {
        let Inner { settings, http, .. } = &*self.0;
        provider.says_who_it_is(settings, brought.issuer.as_deref())?;
        let tokens = provider
            .exchange(
                http,
                settings,
                &self.0.callback,
                (&brought.code, &begun.verifier),
            )
            .await?;
        let expected = Expected {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce: begun.nonce.expose_secret(),
            now: http.clock().now(),
        };
        let mut person = id_token::verified(&tokens, &provider.issuer, &expected).await?;
        if person.lacks(&settings.allowed) {
            let more = provider.user_info(http, &tokens.access_token).await?;
            person.learn(more)?;
        }
        admitted(&person, &settings.allowed)?;
        Ok(Known {
            issuer: settings.issuer.clone(),
            email: person.verified_email().map(str::to_owned),
            name: person.shown_name(),
            subject: person.sub,
        })
    }

    async fn provider(&self) -> Result<Arc<Provider>, OidcError> {
        let this = self.clone();
        let asked = self.0.runtime.spawn(async move { this.discovered().await });
        asked
            .await
            .map_err(|error| OidcError::Away(error.to_string()))?
    }

    /// What is known of it, or is asked now: by one at a time.
    async fn discovered(&self) -> Result<Arc<Provider>, OidcError> {
        let Inner { settings, http, .. } = &*self.0;
        let mut known = self.0.known.lock().await;
        let now = http.clock().tick();
        if let Some((provider, at)) = &known.provider
            && now.since(*at) < FRESH
        {
            return Ok(Arc::clone(provider));
        }
        let former = known
            .provider
            .as_ref()
            .map(|(provider, _)| Arc::clone(provider));
        if known.failed.is_some_and(|at| now.since(at) < RETRY) {
            return former.ok_or_else(|| OidcError::Away("it was away a moment ago".to_owned()));
        }
        let keys_at = |url: Url| {
            let same = former.as_ref().filter(|former| former.keys_at == url);
            same.map_or_else(|| self.issuer(url.clone()), |former| former.issuer.clone())
        };
        match Provider::discover(http, settings, keys_at).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                let at = http.clock().tick();
                *known = Discovered {
                    provider: Some((Arc::clone(&provider), at)),
                    failed: None,
                };
                Ok(provider)
            }
            Err(error) => {
                // Once for each time that it goes away.
                if known.failed.replace(http.clock().tick()).is_none() {
                    tracing::warn!(issuer = %settings.issuer, "{error}");
                }
                former.ok_or(error)
            }
        }
    }

    fn issuer(&self, url: Url) -> Issuer {
        let Inner {
            http,
            metrics,
            runtime,
            ..
        } = &*self.0;
        Issuer::new(url, http.clone(), metrics.clone(), runtime.clone())
    }
}

/// Whether the settings let them in.
fn admitted(person: &Person, allowed: &Allowed) -> Result<(), OidcError> {
    let in_group = person
        .groups
        .iter()
        .any(|group| allowed.groups.contains(group));
    if allowed.everybody || in_group {
        return Ok(());
    }
    if allowed.domains.is_empty() {
        return Err(OidcError::NotAllowed(
            "they are in none of the groups of OIDC_ALLOWED",
        ));
    }
    let Some(email) = person.verified_email() else {
        let why = "the provider gives no address of theirs that it has verified (email_verified)";
        return Err(OidcError::NotAllowed(why));
    };
    let domain = email
        .rsplit_once('@')
        .map(|(_, domain)| domain.to_lowercase());
    match domain.is_some_and(|domain| allowed.domains.contains(&domain)) {
        true => Ok(()),
        false => Err(OidcError::NotAllowed(
            "they are not among those of OIDC_ALLOWED",
        )),
    }
}
