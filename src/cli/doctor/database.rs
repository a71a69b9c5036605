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
pub(super) async fn look(config: Config) -> (Findings, Option<Store>) {
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
            found.wrong(error.to_string(), mend_of(url));
            return (found, None);
        }
        Err(_) => {
            found.wrong("no answer within 10 s", mend_of(url));
            return (found, None);
        }
    };
    found.right("it is up and lets us in");
    let pending = timeout(PATIENCE, store.pending_migrations()).await;
    match pending.unwrap_or_else(|_| Err(late())) {
        Ok(0) => found.right("no table is missing"),
        Ok(missing) => {
            found.wrong(format!("{} missing", count(missing, "migration")), MIGRATE);
            return (found, None);
        }
        Err(error) => found.wrong(format!("its tables: {error}"), RIGHTS),
    }
    let rights = timeout(PATIENCE, store.rights()).await;
    judge(rights.unwrap_or_else(|_| Err(late())), &mut found);
    (found, Some(store))
}

const RIGHTS: &str = "let the user of DATABASE_URL read and write all tables of the schema \
     callboard (SQLite: the file and its folder), and see that nothing else holds a lock on them";

fn judge(rights: Result<Rights, StoreError>, found: &mut Findings) {
    match rights {
        Err(error) => found.wrong(format!("it cannot be written to: {error}"), RIGHTS),
        Ok(rights) if !rights.refused.is_empty() => {
            let tables = rights.refused.join(", ");
            found.wrong(
                format!("we may not read and write all of: {tables}"),
                RIGHTS,
            );
        }
        Ok(rights) => {
            found.right("it can be written to");
            if !rights.may_migrate {
                found.wrong(
                    "we may not make the schema callboard and tables in it, as each start of a \
                     server does where they are missing",
                    "GRANT CREATE ON DATABASE and ON SCHEMA callboard to the user of DATABASE_URL",
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
