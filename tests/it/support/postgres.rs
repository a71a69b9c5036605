//! A PostgreSQL server of a story's own, to be frozen and killed.

use super::database::Database;
use std::path::Path;
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

    /// A standby of it, without which it answers no commit from now on.
    pub fn standby_of(primary: &Self) -> Self {
        let server = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        server.run_with("standby", Some(primary.folder.path()));
        server
    }

    /// Makes a primary of a standby.
    pub fn promote(&self) {
        self.run("promote");
    }

    /// Several as one address.
    pub fn address_of(servers: &[&Self]) -> String {
        let places = servers.iter().map(|server| {
            let url = server.run("url");
            let (_, place) = url.split_once('@').expect("a user");
            place.split_once('/').expect("a database").0.to_owned()
        });
        let places = places.collect::<Vec<_>>().join(",");
        format!("postgres://callboard@{places}/postgres?target_session_attrs=read-write")
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
        self.run_with(command, None)
    }

    fn run_with(&self, command: &str, more: Option<&Path>) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
        let output = Command::new(script)
            .arg(command)
            .arg(self.folder.path())
            .args(more)
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
