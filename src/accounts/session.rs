//! Where people are signed in: how it begins, goes on and ends.

use super::opened::Opened;
use super::proof::{Method, Proof};
use super::token::Claims;
use super::{AccountError, Accounts, Origin, secret};
use crate::domain::{Timestamp, UserId};
use crate::store::{Account, NewRefreshToken, RefreshLimits, Rotated, SessionRow};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// Whoever has lost the answer to a refresh may ask again within so many seconds, and a session that
/// nobody has refreshed for a month, or that is half a year old, is over.
const LIMITS: RefreshLimits = RefreshLimits {
    again_s: 60,
    idle_s: 30 * 24 * 3600,
    longest_s: 180 * 24 * 3600,
};
/// Longest name of a browser that is kept.
const CLIENT: usize = 200;

/// Somebody signed in: what they hold from now on.
pub struct SignedIn {
    pub opened: Opened,
    pub access_token: String,
    pub expires_at: Timestamp,
    pub refresh_token: SecretString,
}

/// Which sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Global,
    /// This one.
    Local,
    /// All but this one.
    Others,
}

impl Accounts {
    /// Begins a session of that account.
    pub(super) async fn begin(
        &self,
        account: Account,
        method: Method,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let now = self.0.clock.now();
        let proofs = [Proof { method, at: now }];
        let cut = |client: String| client.chars().take(CLIENT).collect();
        let session = SessionRow {
            id: Uuid::new_v4(),
            user: account.user,
            methods: Proof::claim(&proofs).to_string(),
            network: origin.network,
            client: origin.client.map(cut),
            created_at: now,
            refreshed_at: now,
        };
        let token = secret::new()?;
        let first = NewRefreshToken {
            hash: secret::hash(token.expose_secret()),
            salt: String::new(),
        };
        let begun = self.0.store.begin_session(session.clone(), first, LIMITS);
        begun.await?;
        let opened = self.opened(session).await?;
        self.signed(opened, token).await
    }

    /// The next tokens for a refresh token.
    ///
    /// # Errors
    /// When it is not good, which ends a session whose token was used twice.
    pub async fn refresh(&self, token: SecretString) -> Result<SignedIn, AccountError> {
        let salt = secret::new()?.expose_secret().to_owned();
        let next = secret::following(&token, &salt);
        let made = NewRefreshToken {
            hash: secret::hash(next.expose_secret()),
            salt,
        };
        let hash = secret::hash(token.expose_secret());
        let now = self.0.clock.now();
        let rotated = self.0.store.rotate_refresh_token(hash, made, LIMITS, now);
        let (session, next) = match rotated.await? {
            Rotated::Fresh(session) => (session, next),
            Rotated::Again(session, salt) => (session, secret::following(&token, &salt)),
            Rotated::Reused(user) => return Err(AccountError::RefreshReused(user)),
            Rotated::Expired => return Err(AccountError::SessionOver),
            Rotated::Unknown => return Err(AccountError::RefreshUnknown),
        };
        let opened = self.opened(session).await?;
        self.signed(opened, next).await
    }

    /// The session of that id, which its access token names.
    ///
    /// # Errors
    /// When it is over.
    pub async fn session(&self, user: UserId, id: Uuid) -> Result<Opened, AccountError> {
        let session = self.0.store.session(id).await?;
        let session = session.filter(|session| session.user == user);
        self.opened(session.ok_or(AccountError::SessionOver)?).await
    }

    pub(super) async fn opened(&self, session: SessionRow) -> Result<Opened, AccountError> {
        let store = &self.0.store;
        let account = store.account(session.user).await?;
        let account = account.ok_or(AccountError::SessionOver)?;
        let person = store.users(vec![session.user]).await?.into_iter().next();
        Ok(Opened {
            proofs: Proof::read(&session.methods),
            factors: store.factors(session.user).await?,
            email: person.as_ref().and_then(|person| person.email.clone()),
            name: person.and_then(|person| person.name),
            account,
            session,
        })
    }

    /// An access token of that session, beside its refresh token.
    pub(super) async fn signed(
        &self,
        opened: Opened,
        refresh_token: SecretString,
    ) -> Result<SignedIn, AccountError> {
        let now = self.0.clock.now();
        let claims = Claims::of(&opened, &self.0.issuer, now);
        let access_token = self.0.keys.sign(&claims).await?;
        let end = now.seconds().saturating_add(super::token::LIFETIME_S);
        Ok(SignedIn {
            expires_at: Timestamp::default().plus_seconds(end),
            access_token,
            refresh_token,
            opened,
        })
    }

    /// Ends sessions of whoever has that one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end(&self, user: UserId, session: Uuid, scope: Scope) -> Result<(), AccountError> {
        let store = &self.0.store;
        match scope {
            Scope::Global => drop(store.end_sessions(user, None).await?),
            Scope::Others => drop(store.end_sessions(user, Some(session)).await?),
            Scope::Local => drop(store.end_session(user, session).await?),
        }
        Ok(())
    }
}
