//! Accounts of our own, as they lie in the database: who has one, where they are signed in, what
//! proves it. Nothing here is a secret in the clear: hashes, PHC strings and sealed texts.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, LinkPurpose, Role, Timestamp, User, UserId};
use uuid::Uuid;

/// Somebody's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: UserId,
    /// In small letters.
    pub email: String,
    /// A PHC string; none until one is chosen.
    pub password: Option<String>,
    pub created_at: Timestamp,
    /// When the password was last set.
    pub changed_at: Timestamp,
    pub signed_in_at: Option<Timestamp>,
}

/// A key that signs access tokens.
#[derive(Clone, Debug)]
pub struct SealedSigningKey {
    pub kid: String,
    /// The public half, as a JWK.
    pub public: String,
    pub sealed: String,
    pub made_at: Timestamp,
}

/// Where somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: Uuid,
    pub user: UserId,
    /// How it was proven, as JSON: what `amr` of the tokens says.
    pub methods: String,
    /// From which network.
    pub network: Option<String>,
    /// What the browser says that it is.
    pub client: Option<String>,
    pub created_at: Timestamp,
    pub refreshed_at: Timestamp,
}

/// A refresh token, of which only the hash is known.
#[derive(Clone, Debug)]
pub struct NewRefreshToken {
    pub hash: String,
    /// What it was derived with from its parent.
    pub salt: String,
}

/// What became of a refresh token that was brought.
#[derive(Clone, Debug)]
pub enum Rotated {
    /// It was good, and is used up now.
    Fresh(SessionRow),
    /// It was used a moment ago, and nobody has used what it was given: the salt of that.
    Again(SessionRow, String),
    /// It had been used before: its session is over.
    Reused(UserId),
    /// Its session is too old, and over.
    Expired,
    /// Nobody's.
    Unknown,
}

/// How old sessions and repeated refresh tokens may be.
#[derive(Clone, Copy, Debug)]
pub struct RefreshLimits {
    /// Whoever has lost the answer may ask again for so many seconds.
    pub again_s: i64,
    /// A session that was not refreshed for so many seconds is over.
    pub idle_s: i64,
    /// So is one that began so many seconds ago.
    pub longest_s: i64,
}

/// A link that is good once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub hash: String,
    pub purpose: LinkPurpose,
    /// Whose account it is about, if there is one yet.
    pub user: Option<UserId>,
    /// Where the invited will work, and as what.
    pub agency: Option<AgencyId>,
    pub role: Option<Role>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What using a link came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkUse {
    Done,
    /// Used before, run out, or never made.
    Gone,
    /// Another account has that address.
    EmailTaken,
    /// It is for somebody else than whoever came.
    OtherPerson,
    /// Whoever came is the last owner of another agency, or of this one.
    LastOwner,
}

/// For how many seconds a link is good by which somebody chooses another password.
pub const RESET_S: i64 = 60 * 60;

/// Who somebody is elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOf {
    /// Whose word it is.
    pub issuer: String,
    /// Its own name for them, which it gives to nobody else.
    pub subject: String,
}

/// A code that lets somebody in who has come back from there, of which only the hash is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInCode {
    pub hash: String,
    /// The hash of the secret that goes with it.
    pub challenge: String,
    pub user: UserId,
    pub expires_at: Timestamp,
}

/// How often somebody has tried in vain, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub failures: i32,
    pub last_at: Timestamp,
}

/// A second factor.
#[derive(Clone, Debug)]
pub struct FactorRow {
    pub id: Uuid,
    pub user: UserId,
    pub name: String,
    pub sealed: String,
    pub verified: bool,
    /// The last step of time whose code was taken.
    pub last_step: i64,
    pub created_at: Timestamp,
}

