//! A PgBouncer of a story's own, before the stories' PostgreSQL.

use super::database::Database;
use callboard::config::DatabaseUrl;
use std::process::Command;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub struct Pooler {
    folder: TempDir,
    url: String,
}

impl Pooler {
    /// One that hands its servers over as `mode` says, with more settings of its own.
    pub fn start(mode: &str, settings: &[&str]) -> Self {
        let server = std::env::var("CALLBOARD_TEST_POSTGRES").expect("a server");
        let folder =
            tempfile::tempdir_in(std::env::var("CALLBOARD_TEST_DIR").unwrap_or("/tmp".into()));
        let mut pooler = Self {
            folder: folder.expect("a temporary folder"),
            url: String::new(),
        };
        let mut arguments = vec![server.as_str(), mode];
        arguments.extend(settings);
        pooler.run("start", &arguments);
        pooler.url = pooler.run("url", &[]).trim().to_owned();
        pooler
    }

    /// The address of that database behind it.
    pub fn url_of(&self, database: &Database) -> String {
        let DatabaseUrl::Postgres(url) = &database.url else {
            panic!("only PostgreSQL is pooled");
        };
        format!("{}/{}", self.url, url.config.get_dbname().expect("a name"))
    }

    /// Another program that works through it.
    pub async fn client(&self, database: &Database) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url_of(database), NoTls)
            .await
            .expect("the pooler");
        tokio::spawn(connection);
        client
    }

    fn run(&self, command: &str, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pgbouncer");
        let output = Command::new(script)
            .arg(command)
            .arg(self.folder.path())
            .args(arguments)
            .output()
            .expect("tests/pgbouncer");
        assert!(
            output.status.success(),
            "tests/pgbouncer {command}: {output:?}"
        );
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}
