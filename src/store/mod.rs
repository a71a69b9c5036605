//! All SQL. The queries are written once (`queries/`) and compiled once for SQLite and once for
//! PostgreSQL; what the dialects do differently lies in `sqlite.rs` and `postgres.rs`.

mod account_rows;
mod agent_rows;
pub mod batch;
mod claim_rows;
mod error;
mod fixed;
mod hosts;
mod journal_rows;
mod key_rows;
mod leg_facts;
mod log_rows;
mod named;
mod overheard;
mod participants;
mod places;
mod postgres;
mod rows;
mod schema;
mod sets;
mod settings;
mod sqlite;
mod tls;
mod trouble;

pub use error::StoreError;
pub use logs::{LogFilter, LogWords, WordsWritten, stats_sql};
pub use named::Named;
pub use numbers::NumberFilter;
pub(crate) use postgres::{NoticeEars, NoticeMouth};
pub(crate) use tls::read_roots;
pub use trouble::Trouble;

use crate::config::DatabaseUrl;
use crate::domain::{
    Agency, AgencyId, AgencySettings, Agent, Call, CallId, Carrier, LegHandle, Status, Timestamp,
    UserId,
};
use crate::view::Published;
use batch::{BatchKeys, Head, Loaded, Writes};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The database, whichever it is. Clones share its connections.
#[derive(Clone)]
pub struct Store(Backend, Arc<Queries>);

/// How many queries were begun, by what they do.
#[derive(Default)]
struct Queries {
    read: AtomicU64,
    write: AtomicU64,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // There is one for each server.
enum Backend {
    Sqlite(sqlite::Db),
    Postgres(postgres::Db),
}

/// An agency's board, as the database has it.
#[derive(Clone, Debug)]
pub struct StoredBoard {
    /// Where its numbering stands.
    pub head: Head,
    /// The calls that have not ended.
    pub calls: Vec<Call>,
    /// Everybody who may take one.
    pub agents: Vec<Agent>,
}

/// Which order pending calls come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The guide's order.
    NewestFirst,
    /// The order in which they should be answered.
    OldestFirst,
}

/// Which calls a page shows. Every filter narrows.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Any of these.
    pub statuses: Option<Vec<Status>>,
    /// Began at or after.
    pub since: Option<Timestamp>,
    /// Began before.
    pub until: Option<Timestamp>,
    /// Came from or went to this number.
    pub number: Option<NumberFilter>,
    /// Is, or was, this person's.
    pub answered_by: Option<UserId>,
    /// Comes after this call in the order of pages.
    pub before: Option<(Timestamp, CallId)>,
    /// At most so many.
    pub limit: i64,
}

/// An agency with its credentials as they lie in the database.
#[derive(Clone, Debug)]
pub struct SealedAgency {
    pub agency: Agency,
    /// How it works.
    pub settings: AgencySettings,
    /// Its wrapped data key, once a credential is stored.
    pub data_key: Option<String>,
    pub credentials: Vec<SealedCredential>,
}

/// A credential that only the agency's data key opens.
#[derive(Clone, Debug)]
pub struct SealedCredential {
    /// Which credential it is.
    pub name: String,
    /// Counts its changes; bound into the seal.
    pub version: i64,
    /// The ciphertext.
    pub sealed: String,
}

/// A stored webhook's place in the order of keys, its outcome, when it came, and its body.
#[derive(Clone, Debug)]
pub struct KeptWebhook {
    /// By which it is known within the agency.
    pub key: Named,
    /// What became of it.
    pub outcome: String,
    /// When our listener heard.
    pub received_at: Timestamp,
    /// As sent.
    pub body: String,
}

impl KeptWebhook {
    /// Who sent it; none for a carrier that only a newer version knows.
    #[must_use]
    pub fn carrier(&self) -> Option<Carrier> {
        Carrier::from_name(&self.key.carrier)
    }
}

/// Runs one query of `queries/` on whichever database this is: on SQLite inside a thread that may
/// block, on PostgreSQL as a task of the main runtime. Either way a caller that goes away (a closed
/// browser tab) cannot cut a transaction in two.
macro_rules! query {
    ($store:expr, $access:ident, $module:ident :: $query:ident ( $($arg:expr),* )) => {{
        $store.1.$access.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match &$store.0 {
            Backend::Sqlite(db) => {
                db.$access(move |conn| {
                    sqlite::finish(sqlite::queries::$module::$query(conn, $($arg),*))
                })
                .await
            }
            Backend::Postgres(db) => {
                db.$access(move |mut lease| async move {
                    let result = match lease.conn() {
                        Ok(conn) => postgres::queries::$module::$query(conn, $($arg),*).await,
                        Err(error) => Err(error),
                    };
                    (lease, result)
                })
                .await
            }
        }
    }};
}

// After the macro, which they use.
mod accounts;
pub mod agents;
mod checkup;
mod credentials;
mod errands;
mod floor;
pub mod forget;
pub mod kept;
mod keys;
mod logs;
mod mails;
mod migrations;
mod notices;
mod numbers;
mod people;
mod seats;

