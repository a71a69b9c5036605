//! Signing in by password.

use super::link::address;
use super::password::Verified;
use super::proof::Method;
use super::session::SignedIn;
use super::{AccountError, Accounts, Origin, secret};
use crate::domain::UserId;
use crate::store::Account;
use secrecy::SecretString;
use uuid::Uuid;

impl Accounts {
    /// Signs somebody in. An address that nobody has is answered as one whose password is wrong, after
    /// the same work.
    ///
    /// # Errors
    /// When it does not fit, or too much was tried.
    pub async fn sign_in(
        &self,
        email: &str,
        password: SecretString,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        // What is no address is nobody's.
        let email = address(email).unwrap_or_default();
        let account = self.0.store.account_by_email(email.clone()).await?;
        let subjects = self.subjects(&email, account.as_ref(), &origin).await?;
        self.count_try(&subjects).await?;
        let stored = account
            .as_ref()
            .and_then(|account| account.password.clone());
        let verified = self.0.passwords.verify(password, stored.clone()).await?;
        let (Verified::Right(anew), Some(account)) = (verified, account) else {
            return Err(AccountError::Credentials);
        };
        self.0.store.forget_attempts(subjects).await?;
        if let (Some(anew), Some(stored)) = (anew, stored) {
            self.0.store.rehash(account.user, stored, anew).await?;
        }
        self.begin(account, Method::Password, origin).await
    }

    /// What tries are counted for: the address from this network, and from everywhere unless this
    /// network is where the account is signed in.
    async fn subjects(
        &self,
        email: &str,
        account: Option<&Account>,
        origin: &Origin,
    ) -> Result<Vec<String>, AccountError> {
        // Asked for nobody too, so that it takes as long.
        let user = account.map_or(UserId(Uuid::nil()), |account| account.user);
        let sessions = self.0.store.sessions(user).await?;
        let network = origin.network.as_deref().unwrap_or("nowhere");
        let familiar =
            |session: &crate::store::SessionRow| session.network.as_deref() == Some(network);
        let here = secret::hash(&format!("{network} {email}"));
        if sessions.iter().any(familiar) {
            return Ok(vec![here]);
        }
        Ok(vec![here, secret::hash(email)])
    }
}
