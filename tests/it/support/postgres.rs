//! A PostgreSQL server of a story's own, to be frozen and killed.

use super::database::Database;
use std::process::Command;
use tempfile::TempDir;

pub struct OwnPostgres {
    folder: TempDir,
}

impl OwnPostgres {
    pub fn start() -> Self {
        Self::started_by("start")
    }

    /// One whose messages are German.
    pub fn german() -> Self {
        Self::started_by("german")
    }

    fn started_by(command: &str) -> Self {
        let server = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        server.run(command);
        server
    }

    /// One whose messages are German.
    pub fn start_german() -> Self {
        let server = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        server.run("german");
        server
    }

    /// A new database on it.
    pub async fn database(&self) -> Database {
        Database::postgres_on(self.run("url").trim()).await
    }

    /// Freezes it, as a hung disk would.
    pub fn stall(&self) {
        self.run("stall");
    }

    pub fn resume(&self) {
        self.run("resume");
    }

    /// Kills it without warning.
    pub fn crash(&self) {
        self.run("crash");
    }

    /// Starts it again, at the same address.
    pub fn restart(&self) {
        self.run("start");
    }

    fn run(&self, command: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
        let output = Command::new(script)
            .arg(command)
            .arg(self.folder.path())
            .output()
            .expect("tests/postgres");
        assert!(output.status.success(), "tests/postgres {command}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.run("stop");
    }
}