pub use accounts::{
    Account, Attempts, FactorRow, IdentityOf, Link, LinkUse, NewRefreshToken, RESET_S,
    RefreshLimits, Rotated, SealedSigningKey, SessionRow, SignInCode,
};
pub use checkup::{Rights, ToCheck, WebhookTally};
pub use credentials::{AgencyCredentials, KeptCredential};
pub use errands::HeldClaim;
pub use mails::MailRow;
pub use seats::{Gone, Manager, NotChanged, PersonChange, Roster};

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Opens the database. `runtime` is the main one, where its work is done.
    pub async fn open(url: &DatabaseUrl, runtime: Handle) -> Result<Self, StoreError> {
        if let Some(doubt) = Self::doubt(url) {
            tracing::warn!("{doubt}");
        }
        let backend = match url {
            DatabaseUrl::Sqlite { path } => Backend::Sqlite(sqlite::Db::open(path, runtime).await?),
            DatabaseUrl::Postgres(url) => {
                Backend::Postgres(postgres::Db::open(url.clone(), runtime).await?)
            }
        };
        Ok(Self(backend, Arc::default()))
    }

    /// What may disappoint about where the database is, though it works.
    #[must_use]
    pub fn doubt(url: &DatabaseUrl) -> Option<Trouble> {
        match url {
            DatabaseUrl::Sqlite { path } => sqlite::file::doubt(path),
            DatabaseUrl::Postgres(_) => None,
        }
    }

    /// Carries SQLite's log over into the file, beside the writer, until `stop`; PostgreSQL has its own.
    pub async fn carry_over(self, stop: CancellationToken) {
        match &self.0 {
            Backend::Sqlite(db) => {
                stop.run_until_cancelled(db.carry_over()).await;
            }
            Backend::Postgres(_) => stop.cancelled().await,
        }
    }

    /// How many reads were asked of the database since it was opened.
    #[cfg(feature = "proving")]
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.1.read.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// How many transactions that may write were asked for since it was opened.
    #[cfg(feature = "proving")]
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.1.write.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Applies the migrations that are missing and says how many there were. Must be called on a
    /// multi-thread runtime.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        self.check_floor().await?;
        match &self.0 {
            Backend::Sqlite(db) => db.migrate().await,
            Backend::Postgres(db) => db.migrate().await,
        }
    }

    /// How many migrations are missing.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        self.check_floor().await?;
        self.missing_migrations().await
    }

    async fn missing_migrations(&self) -> Result<usize, StoreError> {
        match &self.0 {
            Backend::Sqlite(db) => db.pending_migrations().await,
            Backend::Postgres(db) => db.pending_migrations().await,
        }
    }

    /// Runs one batch of the journal; see [`batch`].
    pub async fn commit<R: Send + 'static>(
        &self,
        keys: BatchKeys,
        now: Timestamp,
        apply: impl FnOnce(Loaded) -> Result<(Writes, R), StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        query!(self, write, batch::commit(keys, now, apply))
    }

    /// Runs one batch to its end and takes it back.
    pub async fn rehearse(
        &self,
        keys: BatchKeys,
        now: Timestamp,
        apply: impl FnOnce(Loaded) -> Result<Writes, StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        query!(self, write, batch::rehearse(keys, now, apply))
    }

    /// An agency's numbering, open calls and agents at one moment.
    pub async fn board(&self, agency: AgencyId) -> Result<Option<StoredBoard>, StoreError> {
        query!(self, read, calls::board(agency))
    }

    /// The calls that ring and that nobody has claimed.
    pub async fn pending(
        &self,
        agency: AgencyId,
        order: Pending,
        limit: i64,
    ) -> Result<Vec<Call>, StoreError> {
        query!(self, read, calls::pending(agency, order, limit))
    }

    /// One page of an agency's calls, newest first.
    pub async fn calls(
        &self,
        agency: AgencyId,
        filter: CallFilter,
    ) -> Result<Vec<Call>, StoreError> {
        query!(self, read, calls::page(agency, filter))
    }

    /// One call of an agency.
    pub async fn call(&self, agency: AgencyId, call: CallId) -> Result<Option<Call>, StoreError> {
        query!(self, read, calls::one(agency, call))
    }

    /// The call whose caller's leg has that handle.
    pub async fn call_of_leg(
        &self,
        agency: AgencyId,
        handle: LegHandle,
    ) -> Result<Option<Call>, StoreError> {
        query!(self, read, calls::of_leg(agency, handle))
    }

    /// Where these agencies' numberings stand.
    pub async fn heads(
        &self,
        agencies: Vec<AgencyId>,
    ) -> Result<Vec<(AgencyId, Head)>, StoreError> {
        query!(self, read, events::heads(agencies))
    }

    /// Where every agency's numbering stands.
    pub async fn all_heads(&self) -> Result<Vec<(AgencyId, Head)>, StoreError> {
        query!(self, read, events::all_heads())
    }

    /// The events after `seq`, oldest first.
    pub async fn events_since(
        &self,
        agency: AgencyId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<Published>, StoreError> {
        query!(self, read, events::since(agency, seq, limit))
    }

    /// The timeline of one call.
    pub async fn events_of(
        &self,
        agency: AgencyId,
        call: CallId,
    ) -> Result<Vec<Published>, StoreError> {
        query!(self, read, events::of_call(agency, call))
    }

    /// Gives every agency's numbering a new epoch and says how many there were.
    pub async fn renew_epoch(&self, epoch: String) -> Result<usize, StoreError> {
        query!(self, write, events::renew_epoch(epoch))
    }

    /// A number that grows with every change of agencies, people and credentials.
    pub async fn directory_version(&self) -> Result<i64, StoreError> {
        query!(self, read, directory::version())
    }

    /// Every agency with its sealed credentials.
    pub async fn agencies(&self) -> Result<Vec<SealedAgency>, StoreError> {
        query!(self, read, directory::agencies())
    }

    /// Adds an agency, with an epoch for its numbering.
    pub async fn add_agency(
        &self,
        agency: Agency,
        epoch: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query!(self, write, directory::add_agency(agency, epoch, now))
    }
}

fn parse_agency(text: &str) -> Result<AgencyId, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("agency_id: {text:?} is no UUID")))
}
