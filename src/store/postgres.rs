//! PostgreSQL: for people who grow, and what its dialect does differently.

use super::StoreError;
use super::tls;
use crate::config::PostgresUrl;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt;
use std::time::Duration;
use tokio::runtime::Handle;

#[path = "queries/mod.rs"]
pub mod queries;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Connections per node: a batch at a time, some reads, room for a storm of resuming clients.
const CONNECTIONS: usize = 12;
/// Longest wait for a connection, in milliseconds.
const CONNECT: Duration = Duration::from_millis(1000);
/// Longest whole write as seen from here. The server's own limits are shorter; this one is for a
/// server that does not answer at all.
const WRITE: Duration = Duration::from_millis(1200);
/// Longest read as seen from here.
const READ: Duration = Duration::from_secs(15);
/// Any two numbers that other programs are unlikely to lock.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(1667329132, 1651466610)";

/// Our schema, and commits that are on disk before they are answered, unless the server is set to
/// wait for even more.
const SETUP: &str = "SET search_path TO callboard; \
     SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/// A connection, used only on the main runtime.
pub type Conn = AsyncPgConnection;

/// How a writing transaction begins. The server gives up before we do, so that an answer of ours is
/// rarely in doubt.
pub(super) const BEGIN_WRITE: &str =
    "BEGIN; SET LOCAL statement_timeout = '1000ms'; SET LOCAL lock_timeout = '800ms'";
/// How a reading transaction begins that must see one moment of the database.
pub(super) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The tables of ours that we may not use, and whether we may make more of them.
pub(super) const RIGHTS: &str = "SELECT \
     COALESCE(string_agg(c.relname::text, ' ' ORDER BY c.relname), '') AS refused, \
     (CASE WHEN has_schema_privilege('callboard', 'CREATE') \
     AND has_database_privilege(current_database(), 'CREATE') THEN 1 ELSE 0 END)::bigint \
     AS may_migrate \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = 'callboard' AND c.relkind = 'r' \
     AND c.relname <> '__diesel_schema_migrations' \
     AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') \
     AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))";

/// Rows that are locked against other writers until the transaction ends.
macro_rules! locked {
    ($query:expr) => {
        $query.for_no_key_update()
    };
}

/// Rows that nobody has locked, locked.
macro_rules! skip_locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

/// PostgreSQL takes 65,535 parameters in a statement; this many of our widest rows stay below.
pub(super) const ROWS_PER_STATEMENT: usize = 512;

/// Inserts many rows at once.
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {
        for rows in $rows.chunks(super::super::ROWS_PER_STATEMENT) {
            diesel::insert_into($table)
                .values(rows)
                .execute($conn)
                .await?;
        }
    };
}

/// [`insert_rows`], replacing rows that are there.
macro_rules! upsert_rows {
    ($conn:expr, $table:expr, $rows:expr, $key:expr, $set:expr) => {
        for rows in $rows.chunks(super::super::ROWS_PER_STATEMENT) {
            diesel::insert_into($table)
                .values(rows)
                .on_conflict($key)
                .do_update()
                .set($set)
                .execute($conn)
                .await?;
        }
    };
}
pub(super) use {insert_rows, locked, skip_locked, upsert_rows};

/// A PostgreSQL database behind a pool.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
    url: PostgresUrl,
    runtime: Handle,
}

