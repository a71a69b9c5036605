//! People whom an identity provider knows: by its own name for them, never by their address. They come
//! back from there with a code, good once, that whoever began it takes for a session of ours.

use super::opened::Opened;
use super::proof::Method;
use super::session::SignedIn;
use super::{AccountError, Accounts, Origin, secret};
use crate::domain::{Timestamp, User, UserId};
use crate::store::{Account, IdentityOf, SignInCode, StoreError};
use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long a code is good: the browser is on its way.
const CODE_S: i64 = 5 * 60;
/// What stands in the place of the address of whoever has none here: with no @ in it, so that nobody can
/// type it, and no mail opens an account past its provider.
const NO_ADDRESS: &str = "identity:";

/// What the identity provider of the settings is called where providers have names.
pub const PROVIDER: &str = "oidc";

/// Somebody, as an identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub issuer: String,
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// A sign-in that begins here and comes back from elsewhere, sealed so that it can lie in the browser
/// that began it.
const KIND: &str = "sign-in elsewhere";

impl Accounts {
    /// A code for whoever that is. Somebody who is new becomes a person without an agency.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn code_for(
        &self,
        known: Known,
        challenge: String,
    ) -> Result<SecretString, AccountError> {
        let now = self.0.clock.now();
        let user = match self.person(known.clone(), now).await {
            // Somebody else has made the same person a moment ago.
            Err(StoreError::Data(_)) => self.person(known, now).await?,
            person => person?,
        };
        let code = secret::new()?;
        let kept = SignInCode {
            hash: secret::hash(code.expose_secret()),
            challenge,
            user,
            expires_at: now.plus_seconds(CODE_S),
        };
        self.0.store.add_sign_in_code(kept, now).await?;
        Ok(code)
    }

    async fn person(&self, known: Known, now: Timestamp) -> Result<UserId, StoreError> {
        let user = UserId(Uuid::new_v4());
        let person = User {
            id: user,
            agency_id: None,
            role: None,
            name: known.name,
            email: known.email,
            sip_username: None,
        };
        let account = Account {
            user,
            email: format!("{NO_ADDRESS}{user}"),
            password: None,
            created_at: now,
            changed_at: now,
            signed_in_at: None,
        };
        let identity = IdentityOf {
            issuer: known.issuer,
            subject: known.subject,
        };
        self.0.store.person_of(identity, person, account).await
    }

    /// The session for a code, which is used up whatever comes of it.
    ///
    /// # Errors
    /// When it is not good, or the secret is not the one that it began with.
    pub async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let hash = secret::hash(code.expose_secret());
        let kept = self.0.store.take_sign_in_code(hash).await?;
        let kept = kept.ok_or(AccountError::CodeUnknown)?;
        if kept.expires_at <= self.0.clock.now() {
            return Err(AccountError::CodeLate);
        }
        let shown = challenge_of(verifier);
        if constant_time::verify_slices_are_equal(shown.as_bytes(), kept.challenge.as_bytes())
            .is_err()
        {
            return Err(AccountError::CodeOfAnother);
        }
        let account = self.0.store.account(kept.user).await?;
        let account = account.ok_or(AccountError::CodeUnknown)?;
        self.begin(account, Method::Oauth, origin).await
    }

    /// Seals what a browser keeps of a sign-in that it has begun.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn seal_flow(&self, state: &str, flow: &[u8]) -> Result<String, AccountError> {
        Ok(self.0.keyring.seal_own(KIND, state, flow)?)
    }

    /// Opens what [`Self::seal_flow`] has sealed for the same state.
    #[must_use]
    pub fn open_flow(&self, state: &str, sealed: &str) -> Option<Vec<u8>> {
        let opened = self.0.keyring.open_own(KIND, state, sealed).ok()?;
        Some(opened.to_vec())
    }
}

/// What is told of a secret (RFC 7636, S256).
#[must_use]
pub fn challenge_of(verifier: &SecretString) -> String {
    let hash = digest::digest(&digest::SHA256, verifier.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref())
}

/// A new secret, fit to stand in an address.
///
/// # Errors
/// When the machine has no randomness.
pub fn new_secret() -> Result<SecretString, AccountError> {
    secret::new()
}

impl Account {
    /// Whether an identity provider vouches for them, so that no link and no password of ours may.
    #[must_use]
    pub fn is_known_elsewhere(&self) -> bool {
        self.email.starts_with(NO_ADDRESS)
    }
}

impl Opened {
    /// The address of whoever it is: of somebody whom a provider knows, as it has told it.
    #[must_use]
    pub fn address(&self) -> &str {
        match self.account.is_known_elsewhere() {
            true => self.email.as_deref().unwrap_or_default(),
            false => &self.account.email,
        }
    }

    /// Who vouches for them, as GoTrue tells it.
    #[must_use]
    pub fn app_metadata(&self) -> Value {
        let provider = match self.account.is_known_elsewhere() {
            true => PROVIDER,
            false => "email",
        };
        json!({ "provider": provider, "providers": [provider] })
    }
}
