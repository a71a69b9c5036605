//! PostgreSQL: for people who grow, and what its dialect does differently.

mod lease;
mod migrate;
mod notices;
mod reach;
mod refusal;

use super::StoreError;
use super::overheard::Overheard;
use super::tls;
use crate::config::PostgresUrl;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use lease::{Lease, Pool, pool};
pub(super) use migrate::rights_sql;
use migrate::{MIGRATIONS, Migrating};
pub(crate) use notices::{NoticeEars, NoticeMouth};
use reach::Session;
use std::time::Duration;
use tokio::runtime::Handle;

use super::schema::in_callboard as schema;

#[path = "queries/mod.rs"]
pub(super) mod queries;

/// Connections that write: the journal's batch, errands, retention, somebody's settings. They are
/// not lent to readers, so that no storm of resuming clients holds up a webhook.
const WRITERS: usize = 4;
/// Connections that read.
const READERS: usize = 8;
/// Longest whole write as seen from here. The server's own limits are shorter; this one is for a
/// server that does not answer at all.
const WRITE_LIMIT: Duration = Duration::from_millis(1200);
/// Longest read as seen from here.
const READ_LIMIT: Duration = Duration::from_secs(15);
/// Commits that are on disk before they are answered, unless the server is set to wait for even more.
const ON_DISK: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/// A connection, used only on the main runtime.
pub(super) type Conn = AsyncPgConnection;

/// A connection, as a query takes it: shared, so that several can be under way.
pub(super) type Line<'a> = &'a Conn;

/// How a writing transaction begins. Behind a pooler nothing else sets these limits.
pub(super) const BEGIN_WRITE: &str = "BEGIN; SET LOCAL statement_timeout = 1000; \
     SET LOCAL lock_timeout = 800; SET LOCAL idle_in_transaction_session_timeout = 1500";
/// How a batch begins that waits for all its heads: for as long as other nodes' batches take, and not
/// for somebody who keeps one.
pub(super) const BEGIN_BATCH: &str = "BEGIN; SET LOCAL statement_timeout = 1000; \
     SET LOCAL lock_timeout = 150; SET LOCAL idle_in_transaction_session_timeout = 1500";
/// How a reading transaction begins that must see one moment of the database.
pub(super) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How numbers are looked for.
pub(super) const NUMBERS: super::numbers::Dialect = super::numbers::POSTGRES;

/// What stands before a table's name.
pub(super) const SCHEMA: &str = "callboard.";

/// The finished calls.
pub(super) const CALL_LOGS: &str = "callboard.call_logs";

/// What time it is where the database is, in microseconds since 1970.
pub(super) const DATABASE_TIME: &str =
    "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint";

/// When this database was made, and its name.
pub(super) const BIRTH: &str = "SELECT COALESCE(min(run_on)::text, '') || ' ' || current_database() \
     FROM callboard.__diesel_schema_migrations";

/// Whether there is a floor.
pub(super) const HAS_FLOOR: &str =
    "SELECT count(to_regclass('callboard.schema_floor')) AS has_floor";

/// Rows that are locked against other writers until the transaction ends.
macro_rules! locked {
    ($query:expr) => {
        $query.for_no_key_update()
    };
}

/// Of rows that are to be [`locked`], those that nobody else has.
macro_rules! locked_if_free {
    ($query:expr) => {
        $query.for_no_key_update().skip_locked()
    };
}

/// Rows that nobody has locked, locked.
macro_rules! skip_locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

/// Statements sent one after the other without waiting for the answers between: one journey instead
/// of many. The server takes them in their order; the first error is the one that is returned.
macro_rules! together {
    ($line:expr; $($query:ident($($arg:expr),*)),+) => {
        futures_util::try_join!($($query(&*$line, $($arg),*)),+)?
    };
}

/// The rows in which one of these agencies' keys stands.
macro_rules! rows_by {
    ($line:expr, $rows:expr, $table:ident, [$($column:ident),+], $keys:expr) => {
        match $keys {
            [] => Vec::new(),
            keys => {
                use $crate::store::sets::{Asked, AskedAgency, ForEach};
                let asked = $rows
                    .filter($table::agency_id.eq(AskedAgency))
                    $(.filter($table::$column.eq(Asked::column(stringify!($column)))))+;
                let columns = [$(stringify!($column)),+];
                ForEach::new(asked, columns, keys).load($line).await?
            }
        }
    };
}

/// Inserts many rows at once.
macro_rules! insert_rows {
    ($line:expr, $table:ident, $rows:expr, [$column:ident $(, $more:ident)*]) => {
        if !$rows.is_empty() {
            let head = concat!(
                "INSERT INTO callboard.", stringify!($table),
                " (", stringify!($column) $(, ", ", stringify!($more))*,
                ") SELECT ", stringify!($column) $(, ", ", stringify!($more))*,
                " FROM json_populate_recordset(NULL::callboard.", stringify!($table), ", "
            );
            let put = $crate::store::sets::PutRows::into($table::table, head, $rows, "::json)")?;
            put.execute($line).await?;
        }
    };
}

