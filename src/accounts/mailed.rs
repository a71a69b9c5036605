//! Ways in by mail: a link to another password, and a code that signs in. What is answered does not
//! depend on whether anybody has the address: all of this happens after the answer.

use super::link::{address, draft, url};
use super::post::{Owed, Post};
use super::proof::Method;
use super::session::SignedIn;
use super::{AccountError, Accounts, Origin, secret};
use crate::domain::{LinkPurpose, MailKind, Timestamp};
use crate::store::{Account, Attempts, Link};
use aws_lc_rs::rand;
use secrecy::{ExposeSecret as _, SecretString};

/// The wait between two mails to one address, in seconds; it doubles up to the longest.
const PAUSE_S: i64 = 60;
const LONGEST_PAUSE_S: i64 = 3600;
/// How long a code is good, in seconds.
const CODE_S: i64 = 600;
/// Codes that there are.
const CODES: u32 = 1_000_000;

impl Accounts {
    /// Owes whoever has that address a link to another password.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn mail_reset(
        &self,
        post: &Post,
        email: &str,
        public_address: &str,
    ) -> Result<(), AccountError> {
        let Some(account) = self.mailable(email).await? else {
            return Ok(());
        };
        let whom = (None, Some(account.user));
        let (link, token) = draft(LinkPurpose::Reset, whom, self.0.clock.now())?;
        let until = link.expires_at;
        self.0.store.add_link(link).await?;
        let url = url(public_address, LinkPurpose::Reset, &token);
        let owed = self
            .owed(MailKind::Reset, account, url.into(), until)
            .await?;
        post.owe(owed).await.map(drop)
    }

    /// Owes whoever has that address a code that signs in.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn mail_code(&self, post: &Post, email: &str) -> Result<(), AccountError> {
        let Some(account) = self.mailable(email).await? else {
            return Ok(());
        };
        let (code, now) = (code()?, self.0.clock.now());
        let until = now.plus_seconds(CODE_S);
        let link = Link {
            hash: hash(&account, &code),
            purpose: LinkPurpose::Code,
            user: Some(account.user),
            agency: None,
            role: None,
            name: None,
            email: None,
            made_at: now,
            expires_at: until,
        };
        self.0.store.add_link(link).await?;
        let owed = self.owed(MailKind::Code, account, code, until).await?;
        post.owe(owed).await.map(drop)
    }

    /// Signs in with a code that was mailed.
    ///
    /// # Errors
    /// When it is wrong, was used or has run out, or too many were tried.
    pub async fn sign_in_by_code(
        &self,
        email: &str,
        code: &SecretString,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let email = address(email).unwrap_or_default();
        let subjects = vec![secret::hash(&format!("mailed code {email}"))];
        self.count_try(&subjects).await?;
        let (store, now) = (&self.0.store, self.0.clock.now());
        let account = store.account_by_email(email).await?;
        let account = account.ok_or(AccountError::LinkGone)?;
        if !store.use_link(hash(&account, code), now).await? {
            return Err(AccountError::LinkGone);
        }
        store.forget_attempts(subjects).await?;
        self.begin(account, Method::Otp, origin).await
    }

    /// The account of that address, where another mail may go there now.
    async fn mailable(&self, email: &str) -> Result<Option<Account>, AccountError> {
        let Ok(email) = address(email) else {
            return Ok(None);
        };
        let (store, now) = (&self.0.store, self.0.clock.now());
        let subjects = vec![secret::hash(&format!("mails to {email}"))];
        let (may, _) = store.count_attempts(subjects, may, now).await?;
        match may {
            true => Ok(store.account_by_email(email).await?),
            false => Ok(None),
        }
    }

    async fn owed(
        &self,
        kind: MailKind,
        account: Account,
        secret: SecretString,
        until: Timestamp,
    ) -> Result<Owed, AccountError> {
        let store = &self.0.store;
        let person = store.users(vec![account.user]).await?.into_iter().next();
        let agency = person.and_then(|person| person.agency_id);
        let mut all = store.agencies().await?.into_iter();
        let its = all.find(|sealed| Some(sealed.agency.id) == agency);
        Ok(Owed {
            kind,
            agency,
            user: Some(account.user),
            to: account.email,
            secret,
            agency_name: its.map(|sealed| sealed.agency.name),
            until,
        })
    }
}

fn may(stood: &[Attempts], now: Timestamp) -> bool {
    stood.iter().all(|attempts| {
        let doubled = u32::try_from(attempts.failures - 1)
            .ok()
            .and_then(|n| PAUSE_S.checked_shl(n.min(20)));
        let pause = doubled.map_or(0, |pause| pause.min(LONGEST_PAUSE_S));
        attempts.last_at.plus_seconds(pause) <= now
    })
}

fn hash(account: &Account, code: &SecretString) -> String {
    let code = code.expose_secret().trim();
    secret::hash(&format!("mailed code {} {code}", account.user))
}

/// Six digits, each as likely as the others.
fn code() -> Result<SecretString, AccountError> {
    let most = u32::MAX - u32::MAX % CODES;
    loop {
        let mut bytes = [0_u8; 4];
        rand::fill(&mut bytes).map_err(|_| AccountError::Machine("no randomness"))?;
        let number = u32::from_be_bytes(bytes);
        if number < most {
            return Ok(format!("{:06}", number % CODES).into());
        }
    }
}
