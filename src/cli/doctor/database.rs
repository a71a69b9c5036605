//! The database: up, its tables there, and ours to write to.

use super::finding::Findings;
use crate::cli::words::count;
use crate::config::{Config, DatabaseUrl};
use crate::store::{Rights, Store, StoreError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Longest wait for a database that does not even refuse.
const PATIENCE: Duration = Duration::from_secs(10);
const MIGRATE: &str = "apply them with `callboard migrate`";

/// What there is to say, and the database if it can be read.
pub(super) async fn check(config: Config) -> (Findings, Option<Store>) {
    let url = &config.database;
    let mut found = Findings::about(format!("database {url}"));
    if matches!(url, DatabaseUrl::Sqlite { path } if !path.exists()) {
        // Opening an SQLite file makes it, and a check must leave nothing behind.
        let mend = "make it with `callboard migrate`, or correct DATABASE_URL";
        found.wrong("there is none yet", mend);
        return (found, None);
    }
    let store = match timeout(PATIENCE, Store::open(url, Handle::current())).await {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => {
            tell(&mut found, error, mend_of(url));
            return (found, None);
        }
        Err(_) => {
            found.wrong("no answer within 10 s", mend_of(url));
            return (found, None);
        }
    };
    found.right("it is up and lets us in");
    if let Some(doubt) = Store::doubt(url) {
        found.doubtful(doubt.fact, doubt.mend);
    }
    let pending = timeout(PATIENCE, store.pending_migrations()).await;
    match pending.unwrap_or_else(|_| Err(late())) {
        Ok(0) => found.right("no table is missing"),
        Ok(missing) => {
            found.wrong(format!("{} missing", count(missing, "migration")), MIGRATE);
            return (found, None);
        }
        Err(error) => {
            tell(&mut found, error, RIGHTS);
            return (found, None);
        }
    }
    let rights = timeout(PATIENCE, store.rights()).await;
    judge(rights.unwrap_or_else(|_| Err(late())), &mut found);
    (found, Some(store))
}

/// Some errors bring what mends them.
fn tell(found: &mut Findings, error: StoreError, mend: &str) {
    match error {
        StoreError::Trouble(trouble) => found.wrong(trouble.fact, trouble.mend),
        error => found.wrong(error.to_string(), mend),
    }
}

const RIGHTS: &str = "let the user of DATABASE_URL read and write all tables of the schema \
     callboard (SQLite: the file and its folder), and see that nothing else holds a lock on them";

fn judge(rights: Result<Rights, StoreError>, found: &mut Findings) {
    match rights {
        Err(error) => found.wrong(format!("it cannot be written to: {error}"), RIGHTS),
        Ok(rights) if !rights.refused.is_empty() => {
            found.wrong("we may not do what serving takes", rights.refused);
        }
        Ok(rights) => {
            found.right("it can be written to");
            if !rights.to_migrate.is_empty() {
                found.doubtful(
                    "a newer callboard could not apply its migrations as this user",
                    format!(
                        "let the owner run `callboard migrate` then, or: {}",
                        rights.to_migrate
                    ),
                );
            }
        }
    }
}

fn late() -> StoreError {
    StoreError::Unavailable("no answer within 10 s".to_owned())
}

fn mend_of(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite { .. } => {
            "see that DATABASE_URL names the right file, and that the file and its folder are ours \
             to write"
        }
        DatabaseUrl::Postgres(_) => {
            "see that DATABASE_URL (or DB_HOST and its companions) is right, that the server runs \
             (systemctl status postgresql), and that it lets us in"
        }
    }
}
