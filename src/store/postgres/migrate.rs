//! Migrations and rights. What is there is looked at before anything is made, so that a role that may
//! make nothing can serve where nothing is missing.

use super::reach::{self, PATIENCE, text, texts};
use super::refusal::{Refusal, silent};
use crate::config::PostgresUrl;
use crate::store::StoreError;
use crate::store::schema::TABLES;
use crate::store::trouble::Trouble;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::collections::HashSet;
use std::time::Duration;
use tokio_postgres::{Client, Error};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Longest wait for another process that migrates.
const TURN: Duration = Duration::from_secs(30);
/// How often it is asked for.
const TRIES: u32 = 120;
/// Any two numbers that other programs are unlikely to lock. The lock ends with its transaction, so
/// that no pooler can keep it.
const TAKE_TURN: &str = "SELECT pg_try_advisory_xact_lock(1667329132, 1651466610)";
/// A fraction of [`TURN`].
const WAIT: &str = "SELECT pg_sleep(0.25)";
/// Everything that is set ends with the transaction. A table that is changed may be in use; that it
/// stays so is waited for with a limit.
const BEGIN: &str = "BEGIN; SET LOCAL search_path TO callboard; SET LOCAL statement_timeout = 0; \
     SET LOCAL lock_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '30s'";
const HAS_SCHEMA: &str = "SELECT 1 FROM pg_namespace WHERE nspname = 'callboard'";
const MAKE_LIST: &str = "CREATE TABLE callboard.__diesel_schema_migrations ( \
     version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";
const HAS_LIST: &str = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = 'callboard' AND c.relname = '__diesel_schema_migrations'";
const LIST: &str = "SELECT version FROM callboard.__diesel_schema_migrations";

/// What must be granted before we can do what serving takes.
fn lacking() -> String {
    let ours = TABLES.join("', '");
    format!(
        "SELECT format('GRANT USAGE ON SCHEMA callboard TO %I', current_user) AS lacks \
         FROM pg_namespace WHERE nspname = 'callboard' AND NOT has_schema_privilege(oid, 'USAGE') \
         UNION ALL SELECT format('GRANT %s ON callboard.%I TO %I', rights, relname, current_user) \
         FROM (SELECT c.relname, concat_ws(', ', \
         CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END, \
         CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END, \
         CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END, \
         CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END) AS rights \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'callboard' AND c.relname IN ('{ours}')) AS tables WHERE rights <> '' \
         UNION ALL SELECT format('GRANT SELECT ON callboard.%I TO %I', c.relname, current_user) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'callboard' AND c.relname = '__diesel_schema_migrations' \
         AND NOT has_table_privilege(c.oid, 'SELECT') \
         UNION ALL SELECT format('ALTER TABLE callboard.%I DISABLE ROW LEVEL SECURITY', c.relname) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'callboard' AND c.relname IN ('{ours}') AND row_security_active(c.oid)"
    )
}

/// What must be granted before we can migrate.
const LACKING_TO_MIGRATE: &str = "SELECT format('GRANT CREATE ON DATABASE %I TO %I', \
     current_database(), current_user) AS lacks \
     WHERE NOT has_database_privilege(current_database(), 'CREATE') \
     AND NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'callboard') \
     UNION ALL SELECT format('GRANT CREATE ON SCHEMA callboard TO %I', current_user) \
     FROM pg_namespace WHERE nspname = 'callboard' AND NOT has_schema_privilege(oid, 'CREATE') \
     UNION ALL SELECT DISTINCT format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = 'callboard' AND c.relkind IN ('r', 'v') AND NOT pg_has_role(c.relowner, 'USAGE')";

/// The statements that both lists of rights come from, as one query for `doctor`.
pub(crate) fn rights_sql() -> String {
    let list = |query: &str| {
        format!(
            "(SELECT COALESCE(string_agg(lacks, '; ' ORDER BY lacks), '') FROM ({query}) AS all_of_it)"
        )
    };
    let (refused, to_migrate) = (list(&lacking()), list(LACKING_TO_MIGRATE));
    format!("SELECT {refused} AS refused, {to_migrate} AS to_migrate")
}

/// A database that is looked at, or migrated, over a connection of its own.
pub(super) struct Migrating<'a> {
    url: &'a PostgresUrl,
    client: Client,
}

impl<'a> Migrating<'a> {
    /// Connects.
    ///
    /// # Errors
    /// Why the server cannot be used.
    pub(super) async fn connect(url: &'a PostgresUrl) -> Result<Self, StoreError> {
        match tokio::time::timeout(PATIENCE, reach::client(url)).await {
            Ok(Ok(client)) => Ok(Self { url, client }),
            Ok(Err(refusal)) => Err(refusal.explain(url).await.into()),
            Err(_) => Err(silent(url).await.into()),
        }
    }

