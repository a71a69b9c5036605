//! `callboard credentials`: what agencies keep with us, stored encrypted.

mod set;
#[cfg(test)]
mod tests;

pub(super) use set::Set;

use super::args::ListCredentials;
use super::words::columns;
use super::{CliError, Out, database};
use crate::agencies::seal::{DataKey, Keyring, SealError, WrappedKey};
use crate::config::Config;
use crate::domain::{AgencyId, CredentialKey, credential_prefix};
use crate::store::{SealedCredential, Store};
use secrecy::ExposeSecret as _;

/// Lists an agency's credentials: their names, and as much of each value as one recognises it by.
/// One that cannot be opened says why, and spoils the end.
pub(super) async fn list(
    store: &Store,
    args: ListCredentials,
    config: &Config,
    out: Out<'_>,
) -> Result<(), CliError> {
    let sealed = database::agency(store, args.agency).await?;
    if sealed.credentials.is_empty() {
        tracing::info!(
            "No credential is stored for {}: store some with `callboard credentials set`",
            sealed.agency.name
        );
        return Ok(());
    }
    let data_key = open_data_key(args.agency, sealed.data_key, config);
    let mut unopened = 0;
    let rows = sealed.credentials.into_iter().map(|credential| {
        let shown = shown(args.agency, &credential, data_key.as_ref());
        unopened += usize::from(shown.is_err());
        let shown = shown.unwrap_or_else(|why| format!("cannot be opened: {why}"));
        [credential.name, shown]
    });
    let rows = rows.collect();
    columns(out, ["KEY", "VALUE"], rows)?;
    match unopened {
        0 => Ok(()),
        unopened => Err(CliError::Unopened(unopened)),
    }
}

fn open_data_key(
    agency: AgencyId,
    wrapped: Option<String>,
    config: &Config,
) -> Result<DataKey, String> {
    let keyring = keyring(config).map_err(|error| error.to_string())?;
    let wrapped = wrapped.ok_or("the agency has no data key: set it again")?;
    let opened = keyring.open_data_key(agency, &WrappedKey(wrapped));
    opened.map_err(|error| error.to_string())
}

fn shown(
    agency: AgencyId,
    credential: &SealedCredential,
    data_key: Result<&DataKey, &String>,
) -> Result<String, String> {
    let key = CredentialKey::from_name(&credential.name)
        .map_err(|_| "this version knows no such credential".to_owned())?;
    let data_key = data_key.map_err(String::clone)?;
    let value = data_key.open(agency, key, credential.version, &credential.sealed);
    let value = value.map_err(|error: SealError| error.to_string())?;
    Ok(in_part(value.expose_secret()))
}

fn in_part(value: &str) -> String {
    format!("{}…", credential_prefix(value))
}

fn keyring(config: &Config) -> Result<Keyring, CliError> {
    let setting = config.encryption_key.as_ref();
    Ok(Keyring::parse(setting.ok_or(CliError::NoEncryptionKey)?)?)
}
