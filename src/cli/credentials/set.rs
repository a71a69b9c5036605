//! `callboard credentials set`: everything is judged before anything is written.

use super::{in_part, vault};
use crate::agencies::VaultError;
use crate::cli::args::{CredentialValue, SetCredentials};
use crate::cli::words::columns;
use crate::cli::{CliError, Out, database};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{AgencyId, CredentialKey, check_credential};
use crate::store::Store;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// Most bytes read from stdin: more than the longest value there may be.
const MOST_BYTES: u64 = 128 * 1024;

/// Credentials that may be stored, and what seals them.
pub(in crate::cli) struct Set {
    agency: AgencyId,
    values: Vec<(CredentialKey, SecretString)>,
}

impl Set {
    /// Reads and checks what was given. What is only doubted is logged as a warning.
    pub(in crate::cli) fn read(
        args: &SetCredentials,
        config: &Config,
        stdin: &mut dyn BufRead,
    ) -> Result<Self, CliError> {
        let given = args.credentials()?;
        if config.encryption_key.is_none() {
            return Err(VaultError::NoEncryptionKey.into());
        }
        let mut values: Vec<(CredentialKey, SecretString)> = Vec::new();
        let mut refused = Vec::new();
        for credential in given {
            let key = match CredentialKey::of_name(&credential.key) {
                Ok(key) => key,
                Err(error) => {
                    refused.push(error);
                    continue;
                }
            };
            if values.iter().any(|(known, _)| *known == key) {
                return Err(CliError::Twice(key));
            }
            let value = match credential.value {
                CredentialValue::Given(value) => value,
                CredentialValue::Stdin => read_value(key, stdin)?,
            };
            match check_credential(key, value.expose_secret()) {
                Ok(doubt) => {
                    if let Some(doubt) = doubt {
                        tracing::warn!("{doubt}");
                    }
                    values.push((key, value));
                }
                Err(error) => refused.push(error),
            }
        }
        if !refused.is_empty() {
            return Err(CliError::Credentials(refused));
        }
        Ok(Self {
            agency: args.agency,
            values,
        })
    }

    /// Seals and stores them all, and prints what `list` would.
    pub(in crate::cli) async fn store(
        self,
        store: &Store,
        config: &Config,
        clock: &Clock,
        out: Out<'_>,
    ) -> Result<(), CliError> {
        database::agency(store, self.agency).await?;
        let vault = vault(store, config, clock)?;
        vault.put(self.agency, &self.values).await?;
        let row = |(key, value): &(CredentialKey, SecretString)| {
            [key.name().to_owned(), in_part(value.expose_secret())]
        };
        columns(out, ["KEY", "VALUE"], self.values.iter().map(row).collect())
    }
}

/// All of stdin but the line break that `echo` and editors put at its end.
fn read_value(key: CredentialKey, stdin: &mut dyn BufRead) -> Result<SecretString, CliError> {
    if io::stdin().is_terminal() {
        let _ = writeln!(
            io::stderr(),
            "callboard: paste the value of {key}, then Enter and ctrl-D"
        );
    }
    let mut text = Zeroizing::new(String::new());
    stdin
        .take(MOST_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| CliError::Stdin { key, error })?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Ok(value.into())
}
