//! A PostgreSQL for benchmarks, and a Redis.

use callboard::config::DatabaseUrl;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use uuid::Uuid;

/// A PostgreSQL server: the one that is named, or one of our own.
pub struct Postgres {
    url: String,
    own: Option<TempDir>,
}

impl Postgres {
    pub fn find() -> Self {
        if let Ok(url) = std::env::var("CALLBOARD_TEST_POSTGRES") {
            return Self { url, own: None };
        }
        let folder = tempfile::tempdir().expect("a folder");
        script("postgres", "start", folder.path());
        let url = script("postgres", "url", folder.path());
        Self {
            url: url.trim().to_owned(),
            own: Some(folder),
        }
    }

    pub async fn new_database(&self) -> (String, DatabaseUrl) {
        let name = format!("bench_{}", Uuid::new_v4().simple());
        self.run("postgres", &format!("CREATE DATABASE {name}"))
            .await;
        let url = DatabaseUrl::parse(&self.url_of(&name)).expect("a URL");
        (name, url)
    }

    pub async fn run(&self, database: &str, statement: &str) {
        let url = self.url_of(database);
        let connected = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the PostgreSQL server");
        tokio::spawn(connection);
        let done = client.batch_execute(statement).await;
        done.expect("what PostgreSQL was told");
    }

    pub fn url_of(&self, database: &str) -> String {
        let (base, _) = self.url.rsplit_once('/').expect("a URL with a database");
        format!("{base}/{database}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            script("postgres", "stop", folder.path());
        }
    }
}

/// A Redis or Valkey of our own.
pub struct Redis(TempDir);

impl Redis {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        script("redis", "start", folder.path());
        Self(folder)
    }

    pub fn url(&self) -> String {
        script("redis", "url", self.0.path()).trim().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        script("redis", "stop", self.0.path());
    }
}

fn script(name: &str, command: &str, folder: &Path) -> String {
    let script = format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(script).arg(command).arg(folder).output();
    let output = output.expect("a script");
    assert!(
        output.status.success(),
        "tests/{name} {command}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("text")
}
