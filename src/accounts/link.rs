//! Links that are good once: to set the house up, to come in, to choose another password. The token
//! stands in the fragment of an address, which browsers tell nobody, and is used by a POST alone, so
//! that whatever opens links in mails uses none up.

use super::proof::Method;
use super::session::SignedIn;
use super::{AccountError, Accounts, Origin, password, secret};
use crate::domain::{Agency, AgencyChange, AgencyId, LinkPurpose, Role, Timestamp, User, UserId};
use crate::store::{Account, Link, LinkUse, RESET_S, Store};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

const MINUTE_S: i64 = 60;
const DAY_S: i64 = 24 * 60 * MINUTE_S;

/// Whom an invitation is for.
#[derive(Clone, Debug)]
pub struct Invited {
    pub agency: AgencyId,
    pub role: Role,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// A link that was made.
pub struct NewLink {
    pub url: String,
    pub expires_at: Timestamp,
}

/// What somebody chooses who comes in by a link.
pub struct Chosen {
    pub name: Option<String>,
    pub email: Option<String>,
    pub password: SecretString,
}

/// How long a link is good.
const fn good_for_s(purpose: LinkPurpose) -> i64 {
    match purpose {
        LinkPurpose::Setup => 30 * MINUTE_S,
        LinkPurpose::Invite => 7 * DAY_S,
        LinkPurpose::Reset => RESET_S,
        LinkPurpose::Code => 10 * MINUTE_S,
    }
}

/// An address in small letters, as it is stored and looked for.
pub fn address(text: &str) -> Result<String, AccountError> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.rsplit_once('@').ok_or(AccountError::Email)?;
    let odd = |char: char| char.is_whitespace() || char.is_control();
    if name.is_empty() || host.is_empty() || text.len() > 254 || text.contains(odd) {
        return Err(AccountError::Email);
    }
    Ok(text)
}

/// A link that is not kept yet, and the token that opens it.
///
/// # Errors
/// When the machine has no randomness.
pub fn draft(
    purpose: LinkPurpose,
    (invited, user): (Option<Invited>, Option<UserId>),
    now: Timestamp,
) -> Result<(Link, SecretString), AccountError> {
    let token = secret::new()?;
    let link = Link {
        hash: secret::hash(token.expose_secret()),
        purpose,
        user,
        agency: invited.as_ref().map(|invited| invited.agency),
        role: invited.as_ref().map(|invited| invited.role),
        name: invited.as_ref().and_then(|invited| invited.name.clone()),
        email: invited.and_then(|invited| invited.email),
        made_at: now,
        expires_at: now.plus_seconds(good_for_s(purpose)),
    };
    Ok((link, token))
}

/// Where a link leads.
#[must_use]
pub fn url(address: &str, purpose: LinkPurpose, token: &SecretString) -> String {
    let page = match purpose {
        LinkPurpose::Setup => "setup",
        LinkPurpose::Invite => "invite",
        // A code leads nowhere: it is typed.
        LinkPurpose::Reset | LinkPurpose::Code => "reset",
    };
    format!("{address}/{page}#{}", token.expose_secret())
}

/// Makes a link to the page at that address.
///
/// # Errors
/// When the database is away.
pub async fn make(
    store: &Store,
    address: &str,
    purpose: LinkPurpose,
    whom: (Option<Invited>, Option<UserId>),
    now: Timestamp,
) -> Result<NewLink, AccountError> {
    let (link, token) = draft(purpose, whom, now)?;
    let expires_at = link.expires_at;
    store.add_link(link).await?;
    let url = url(address, purpose, &token);
    Ok(NewLink { url, expires_at })
}

