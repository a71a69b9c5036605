//! The encryption key of a server that was not given one: made at its first start beside the SQLite
//! file, and read from there by every command.

use super::CliError;
use crate::agencies::seal::new_key;
use crate::config::{Config, DatabaseUrl};
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Its owner alone may read it.
const MODE: u32 = 0o600;

/// Takes the key that lies beside the database, where the settings name none.
pub(super) fn find(config: &mut Config) -> Result<(), CliError> {
    let Some(path) = place(config) else {
        return Ok(());
    };
    match fs::read_to_string(&path) {
        Ok(text) => {
            config.encryption_key = Some(SecretString::from(text.trim()));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError::KeyFile { path, error }),
    }
}

/// Makes one where there is none and accounts need it, and says so.
pub(super) fn make(config: &mut Config) -> Result<(), CliError> {
    let Some(path) = place(config).filter(|_| config.has_accounts()) else {
        return Ok(());
    };
    let key = new_key()?;
    match written(&path, &key) {
        Ok(()) => {}
        // Another server was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return find(config),
        Err(error) => return Err(CliError::KeyFile { path, error }),
    }
    tracing::warn!(
        "Made an encryption key, {}: it seals stored credentials and the keys that sign people in. \
         Keep a copy of it apart from the database's: without it neither can be opened. To move it into \
         CALLBOARD_ENCRYPTION_KEY, set that to what the file holds",
        path.display()
    );
    config.encryption_key = Some(key);
    Ok(())
}

fn place(config: &Config) -> Option<PathBuf> {
    match &config.database {
        DatabaseUrl::Sqlite { path } if config.encryption_key.is_none() => {
            let mut name = path.clone().into_os_string();
            name.push(".key");
            Some(name.into())
        }
        _ => None,
    }
}

fn written(path: &Path, key: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?;
    file.write_all(format!("{}\n", key.expose_secret()).as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{find, make};
    use crate::cli::testing::config_in;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_found_again_and_its_owner_alone_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = || {
            let mut config = config_in(folder.path());
            config.encryption_key = None;
            config.auth.jwt_secret = None;
            config
        };
        let mut config = fresh();
        find(&mut config).unwrap();
        assert!(config.encryption_key.is_none(), "nothing is there yet");
        make(&mut config).unwrap();
        let made = config.encryption_key.unwrap();

        let mut again = fresh();
        find(&mut again).unwrap();
        let found = again.encryption_key.unwrap();
        assert_eq!(found.expose_secret(), made.expose_secret());
        let mut third = fresh();
        make(&mut third).unwrap();
        let third = third.encryption_key.unwrap();
        assert_eq!(
            third.expose_secret(),
            made.expose_secret(),
            "not made twice"
        );
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut entries = entries.map(|entry| entry.unwrap());
        let file = entries.find(|entry| entry.path().extension().is_some_and(|kind| kind == "key"));
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn where_nobody_needs_one_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config_in(folder.path());
        config.encryption_key = None;
        config.auth.jwt_secret = Some("a secret".into());
        make(&mut config).unwrap();
        assert!(config.encryption_key.is_none());
    }
}