impl Db {
    /// Makes the pool and tries one connection.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses us, or fails the TLS checks asked for.
    pub async fn open(url: PostgresUrl, runtime: Handle) -> Result<Self, StoreError> {
        let mut manager = ManagerConfig::<AsyncPgConnection>::default();
        manager.recycling_method = RecyclingMethod::Fast;
        let target = url.clone();
        manager.custom_setup = Box::new(move |_| {
            let target = target.clone();
            async move {
                let connecting = tokio::time::timeout(CONNECT, connect(&target));
                connecting.await.unwrap_or_else(|_| {
                    let late = "no answer within a second".to_owned();
                    Err(diesel::ConnectionError::BadConnection(late))
                })
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&url.display, manager);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let db = Self { pool, url, runtime };
        db.direct().await?;
        Ok(db)
    }

    /// Applies the migrations that are missing and says how many there were. Nodes that start
    /// together take turns by an advisory lock.
    ///
    /// # Errors
    /// When a migration fails.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        let mut turn = self.direct().await?;
        turn.batch_execute(MIGRATION_LOCK).await?;
        turn.batch_execute("CREATE SCHEMA IF NOT EXISTS callboard")
            .await?;
        let mut harness = AsyncMigrationHarness::new(self.direct().await?);
        let applied = harness.run_pending_migrations(MIGRATIONS);
        applied
            .map(|run| run.len())
            .map_err(|error| StoreError::Data(format!("a migration failed: {error}")))
    }

    /// How many migrations are missing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        let mut conn = self.direct().await?;
        let schemas = diesel::sql_query("SELECT 1 FROM pg_namespace WHERE nspname = 'callboard'")
            .execute(&mut conn)
            .await?;
        if schemas == 0 {
            // Looking would make diesel's own table, and without our schema there is no place.
            let all = MigrationSource::<Pg>::migrations(&MIGRATIONS);
            return all
                .map(|all| all.len())
                .map_err(|error| StoreError::Data(error.to_string()));
        }
        let mut harness = AsyncMigrationHarness::new(conn);
        let pending = harness.pending_migrations(MIGRATIONS);
        pending
            .map(|missing| missing.len())
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection of its own, outside the pool and its limits.
    async fn direct(&self) -> Result<Conn, StoreError> {
        let connected = connect(&self.url).await;
        connected.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Runs `work` with a connection, within the time that a write may take. The connection is
    /// handed over and back, since one whose work was dropped half-way must not be used again.
    ///
    /// # Errors
    /// What `work` returns, or that the database did not answer in time.
    pub async fn write<R, F>(
        &self,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        self.run(WRITE, work).await
    }

    /// Runs `work` with a connection, within the time that a read may take.
    ///
    /// # Errors
    /// What `work` returns, or that the database did not answer in time.
    pub async fn read<R, F>(
        &self,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        self.run(READ, work).await
    }

    async fn run<R, F>(
        &self,
        limit: Duration,
        work: impl FnOnce(Lease) -> F + Send + 'static,
    ) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: Future<Output = (Lease, Result<R, StoreError>)> + Send + 'static,
    {
        let pool = self.pool.clone();
        let whole = async move {
            let object = pool
                .get()
                .await
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            let (lease, result) = work(Lease(Some(object))).await;
            if !result.as_ref().is_err_and(StoreError::is_passing) {
                lease.give_back();
            }
            result
        };
        let timed = self.runtime.spawn(tokio::time::timeout(limit, whole));
        match timed.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(StoreError::Unavailable(format!(
                "no answer within {} ms",
                limit.as_millis()
            ))),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }
}

/// A connection out of the pool. Unless it is given back it is closed: whoever was using it was
/// cut off, and what it was in the middle of is unknown.
pub struct Lease(Option<Object<AsyncPgConnection>>);

impl Lease {
    /// The connection.
    ///
    /// # Errors
    /// None in practice: a lease holds its connection until it is given back.
    pub fn conn(&mut self) -> Result<&mut Conn, StoreError> {
        match &mut self.0 {
            Some(object) => Ok(object),
            None => Err(StoreError::Unavailable("the connection is gone".into())),
        }
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// Connects as the URL asks, TLS included, and points the connection at our schema.
async fn connect(url: &PostgresUrl) -> diesel::ConnectionResult<Conn> {
    let refused = |error: String| {
        let text = format!("{}: {error}", url.display);
        diesel::ConnectionError::BadConnection(text)
    };
    let mut conn = tls::connect(url).await.map_err(refused)?;
    conn.batch_execute(SETUP)
        .await
        .map_err(|error| refused(error.to_string()))?;
    Ok(conn)
}
