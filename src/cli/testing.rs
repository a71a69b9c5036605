//! A database in a folder of its own, and what was printed.

use super::database;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Settings};
use crate::domain::Timestamp;
use crate::store::Store;
use std::path::Path;
use tempfile::TempDir;

/// A key for sealing, as base64 of 32 bytes.
pub(super) const ENCRYPTION_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The defaults, with a database file in this folder that is not there yet.
pub(super) fn config_in(folder: &Path) -> Config {
    let mut config = Settings::default().validate().unwrap();
    config.database = DatabaseUrl::Sqlite {
        path: folder.join("callboard.db"),
    };
    config.encryption_key = Some(ENCRYPTION_KEY.into());
    config
}

/// A migrated database that goes with its folder, noon on the clock, and paper to print on.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) out: Vec<u8>,
    _folder: TempDir,
}

impl Desk {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path());
        let clock = Clock::by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        Self {
            store: database::open(&config, &clock).await.unwrap(),
            config,
            clock,
            out: Vec::new(),
            _folder: folder,
        }
    }

    /// What has been printed since it was last asked.
    pub(super) fn said(&mut self) -> String {
        said(&mut self.out)
    }
}

/// What has been printed; the paper is empty afterwards.
pub(super) fn said(out: &mut Vec<u8>) -> String {
    String::from_utf8(std::mem::take(out)).unwrap()
}
