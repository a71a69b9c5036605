//! SQLite: the embedded database, and what its dialect does differently.

pub(super) mod file;
mod traces;

pub(super) use file::HAS_FLOOR;

use super::StoreError;
use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use file::{Files, Opened};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};

use super::schema::plain as schema;

#[path = "queries/mod.rs"]
pub(super) mod queries;

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How many connections read at once. SQLite readers never wait for the writer in WAL mode.
const READERS: usize = 4;

/// A connection, used only on threads that may block.
pub(super) type Conn = SyncConnectionWrapper<SqliteConnection, Inline>;

/// A connection, as a query takes it.
pub(super) type Line<'a> = &'a mut Conn;

/// Runs statements where they stand: the whole transaction already sits on a blocking thread, so a
/// hop per statement would only cost time.
#[derive(Debug)]
pub(super) struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        futures_util::future::ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// How a writing transaction begins: with the write lock, so that it cannot lose it half-way.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// How a batch begins.
pub(super) const BEGIN_BATCH: &str = BEGIN_WRITE;
/// How a reading transaction begins that must see one moment of the database.
pub(super) const BEGIN_SNAPSHOT: &str = "BEGIN DEFERRED";

/// How numbers are looked for.
pub(super) const NUMBERS: super::numbers::Dialect = super::numbers::SQLITE;

/// What stands before a table's name.
pub(super) const SCHEMA: &str = "";

/// The finished calls.
pub(super) const CALL_LOGS: &str = "call_logs";

/// What time it is where the database is, which is here.
pub(super) const DATABASE_TIME: &str =
    "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";

/// When this database was made.
pub(super) const BIRTH: &str = "SELECT COALESCE(min(run_on), '') FROM __diesel_schema_migrations";

/// Who may open the file may do everything in it; whether the file can be written to shows in
/// writing.
pub(super) fn rights_sql() -> String {
    "SELECT '' AS refused, '' AS to_migrate".to_owned()
}

/// SQLite has one writer at a time, so its begin is lock enough.
macro_rules! locked {
    ($query:expr) => {
        $query
    };
}

/// Whoever has begun holds all there is.
macro_rules! locked_if_free {
    ($query:expr) => {
        $query
    };
}

/// Statements one after the other, each at its end when the next begins: nothing here waits for an
/// answer from afar.
macro_rules! together {
    ($line:expr; $($query:ident($($arg:expr),*)),+) => {
        ($($query(&mut *$line, $($arg),*).await?),+)
    };
}

/// The rows in which one of these agencies' keys stands.
macro_rules! rows_by {
    ($line:expr, $rows:expr, $table:ident, [$($column:ident),+], $keys:expr) => {
        match $keys {
            [] => Vec::new(),
            [(agency, key)] => {
                let [$($column),+] = $crate::store::named::Texts::texts(key);
                let found = $rows
                    .filter($table::agency_id.eq(agency.to_string()))
                    $(.filter($table::$column.eq($column)))+;
                found.load($line).await?
            }
            keys => {
                use $crate::store::fixed::Among;
                let columns = ($table::agency_id, $($table::$column),+);
                let among = Among::new(columns, keys)?;
                $rows.filter(among).load($line).await?
            }
        }
    };
}

/// Inserts rows. diesel-async cannot insert many at once into SQLite; a loop of cached statements
/// inside one transaction is as quick there.
macro_rules! insert_rows {
    ($line:expr, $table:ident, $rows:expr, [$($column:ident),+]) => {
        for row in $rows {
            diesel::insert_into($table::table)
                .values(row)
                .execute($line)
                .await?;
        }
    };
}

/// [`insert_rows`], or changes the rows that are there. Where it is known that a row is there and
/// `stays` in its place in the indexes, only what `goes_on` is set.
macro_rules! upsert_rows {
    ($line:expr, $table:ident, $rows:expr, stays $stays:expr, key [$($key:ident),+],
     keep [$($keep:ident),*], moves [$($moves:ident),*], goes_on [$($goes_on:ident),+]) => {
        for row in $rows {
            if $stays(row) {
                let there = $table::table$(.filter($table::$key.eq(&row.$key)))+;
                let update = diesel::update(there)
                    .set(($($table::$goes_on.eq(&row.$goes_on),)+));
                $crate::store::fixed::Fixed(update).execute($line).await?;
            } else {
                let upsert = diesel::insert_into($table::table)
                    .values(row)
                    .on_conflict(($($table::$key,)+))
                    .do_update()
                    .set((
                        $($table::$moves.eq(diesel::upsert::excluded($table::$moves)),)*
                        $($table::$goes_on.eq(diesel::upsert::excluded($table::$goes_on)),)+
                    ));
                $crate::store::fixed::Fixed(upsert).execute($line).await?;
            }
        }
    };
}

/// With one writer at a time, no row is anybody else's.
macro_rules! skip_locked {
    ($query:expr) => {
        $query
    };
}
pub(super) use {insert_rows, locked, locked_if_free, rows_by, skip_locked, together, upsert_rows};

/// An open SQLite database: one writer, several readers.
#[derive(Clone)]
pub(super) struct Db {
    writer: Arc<Pool>,
    readers: Arc<Pool>,
    runtime: Handle,
    writes: Arc<AtomicUsize>,
    written: Arc<Notify>,
    /// Carries the log over: see [`Db::carry_over`].
    carrier: Arc<Pool>,
    /// As long as one connection is open nobody, SQLite included, removes the log for good reason.
    _keeper: Arc<Mutex<Conn>>,
}

struct Pool {
    path: PathBuf,
    /// What is open, once the database is.
    files: Files,
    setup: &'static str,
    idle: Mutex<Vec<Conn>>,
    places: Arc<Semaphore>,
}