/// Each method is one query or one transaction; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Whether anybody has an account.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        query!(self, read, accounts::any())
    }

    /// The account of that address, which is in small letters.
    pub async fn account_by_email(&self, email: String) -> Result<Option<Account>, StoreError> {
        query!(self, read, accounts::by_email(email))
    }

    /// The account of that person.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        query!(self, read, accounts::of_user(user))
    }

    /// Sets a password, where there is such an account.
    pub async fn set_password(
        &self,
        user: UserId,
        password: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        query!(self, write, accounts::set_password(user, password, now))
    }

    /// Puts a password's newer hash in the place of that one.
    pub async fn rehash(&self, user: UserId, from: String, to: String) -> Result<(), StoreError> {
        query!(self, write, accounts::rehash(user, from, to))
    }

    /// Keys that sign access tokens, the newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, StoreError> {
        query!(self, read, own_keys::all())
    }

    /// Adds a key, and takes those away that were made before `forget`.
    pub async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        forget: Timestamp,
    ) -> Result<(), StoreError> {
        query!(self, write, own_keys::add(key, forget))
    }

    /// Begins a session, and ends those of this person that have run out.
    pub async fn begin_session(
        &self,
        session: SessionRow,
        token: NewRefreshToken,
        limits: RefreshLimits,
    ) -> Result<(), StoreError> {
        query!(self, write, sessions::begin(session, token, limits))
    }

    /// Takes a refresh token for the next one.
    pub async fn rotate_refresh_token(
        &self,
        hash: String,
        next: NewRefreshToken,
        limits: RefreshLimits,
        now: Timestamp,
    ) -> Result<Rotated, StoreError> {
        query!(self, write, sessions::rotate(hash, next, limits, now))
    }

    /// A session that is not over.
    pub async fn session(&self, id: Uuid) -> Result<Option<SessionRow>, StoreError> {
        query!(self, read, sessions::one(id))
    }

    /// Somebody's sessions, the latest first.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionRow>, StoreError> {
        query!(self, read, sessions::of_user(user))
    }

    /// Ends one of somebody's sessions; says whether there was one.
    pub async fn end_session(&self, user: UserId, id: Uuid) -> Result<bool, StoreError> {
        query!(self, write, sessions::end_one(user, id))
    }

    /// Ends somebody's sessions, but for that one; says how many there were.
    pub async fn end_sessions(&self, user: UserId, but: Option<Uuid>) -> Result<usize, StoreError> {
        query!(self, write, sessions::end_all(user, but))
    }

    /// Remembers how a session is proven by now.
    pub async fn prove_session(
        &self,
        id: Uuid,
        methods: String,
        token: NewRefreshToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        query!(self, write, sessions::prove(id, methods, token, now))
    }

    /// Keeps a link, and removes those that have run out.
    pub async fn add_link(&self, link: Link) -> Result<(), StoreError> {
        query!(self, write, links::add(link))
    }

    /// A link that is still good.
    pub async fn link(&self, hash: String, now: Timestamp) -> Result<Option<Link>, StoreError> {
        query!(self, read, links::good(hash, now))
    }

    /// Uses a link up; says whether it was still good.
    pub async fn use_link(&self, hash: String, now: Timestamp) -> Result<bool, StoreError> {
        query!(self, write, links::use_up(hash, now))
    }

    /// Uses a link up, and makes a person with what they signed in with; an account too, where there
    /// is one of ours.
    pub async fn accept_link(
        &self,
        hash: String,
        user: User,
        account: Option<Account>,
        now: Timestamp,
    ) -> Result<LinkUse, StoreError> {
        query!(self, write, links::accept(hash, user, account, now))
    }

    /// Whose identity that is. Of somebody who is new this person and this account are made.
    pub async fn person_of(
        &self,
        identity: IdentityOf,
        user: User,
        account: Account,
    ) -> Result<UserId, StoreError> {
        query!(
            self,
            write,
            identities::known_or_new(identity, user, account)
        )
    }

    /// Keeps a code.
    pub async fn add_sign_in_code(
        &self,
        code: SignInCode,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query!(self, write, identities::add_code(code, now))
    }

    /// Takes a code away, and says what it was.
    pub async fn take_sign_in_code(&self, hash: String) -> Result<Option<SignInCode>, StoreError> {
        query!(self, write, identities::take_code(hash))
    }

    /// Counts a try of each of these before it is made; says how it stood with them.
    pub async fn count_attempts(
        &self,
        subjects: Vec<String>,
        may: fn(&[Attempts], Timestamp) -> bool,
        now: Timestamp,
    ) -> Result<(bool, Vec<Attempts>), StoreError> {
        query!(self, write, attempts::count(subjects, may, now))
    }

    /// Whoever has succeeded begins again.
    pub async fn forget_attempts(&self, subjects: Vec<String>) -> Result<(), StoreError> {
        query!(self, write, attempts::forget(subjects))
    }

    /// Somebody's second factors.
    pub async fn factors(&self, user: UserId) -> Result<Vec<FactorRow>, StoreError> {
        query!(self, read, factors::of_user(user))
    }

    /// Adds a second factor that is not proven yet, in the place of others that never were.
    pub async fn add_factor(&self, factor: FactorRow) -> Result<(), StoreError> {
        query!(self, write, factors::add(factor))
    }

    /// Takes a code of that step, if none of it or of a later one was taken before.
    pub async fn take_step(&self, factor: Uuid, step: i64) -> Result<bool, StoreError> {
        query!(self, write, factors::take_step(factor, step))
    }

    /// Puts what only another key opens under the present one.
    pub async fn reseal_factor(
        &self,
        factor: Uuid,
        from: String,
        to: String,
    ) -> Result<bool, StoreError> {
        query!(self, write, factors::reseal(factor, from, to))
    }

    /// Every second factor of everybody.
    pub async fn all_factors(&self) -> Result<Vec<FactorRow>, StoreError> {
        query!(self, read, factors::all())
    }

    /// A factor is proven from now on; with it come recovery codes, of which only hashes are kept.
    pub async fn verify_factor(
        &self,
        user: UserId,
        factor: Uuid,
        recovery: Vec<String>,
    ) -> Result<(), StoreError> {
        query!(self, write, factors::verify(user, factor, recovery))
    }

    /// Takes a factor away, and the recovery codes with the last one.
    pub async fn remove_factor(&self, user: UserId, factor: Uuid) -> Result<bool, StoreError> {
        query!(self, write, factors::remove(user, factor))
    }

    /// Takes a recovery code, which is good once.
    pub async fn take_recovery_code(&self, user: UserId, hash: String) -> Result<bool, StoreError> {
        query!(self, write, factors::take_recovery_code(user, hash))
    }
}