    /// How many migrations are missing.
    ///
    /// # Errors
    /// When the database cannot be read, and what to grant where that is for rights.
    pub(super) async fn pending(&self) -> Result<usize, StoreError> {
        self.may_serve().await?;
        Ok(self.within(self.missing()).await?.len())
    }

    /// Sees that we may do what serving takes with the tables that are there.
    ///
    /// # Errors
    /// What to grant.
    pub(super) async fn may_serve(&self) -> Result<(), StoreError> {
        let lacking = lacking();
        self.check(&lacking, "may not do there what serving takes")
            .await
    }

    /// Applies the migrations that are missing and says how many there were. Nodes that start
    /// together take turns.
    ///
    /// # Errors
    /// When a migration fails, another process keeps its turn, or a right is missing.
    pub(super) async fn run(self) -> Result<usize, StoreError> {
        if self.pending().await? == 0 {
            return Ok(0);
        }
        self.check(
            LACKING_TO_MIGRATE,
            "may not apply the migrations that are missing",
        )
        .await?;
        self.within(self.client.batch_execute(BEGIN)).await?;
        self.take_turn().await?;
        // The one whose turn it was may have done all there was to do.
        let missing = self.within(self.missing()).await?;
        if !missing.is_empty() {
            self.within(self.make_room()).await?;
        }
        let url = self.url.display.clone();
        let applied = missing.len();
        let conn = AsyncPgConnection::try_from(self.client).await;
        let conn = conn.map_err(|error| StoreError::Unavailable(format!("{url}: {error}")))?;
        let mut conn = AsyncConnectionWrapper::<_>::from(conn);
        let ran = tokio::task::block_in_place(|| apply(&mut conn, &missing));
        ran.map_err(|error| StoreError::Unavailable(format!("a migration failed: {error}")))?;
        Ok(applied)
    }

    /// The versions of the migrations that are missing.
    async fn missing(&self) -> Result<HashSet<String>, Error> {
        let mut all: HashSet<String> = known().iter().map(|one| version(one.as_ref())).collect();
        if text(&self.client, HAS_LIST).await?.is_some() {
            for applied in texts(&self.client, LIST).await? {
                all.remove(&applied);
            }
        }
        Ok(all)
    }

    async fn check(&self, lacking: &str, what: &str) -> Result<(), StoreError> {
        let grants = self.within(texts(&self.client, lacking)).await?;
        if grants.is_empty() {
            return Ok(());
        }
        let user = self
            .within(text(&self.client, "SELECT current_user"))
            .await?;
        let fact = format!(
            "{}: user {} {what}",
            self.url.display,
            user.unwrap_or_default()
        );
        let mend = format!("as its owner or a superuser: {}", grants.join("; "));
        Err(Trouble::new(fact, mend).into())
    }

    async fn take_turn(&self) -> Result<(), StoreError> {
        for tried in 0..TRIES {
            let taken = self.within(text(&self.client, TAKE_TURN)).await?;
            if taken.as_deref() == Some("t") {
                return Ok(());
            }
            if tried == 0 {
                tracing::info!(
                    "Another process migrates {}: waiting, at most {} s",
                    self.url.display,
                    TURN.as_secs()
                );
            }
            self.within(self.client.batch_execute(WAIT)).await?;
        }
        Err(Trouble::new(
            format!("{}: another process has been migrating for {} s", self.url.display, TURN.as_secs()),
            "see which (SELECT * FROM pg_locks WHERE locktype = 'advisory'), wait for it or end it, \
             and start again",
        )
        .into())
    }

    async fn make_room(&self) -> Result<(), Error> {
        if text(&self.client, HAS_SCHEMA).await?.is_none() {
            self.client.batch_execute("CREATE SCHEMA callboard").await?;
        }
        if text(&self.client, HAS_LIST).await?.is_none() {
            self.client.batch_execute(MAKE_LIST).await?;
        }
        Ok(())
    }

    /// One short step.
    async fn within<T>(
        &self,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(PATIENCE, step).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Refusal::Server(error).explain(self.url).await.into()),
            Err(_) => Err(silent(self.url).await.into()),
        }
    }
}

/// Every migration of ours, in their order.
fn known() -> Vec<Box<dyn Migration<Pg>>> {
    // Those that are embedded can always be read.
    let mut all = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap_or_default();
    all.sort_by_key(|one| version(one.as_ref()));
    all
}

fn version(migration: &dyn Migration<Pg>) -> String {
    migration.name().version().to_string()
}

/// Applies these and ends the transaction.
fn apply(
    conn: &mut AsyncConnectionWrapper<AsyncPgConnection>,
    missing: &HashSet<String>,
) -> diesel::migration::Result<()> {
    for migration in known() {
        let version = version(migration.as_ref());
        if missing.contains(&version) {
            migration.run(conn)?;
            conn.batch_execute(&format!(
                "INSERT INTO callboard.__diesel_schema_migrations (version) VALUES ('{version}')"
            ))?;
        }
    }
    conn.batch_execute("COMMIT")?;
    Ok(())
}
