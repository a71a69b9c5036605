//! `callboard credentials`: what agencies keep with us, stored encrypted.

mod rotate;
mod set;
#[cfg(test)]
mod tests;

pub(super) use rotate::rotate;
pub(super) use set::Set;

use super::args::ListCredentials;
use super::words::columns;
use super::{CliError, Out, database};
use crate::agencies::Vault;
use crate::agencies::seal::Keyring;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::credential_prefix;
use crate::store::Store;

/// Lists an agency's credentials: their names, and as much of each value as one recognises it by.
/// One that cannot be opened says why, and spoils the end.
pub(super) async fn list(
    store: &Store,
    args: ListCredentials,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let agency = database::agency(store, args.agency).await?.agency;
    let opened = vault(store, config, clock)?.open(args.agency).await?;
    if opened.held.is_empty() {
        tracing::info!(
            "No credential is stored for {}: store some with `callboard credentials set`",
            agency.name
        );
        return Ok(());
    }
    let mut unopened = 0;
    let rows = opened.held.into_iter().map(|held| {
        let shown = match (held.prefix(), held.value) {
            (_, Err(why)) => {
                unopened += 1;
                format!("cannot be opened: {why}")
            }
            (prefix, Ok(_)) => format!("{}…", prefix.unwrap_or_default()),
        };
        [held.name, shown]
    });
    let rows = rows.collect();
    columns(out, ["KEY", "VALUE"], rows)?;
    match unopened {
        0 => Ok(()),
        unopened => Err(CliError::Unopened(unopened)),
    }
}

fn in_part(value: &str) -> String {
    format!("{}…", credential_prefix(value))
}

fn vault(store: &Store, config: &Config, clock: &Clock) -> Result<Vault, CliError> {
    let keys = config.encryption_key.as_ref();
    let keyring = keys.map(Keyring::parse).transpose()?;
    Ok(Vault::new(store.clone(), clock.clone(), keyring))
}