/// The writer waits a second for another process (a command, say) to let go of the file. It keeps 64
/// MiB of the file in memory, so that the indexes need not be read again for every webhook. It
/// leaves the log alone until that holds 64 MiB: see [`Db::carry_over`]. What it removes is written
/// over, free pages too, so that what retention takes away cannot be read from the file any more.
const WRITER_SETUP: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
     PRAGMA busy_timeout=1000; PRAGMA foreign_keys=ON; \
     PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16384; PRAGMA secure_delete=ON;";
const READER_SETUP: &str = "PRAGMA busy_timeout=1000; PRAGMA query_only=ON;";
/// The look at the tables opens the log.
const KEEPER_SETUP: &str = "PRAGMA busy_timeout=1000; SELECT count(*) FROM sqlite_master;";
/// Whoever empties the log holds up the writer, so it waits for nobody as long as that.
const CARRIER_SETUP: &str = "PRAGMA busy_timeout=100; PRAGMA synchronous=FULL;";

/// The log is carried over every so many commits, since most of them change the same pages.
const CARRY_EVERY: usize = 32;

impl Db {
    /// Opens the file, making it (not its folder) when it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database.
    pub(super) async fn open(path: &Path, runtime: Handle) -> Result<Self, StoreError> {
        file::make_ready(path)?;
        let files = Files::default();
        let pool = |setup, places| Arc::new(Pool::new(path, &files, setup, places));
        let writer = pool(WRITER_SETUP, 1);
        Pool::run(&writer, &runtime, |_| Ok(())).await?;
        let keeper = pool(KEEPER_SETUP, 1).connect()?;
        let _ = files.set(Opened::at(path));
        let db = Self {
            writer,
            readers: pool(READER_SETUP, READERS),
            writes: Arc::default(),
            written: Arc::new(Notify::new()),
            carrier: pool(CARRIER_SETUP, 1),
            _keeper: Arc::new(Mutex::new(keeper)),
            runtime,
        };
        Ok(db)
    }

    /// Applies the migrations that are missing and says how many there were.
    ///
    /// # Errors
    /// When a migration fails.
    pub(super) async fn migrate(&self) -> Result<usize, StoreError> {
        let mut failure = None;
        // Two processes may find the same migration missing; the one that loses finds it done.
        for _ in 0..3 {
            let conn = self.writer.connect()?;
            let mut harness = AsyncMigrationHarness::new(conn);
            let outcome = harness
                .run_pending_migrations(MIGRATIONS)
                .map(|run| run.len());
            match outcome {
                Ok(applied) => return Ok(applied),
                Err(error) => failure = Some(error.to_string()),
            }
        }
        Err(StoreError::Data(format!(
            "a migration failed: {}",
            failure.unwrap_or_default()
        )))
    }

    /// How many migrations are missing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn pending_migrations(&self) -> Result<usize, StoreError> {
        let mut harness = AsyncMigrationHarness::new(self.writer.connect()?);
        let pending = harness.pending_migrations(MIGRATIONS);
        pending
            .map(|missing| missing.len())
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Runs `work` with the writing connection.
    ///
    /// # Errors
    /// What `work` returns, or that no connection could be had.
    pub(super) async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let result = Pool::run(&self.writer, &self.runtime, work).await;
        if self.writes.fetch_add(1, Ordering::Relaxed) % CARRY_EVERY == CARRY_EVERY - 1 {
            self.written.notify_one();
        }
        result
    }

    /// Runs `work` with a reading connection.
    ///
    /// # Errors
    /// What `work` returns, or that no connection could be had.
    pub(super) async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        Pool::run(&self.readers, &self.runtime, work).await
    }
}

/// Runs a query to its end where it stands: nothing in it ever waits, see [`Inline`].
pub(super) fn finish<R>(
    query: impl Future<Output = Result<R, StoreError>>,
) -> Result<R, StoreError> {
    query
        .now_or_never()
        .unwrap_or_else(|| Err(StoreError::Unavailable("a query did not finish".into())))
}

impl Pool {
    fn new(path: &Path, files: &Files, setup: &'static str, places: usize) -> Self {
        Self {
            path: path.to_owned(),
            files: Arc::clone(files),
            setup,
            idle: Mutex::new(Vec::new()),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    async fn run<R: Send + 'static>(
        pool: &Arc<Self>,
        runtime: &Handle,
        work: impl FnOnce(&mut Conn) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let places = Arc::clone(&pool.places);
        let place = places.acquire_owned().await.map_err(closed)?;
        let pool = Arc::clone(pool);
        let running = runtime.spawn_blocking(move || {
            let _place = place;
            let mut conn = pool.take()?;
            let result = work(&mut conn);
            // What went into a file that is not there any more is lost.
            let result = result.and_then(|value| file::are_there(&pool.files).map(|()| value));
            // A connection that saw an error which is not known to be harmless may be in the
            // middle of something, or hold what is not true any more.
            if result.as_ref().err().is_none_or(StoreError::is_harmless) {
                pool.idle().push(conn);
            }
            result
        });
        running.await.map_err(closed)?
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Conn>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Conn, StoreError> {
        let idle = self.idle().pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    /// Never to another file than the one that was opened first.
    fn connect(&self) -> Result<Conn, StoreError> {
        file::are_there(&self.files)?;
        let path = self.path.to_string_lossy().into_owned();
        finish(async {
            let away = |error: String| {
                StoreError::Unavailable(format!("{path} cannot be opened: {error}"))
            };
            let mut conn = Conn::establish(&path)
                .await
                .map_err(|error| away(error.to_string()))?;
            conn.batch_execute(self.setup)
                .await
                .map_err(|error| away(error.to_string()))?;
            Ok(conn)
        })
    }
}

fn closed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
