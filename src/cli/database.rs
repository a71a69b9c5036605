//! The database as commands find it: open, and migrated first.

use super::CliError;
use super::progress::Progress;
use super::words::count;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::AgencyId;
use crate::store::{SealedAgency, Store};
use tokio::runtime::Handle;

/// Opens the database and applies the migrations that are missing.
pub(super) async fn open(config: &Config, clock: &Clock) -> Result<Store, CliError> {
    let store = connect(config).await?;
    let applied = migrate(&store, config, clock).await?;
    if applied > 0 {
        let applied = count(applied, "migration");
        tracing::info!("Applied {applied} to {}", config.database);
    }
    Ok(store)
}

/// Opens the database as it is.
pub(super) async fn connect(config: &Config) -> Result<Store, CliError> {
    Ok(Store::open(&config.database, Handle::current()).await?)
}

/// Applies the migrations that are missing and says how many there were.
pub(super) async fn migrate(
    store: &Store,
    config: &Config,
    clock: &Clock,
) -> Result<usize, CliError> {
    let what = format!("Migrating {}", config.database);
    let migrating = store.clone();
    let applied = Progress::on_stderr()
        .during(&what, clock, async move { migrating.migrate().await })
        .await??;
    Ok(applied)
}

/// The agency of that id.
pub(super) async fn agency(store: &Store, id: AgencyId) -> Result<SealedAgency, CliError> {
    let mut agencies = store.agencies().await?;
    match agencies.iter().position(|sealed| sealed.agency.id == id) {
        Some(place) => Ok(agencies.swap_remove(place)),
        None => {
            let named = |sealed: SealedAgency| (sealed.agency.id, sealed.agency.name);
            let there = agencies.into_iter().map(named).collect();
            Err(CliError::NoAgency { id, there })
        }
    }
}
