//! The files of a database, seen from outside: ours to write, and still those that were opened.

use crate::store::{StoreError, Trouble};
use rustix::fs::{Access, AtFlags, CWD, accessat, statfs};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Whether there is a floor of the schema.
pub(crate) const HAS_FLOOR: &str =
    "SELECT count(*) AS has_floor FROM sqlite_master WHERE name = 'schema_floor'";

/// What SQLite keeps beside a database: its log, and the log's index in memory that is shared.
const BESIDE: [&str; 2] = ["-wal", "-shm"];
/// Callers' numbers are nobody else's: SQLite makes what it keeps beside with the same rights.
const OWNERS_ALONE: u32 = 0o600;
/// File systems that are another machine's, by the kernel's numbers, on which neither locks nor
/// memory that is shared can be relied upon: NFS, SMB, CIFS, SMB 2, 9P, Ceph, AFS, Coda, Lustre.
const NETWORK: [u32; 9] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x0102_1997,
    0x00c3_6400,
    0x5346_414f,
    0x7375_7245,
    0x0bd0_0bd0,
];

/// A file, whatever it is called.
type Id = (u64, u64);

/// The device and the number of what stands at a path.
fn id(path: &Path) -> Option<Id> {
    let there = std::fs::metadata(path).ok()?;
    Some((there.dev(), there.ino()))
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    name.into()
}

/// The files that a connection writes to. One that is deleted or replaced takes all that is written
/// later with it, and SQLite does not notice.
pub(crate) struct Opened(Vec<(PathBuf, Id)>);

/// What a database has open, once it is open.
pub(crate) type Files = Arc<OnceLock<Opened>>;

/// Sees that all of them are where they were.
pub(crate) fn are_there(files: &Files) -> Result<(), StoreError> {
    files.get().map_or(Ok(()), Opened::are_there)
}

impl Opened {
    /// Those that are there, once a connection has opened them.
    pub(crate) fn at(path: &Path) -> Self {
        let all = [path.to_owned()].into_iter();
        let all = all.chain(BESIDE.map(|tail| beside(path, tail)));
        Self(
            all.filter_map(|path| Some((id(&path)?, path)))
                .map(|(id, path)| (path, id))
                .collect(),
        )
    }

    /// Sees that all of them are where they were.
    pub(crate) fn are_there(&self) -> Result<(), StoreError> {
        let lost = self
            .0
            .iter()
            .find(|(path, opened)| id(path) != Some(*opened));
        lost.map_or(Ok(()), |(path, _)| Err(gone(path)))
    }
}

/// What is said of a file that was deleted or replaced.
fn gone(path: &Path) -> StoreError {
    let fact = format!(
        "{} was deleted or replaced while callboard used it",
        path.display()
    );
    StoreError::Trouble(Trouble::new(
        fact,
        "put the same file back, or stop callboard, restore a backup, run `callboard epoch renew` and \
         start it again",
    ))
}

/// Makes the file where there is none, and sees that we may do with it all that SQLite does.
pub(crate) fn make_ready(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    let into_folder = Access::WRITE_OK | Access::EXEC_OK;
    may(folder, into_folder).map_err(|error| of_folder(folder, &error))?;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNERS_ALONE)
        .open(path);
    match made {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(of_file(path, &error).into()),
    }
    let all = [path.to_owned()].into_iter();
    for file in all.chain(BESIDE.map(|tail| beside(path, tail))) {
        if file.exists() {
            let access = Access::READ_OK | Access::WRITE_OK;
            may(&file, access).map_err(|error| of_file(&file, &error))?;
        }
    }
    Ok(())
}

/// What may disappoint about where the file is.
pub(crate) fn doubt(path: &Path) -> Option<Trouble> {
    let folder = folder_of(path);
    // The number has as many bits as the machine has; those of file systems have 32.
    let kind = statfs(folder).ok()?.f_type.to_le_bytes();
    let kind = kind.first_chunk().map(|low| u32::from_le_bytes(*low))?;
    NETWORK.contains(&kind).then(|| {
        Trouble::new(
            format!(
                "{} is on a network file system, where SQLite can lose what it holds",
                folder.display()
            ),
            "put the file on a disk of this machine, or use PostgreSQL",
        )
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// As the user whose rights count.
fn may(path: &Path, access: Access) -> io::Result<()> {
    Ok(accessat(CWD, path, access, AtFlags::EACCESS)?)
}

fn of_folder(folder: &Path, error: &io::Error) -> Trouble {
    let at = folder.display();
    match error.kind() {
        ErrorKind::NotFound => Trouble::new(
            format!("the folder {at} does not exist"),
            format!("make it with mkdir -p {at}, or correct DATABASE_URL"),
        ),
        ErrorKind::PermissionDenied => Trouble::new(
            format!(
                "user {} may not write in the folder {at}, as SQLite must",
                whoami()
            ),
            format!(
                "chown {} {at}, or name a file elsewhere in DATABASE_URL",
                whoami()
            ),
        ),
        _ => of_mount(folder, error),
    }
}

fn of_file(file: &Path, error: &io::Error) -> Trouble {
    let at = file.display();
    match error.kind() {
        ErrorKind::PermissionDenied => Trouble::new(
            format!("user {} may not write to {at}", whoami()),
            format!("chown {} {at}, or run callboard as its owner", whoami()),
        ),
        _ => of_mount(file, error),
    }
}

fn of_mount(path: &Path, error: &io::Error) -> Trouble {
    let at = path.display();
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => Trouble::new(
            format!("{at} is on a file system that is mounted read-only"),
            "mount it for writing, or name a file elsewhere in DATABASE_URL",
        ),
        _ => Trouble::new(
            format!("{at} cannot be written to: {error}"),
            "see that DATABASE_URL names the right file",
        ),
    }
}

fn whoami() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::{NETWORK, Opened, doubt, of_file, of_folder};
    use std::io::{Error, ErrorKind};
    use std::path::Path;

    #[test]
    fn a_read_only_mount_has_a_sentence_of_its_own() {
        let error = Error::from(ErrorKind::ReadOnlyFilesystem);
        let path = Path::new("/mnt/board.db");
        for trouble in [of_file(path, &error), of_folder(path, &error)] {
            assert!(trouble.fact.contains("mounted read-only"), "{trouble}");
        }
    }

    #[test]
    fn a_disk_of_this_machine_is_not_doubted() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(doubt(&folder.path().join("board.db")), None);
        assert!(NETWORK.contains(&0x6969));
    }

    #[test]
    fn a_file_that_is_deleted_replaced_or_moved_is_missed_until_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.db");
        let log = folder.path().join("board.db-wal");
        for file in [&path, &log] {
            std::fs::write(file, "").unwrap();
        }
        let opened = Opened::at(&path);
        opened.are_there().unwrap();
        for file in [&path, &log] {
            let away = folder.path().join("away");
            std::fs::rename(file, &away).unwrap();
            opened.are_there().unwrap_err();
            std::fs::write(file, "another").unwrap();
            opened.are_there().unwrap_err();
            std::fs::rename(&away, file).unwrap();
            opened.are_there().unwrap();
        }
    }
}
