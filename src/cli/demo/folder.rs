//! The folder of a demo's data.

use super::DemoError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Only its owner may look into it: it holds the keys of every login.
const OWNER_ONLY: u32 = 0o700;
const OWNER_ONLY_FILE: u32 = 0o600;

/// Where a demo keeps its database, its log and its identity. One demo at a time: the folder is
/// locked, and the lock goes with the process, however that ends. A temporary one is removed when
/// this is dropped, unless it is to be [kept](Self::keep).
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    temporary: bool,
    _lock: File,
}

impl Folder {
    /// The folder that was asked for, made when it is not there, or a new temporary one.
    ///
    /// # Errors
    /// When it cannot be made or written to, or another demo is using it.
    pub fn open(data: Option<&Path>) -> Result<Self, DemoError> {
        let path = match data {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("callboard-demo-{}", Uuid::new_v4())),
        };
        let unusable = |source: io::Error| DemoError::Folder {
            path: path.clone(),
            source,
        };
        // Absolute, since the torture's server runs in another working folder.
        let path = std::path::absolute(&path).map_err(unusable)?;
        let temporary = data.is_none();
        DirBuilder::new()
            .recursive(!temporary)
            .mode(OWNER_ONLY)
            .create(&path)
            .map_err(unusable)?;
        let lock = private(OpenOptions::new().create(true).append(true))
            .open(path.join("demo.lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DemoError::InUse(path)),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        Ok(Self {
            path,
            temporary,
            _lock: lock,
        })
    }

    /// The folder itself, as a full path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where this process logs.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.path.join("callboard.log")
    }

    /// Where the server that is killed logs.
    #[must_use]
    pub fn server_log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// Where a node logs.
    #[must_use]
    pub fn node_log(&self, number: u8) -> PathBuf {
        self.path.join(format!("node-{number}.log"))
    }

    /// The embedded database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("callboard.db")
    }

    /// What must survive a restart besides the database.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.path.join("demo.json")
    }

    /// Whether it goes away in the end.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.temporary
    }

    /// Leaves the folder where it is: something in it is worth a look.
    pub fn keep(&mut self) {
        self.temporary = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            let path = self.path.display();
            tracing::warn!("The temporary folder {path} could not be removed: {error}");
        }
    }
}

/// A file that nobody else may read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(OWNER_ONLY_FILE)
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use crate::cli::demo::DemoError;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_temporary_folder_is_private_and_goes_away() {
        let folder = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::write(folder.log_file(), "a line").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_given_folder_stays_and_serves_one_demo_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("new").join("data");
        let folder = Folder::open(Some(&path)).unwrap();
        let second = Folder::open(Some(&path)).unwrap_err();
        assert!(matches!(second, DemoError::InUse(_)), "{second}");
        drop(folder);
        assert!(path.is_dir());
        Folder::open(Some(&path)).unwrap();
    }

    #[test]
    fn a_folder_that_failed_is_kept_for_a_look() {
        let mut folder = Folder::open(None).unwrap();
        folder.keep();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(path.is_dir());
        std::fs::remove_dir_all(path).unwrap();
    }
}
