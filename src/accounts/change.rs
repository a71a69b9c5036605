//! Changing a password.

use super::opened::Opened;
use super::password::{self, Verified};
use super::{AccountError, Accounts, secret};
use crate::domain::UserId;
use crate::store::SessionRow;
use secrecy::SecretString;
use uuid::Uuid;

/// How long a link stands for the present password, in seconds.
const BY_LINK_S: i64 = 15 * 60;

impl Accounts {
    /// Sets another password for whoever has that session, and ends the others. The present one must
    /// be given, unless the session has just begun by a link; and where there is a second factor, it
    /// must have been shown.
    ///
    /// # Errors
    /// When it may not be, or the new one is no good.
    pub async fn change_password(
        &self,
        opened: &Opened,
        new: SecretString,
        present: Option<SecretString>,
    ) -> Result<(), AccountError> {
        if opened.lacks_second_factor() {
            return Err(AccountError::SecondFactorNeeded);
        }
        let (account, now) = (&opened.account, self.0.clock.now());
        password::judge(&new, &account.email)?;
        if account.password.is_some() && !opened.began_by_link(BY_LINK_S, now) {
            let present = present.ok_or(AccountError::OldPasswordMissing)?;
            self.is_present(account.user, present, account.password.clone())
                .await?;
        }
        let stored = account.password.clone();
        let same = self.0.passwords.verify(new.clone(), stored).await?;
        if same != Verified::Wrong {
            return Err(AccountError::SamePassword);
        }
        let hash = self.0.passwords.hash(new).await?;
        self.0.store.set_password(account.user, hash, now).await?;
        let this = Some(opened.session.id);
        self.0.store.end_sessions(account.user, this).await?;
        Ok(())
    }

    /// Whoever has a session may not try passwords either.
    async fn is_present(
        &self,
        user: UserId,
        present: SecretString,
        stored: Option<String>,
    ) -> Result<(), AccountError> {
        let subjects = vec![secret::hash(&format!("change {user}"))];
        self.count_try(&subjects).await?;
        match self.0.passwords.verify(present, stored).await? {
            Verified::Wrong => Err(AccountError::OldPasswordWrong),
            Verified::Right(_) => Ok(self.0.store.forget_attempts(subjects).await?),
        }
    }

    /// Somebody's sessions.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionRow>, AccountError> {
        Ok(self.0.store.sessions(user).await?)
    }

    /// Ends one of somebody's sessions; says whether there was one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_one(&self, user: UserId, session: Uuid) -> Result<bool, AccountError> {
        Ok(self.0.store.end_session(user, session).await?)
    }
}