impl Accounts {
    /// The link that sets the house up, while nobody has an account.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn setup_link(&self, address: &str) -> Result<Option<NewLink>, AccountError> {
        if self.0.store.has_accounts().await? {
            return Ok(None);
        }
        let now = self.0.clock.now();
        let link = make(
            &self.0.store,
            address,
            LinkPurpose::Setup,
            (None, None),
            now,
        );
        Ok(Some(link.await?))
    }

    /// The first owner comes in by the setup link: of the agency that there is, or of a new one.
    ///
    /// # Errors
    /// When the link is no good, or what was chosen is not.
    pub async fn set_up(
        &self,
        token: &SecretString,
        agency: Option<String>,
        chosen: Chosen,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let link = self.good(token, LinkPurpose::Setup).await?;
        let account = self.account_of(&chosen).await?;
        let agency = self.first_agency(agency).await?;
        let user = User {
            id: account.user,
            agency_id: Some(agency),
            role: Some(Role::Owner),
            name: chosen.name,
            email: Some(account.email.clone()),
            sip_username: None,
        };
        self.accepted(link, user, account, (Method::Password, origin))
            .await
    }

    /// Somebody who was invited comes in with an account of ours.
    ///
    /// # Errors
    /// When the link is no good, or what was chosen is not.
    pub async fn accept(
        &self,
        token: &SecretString,
        chosen: Chosen,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let link = self.good(token, LinkPurpose::Invite).await?;
        let held = self.held(&link).await?;
        let email = held.map(|held| held.email).or(chosen.email);
        let email = email.or_else(|| link.email.clone());
        let chosen = Chosen { email, ..chosen };
        let mut account = self.account_of(&chosen).await?;
        account.user = link.user.unwrap_or(account.user);
        let user = invited(&link, account.user, chosen.name, account.email.clone());
        self.accepted(link, user, account, (Method::Password, origin))
            .await
    }

    /// A link that opens the account without its password: of an invitation, which makes one without
    /// any yet, or of a reset.
    ///
    /// # Errors
    /// When it is no good.
    pub async fn open_link(
        &self,
        token: &SecretString,
        purpose: LinkPurpose,
        origin: Origin,
    ) -> Result<SignedIn, AccountError> {
        let link = self.good(token, purpose).await?;
        let now = self.0.clock.now();
        if purpose == LinkPurpose::Invite {
            let held = self.held(&link).await?.map(|held| held.email);
            let email = held.or_else(|| link.email.clone());
            let email = address(&email.ok_or(AccountError::Email)?)?;
            let mut account = self.new_account(email, None);
            account.user = link.user.unwrap_or(account.user);
            let user = invited(&link, account.user, None, account.email.clone());
            return self
                .accepted(link, user, account, (Method::Invite, origin))
                .await;
        }
        if !self.0.store.use_link(link.hash, now).await? {
            return Err(AccountError::LinkGone);
        }
        let user = link.user.ok_or(AccountError::LinkGone)?;
        let account = self.0.store.account(user).await?;
        let account = account.filter(|account| !account.is_known_elsewhere());
        let account = account.ok_or(AccountError::LinkGone)?;
        self.begin(account, Method::Recovery, origin).await
    }

    /// The account of whoever the link is for: somebody who was removed may have one still.
    async fn held(&self, link: &Link) -> Result<Option<Account>, AccountError> {
        match link.user {
            Some(user) => Ok(self.0.store.account(user).await?),
            None => Ok(None),
        }
    }

    async fn good(&self, token: &SecretString, purpose: LinkPurpose) -> Result<Link, AccountError> {
        let hash = secret::hash(token.expose_secret());
        let link = self.0.store.link(hash, self.0.clock.now()).await?;
        let link = link.filter(|link| link.purpose == purpose);
        link.ok_or(AccountError::LinkGone)
    }

    async fn account_of(&self, chosen: &Chosen) -> Result<Account, AccountError> {
        let email = address(chosen.email.as_deref().unwrap_or_default())?;
        password::judge(&chosen.password, &email)?;
        let hash = self.0.passwords.hash(chosen.password.clone()).await?;
        Ok(self.new_account(email, Some(hash)))
    }

    fn new_account(&self, email: String, password: Option<String>) -> Account {
        let now = self.0.clock.now();
        Account {
            user: UserId(Uuid::new_v4()),
            email,
            password,
            created_at: now,
            changed_at: now,
            signed_in_at: None,
        }
    }

    async fn accepted(
        &self,
        link: Link,
        user: User,
        account: Account,
        (method, origin): (Method, Origin),
    ) -> Result<SignedIn, AccountError> {
        let now = self.0.clock.now();
        let accepted = self
            .0
            .store
            .accept_link(link.hash, user, Some(account.clone()), now);
        match accepted.await? {
            LinkUse::Done => self.begin(account, method, origin).await,
            refused => Err(refusal(&refused)),
        }
    }

    async fn first_agency(&self, name: Option<String>) -> Result<AgencyId, AccountError> {
        let there = self.0.store.agencies().await?;
        let default = there.iter().find(|sealed| sealed.agency.is_default);
        let name = name.filter(|name| !name.trim().is_empty());
        if let Some(sealed) = default.or(there.first()) {
            let id = sealed.agency.id;
            // One that was made from the settings has no name of its own yet.
            let name = name.filter(|_| sealed.agency.is_default);
            let change = AgencyChange {
                name,
                ..AgencyChange::default()
            };
            if let Ok(change) = change.checked()
                && !change.is_empty()
            {
                self.0.store.change_agency(id, change).await?;
            }
            return Ok(id);
        }
        let agency = Agency {
            id: AgencyId(Uuid::new_v4()),
            name: name.unwrap_or_else(|| "Our agency".to_owned()),
            is_default: true,
        };
        let (id, epoch) = (agency.id, Uuid::new_v4().to_string());
        let now = self.0.clock.now();
        self.0.store.add_agency(agency, epoch, now).await?;
        Ok(id)
    }
}

/// Whoever signed in elsewhere comes in by an invitation.
///
/// # Errors
/// When it is no good.
pub async fn accept_signed_in(
    store: &Store,
    token: &SecretString,
    user: UserId,
    email: Option<String>,
    now: Timestamp,
) -> Result<User, AccountError> {
    let hash = secret::hash(token.expose_secret());
    let link = store.link(hash, now).await?;
    let link = link.filter(|link| link.purpose == LinkPurpose::Invite);
    let link = link.ok_or(AccountError::LinkGone)?;
    let known = store.users(vec![user]).await?.into_iter().next();
    let mut user = invited(&link, user, None, email.unwrap_or_default());
    if let Some(known) = known {
        user.name = known.name.or(user.name);
        let stays = known.agency_id == user.agency_id;
        user.sip_username = known.sip_username.filter(|_| stays);
    }
    user.email = user.email.filter(|email| !email.is_empty());
    match store
        .accept_link(link.hash, user.clone(), None, now)
        .await?
    {
        LinkUse::Done => Ok(user),
        refused => Err(refusal(&refused)),
    }
}

const fn refusal(refused: &LinkUse) -> AccountError {
    match refused {
        LinkUse::Done | LinkUse::Gone => AccountError::LinkGone,
        LinkUse::EmailTaken => AccountError::EmailTaken,
        LinkUse::OtherPerson => AccountError::OtherPerson,
        LinkUse::LastOwner => AccountError::LastOwner,
    }
}

fn invited(link: &Link, id: UserId, name: Option<String>, email: String) -> User {
    User {
        id,
        agency_id: link.agency,
        role: link.role,
        name: name.or_else(|| link.name.clone()),
        email: Some(email),
        sip_username: None,
    }
}