/// [`insert_rows`], or changes the rows that are there. PostgreSQL finds out by itself which of them
/// stay in their places. The key is named and not its columns: a later release may add to them while
/// this one serves.
macro_rules! upsert_rows {
    ($line:expr, $table:ident, $rows:expr, stays $stays:expr, key [$key:ident $(, $more:ident)*],
     keep [$($keep:ident),*], moves [$($moves:ident),*],
     goes_on [$goes_on:ident $(, $also:ident)*]) => {
        let _ = $stays;
        if !$rows.is_empty() {
            let head = concat!(
                "INSERT INTO callboard.", stringify!($table),
                " (", stringify!($key) $(, ", ", stringify!($more))*
                $(, ", ", stringify!($keep))* $(, ", ", stringify!($moves))*,
                ", ", stringify!($goes_on) $(, ", ", stringify!($also))*,
                ") SELECT ", stringify!($key) $(, ", ", stringify!($more))*
                $(, ", ", stringify!($keep))* $(, ", ", stringify!($moves))*,
                ", ", stringify!($goes_on) $(, ", ", stringify!($also))*,
                " FROM json_populate_recordset(NULL::callboard.", stringify!($table), ", "
            );
            let tail = concat!(
                "::json) ON CONFLICT ON CONSTRAINT ", stringify!($table), "_pkey",
                " DO UPDATE SET ", stringify!($goes_on), " = excluded.", stringify!($goes_on)
                $(, ", ", stringify!($moves), " = excluded.", stringify!($moves))*
                $(, ", ", stringify!($also), " = excluded.", stringify!($also))*
            );
            let put = $crate::store::sets::PutRows::into($table::table, head, $rows, tail)?;
            put.execute($line).await?;
        }
    };
}
pub(super) use {insert_rows, locked, locked_if_free, rows_by, skip_locked, together, upsert_rows};

/// A PostgreSQL database behind its connections.
#[derive(Clone)]
pub(super) struct Db {
    writers: Pool,
    readers: Pool,
    url: PostgresUrl,
    runtime: Handle,
}

impl Db {
    /// Sees what answers there, and makes the pools.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses us, or fails the TLS checks asked for.
    pub(super) async fn open(url: PostgresUrl, runtime: Handle) -> Result<Self, StoreError> {
        let session = reach::look(&url).await?;
        let setup = match session {
            Session::Ours => ON_DISK,
            Session::Lent => "",
        };
        Ok(Self {
            writers: pool(&session.address(&url, true), WRITERS, setup)?,
            readers: pool(&session.address(&url, false), READERS, setup)?,
            url,
            runtime,
        })
    }

    /// Applies the migrations that are missing and says how many there were.
    ///
    /// # Errors
    /// When a migration fails, another process is at it for too long, or a right is missing.
    pub(super) async fn migrate(&self) -> Result<usize, StoreError> {
        Migrating::connect(&self.url).await?.run().await
    }

    /// Listens for notices.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not answer.
    pub(super) async fn listen(
        &self,
        channel: &str,
    ) -> Result<(NoticeMouth, NoticeEars), StoreError> {
        notices::listen(&self.url, channel).await
    }

    /// The latest migration that this program knows.
    pub(super) fn known() -> Result<String, StoreError> {
        super::migrations::latest(MigrationSource::<Pg>::migrations(&MIGRATIONS))
    }

    /// How many migrations are missing.
    ///
    /// # Errors
    /// When the database cannot be read, or a right is missing.
    pub(super) async fn pending_migrations(&self) -> Result<usize, StoreError> {
        Migrating::connect(&self.url).await?.pending().await
    }

    /// Runs `work` with a connection, within the time that a write may take. The connection is
    /// handed over and back, since one whose work was dropped half-way must not be used again.
    ///
    /// # Errors
    /// What `work` returns, or that the database did not answer in time.
    pub(super) async fn write<R, F>(
        &self,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        self.run(&self.writers, WRITE_LIMIT, work).await
    }

    /// Runs `work` with a connection, within the time that a read may take.
    ///
    /// # Errors
    /// What `work` returns, or that the database did not answer in time.
    pub(super) async fn read<R, F>(
        &self,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        self.run(&self.readers, READ_LIMIT, work).await
    }

    async fn run<R, F>(
        &self,
        pool: &Pool,
        limit: Duration,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        let pool = pool.clone();
        let whole = async move {
            let (lease, result) = work(Lease::of(&pool).await?).await;
            lease.end(result)
        };
        let timed = self.runtime.spawn(tokio::time::timeout(limit, whole));
        match timed.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                self.forget_idle();
                let late = format!("no answer within {} ms", limit.as_millis());
                Err(StoreError::Unavailable(late))
            }
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// Closes the connections that nobody uses, of both kinds: the server that they lead to may be
    /// one that hangs, and each would have to be waited for. The next ones lead to whichever answers.
    fn forget_idle(&self) {
        for pool in [&self.writers, &self.readers] {
            drop(pool.retain(|_, _| false));
        }
    }
}

/// Connects as the URL asks, TLS included, and sets the connection up.
pub(super) async fn connect(
    url: &PostgresUrl,
    setup: &str,
) -> diesel::ConnectionResult<(Conn, Overheard)> {
    let refused = |error: String| {
        let text = format!("{}: {error}", url.display);
        diesel::ConnectionError::BadConnection(text)
    };
    let (mut conn, codes) = tls::connect(url).await.map_err(refused)?;
    if !setup.is_empty() {
        let done = conn.batch_execute(setup).await;
        done.map_err(|error| refused(error.to_string()))?;
    }
    Ok((conn, codes))
}
