//! A database of a story's own, real and empty.

use super::template;
use callboard::config::DatabaseUrl;
use std::process::Command;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A database that is gone after the story.
pub struct Database {
    pub url: DatabaseUrl,
    /// The connection of whoever looks on, once there is one: a story that waits looks very often.
    onlooker: Mutex<Option<Client>>,
    _folder: Option<TempDir>,
    _lent: Option<Lent>,
}

/// A database on the server that all stories share; it goes when its story ends.
struct Lent {
    server: String,
    name: String,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (server, drop) = (
            self.server.clone(),
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
        // The story's runtime may be ending, so this has one of its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let (client, connection) = tokio_postgres::connect(&server, NoTls).await?;
                tokio::spawn(connection);
                client.batch_execute(&drop).await
            })
        });
        // What is left is the server's to lose, when all stories are over.
        let _ = dropping.join();
    }
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("callboard.db");
        Self {
            url: DatabaseUrl::Sqlite { path },
            onlooker: Mutex::default(),
            _folder: Some(folder),
            _lent: None,
        }
    }

    /// The same with our tables in it, empty.
    pub async fn migrated_sqlite() -> Self {
        let database = Self::sqlite();
        if let DatabaseUrl::Sqlite { path } = &database.url {
            std::fs::write(path, template::on_sqlite().await).expect("a copy of the template");
        }
        database
    }

    pub async fn postgres() -> Self {
        let server = shared_server();
        Self::postgres_on(&server).await.lent_by(server)
    }

    /// The same with our tables in it, empty.
    pub async fn migrated_postgres() -> Self {
        let server = shared_server();
        let template = template::on_postgres(&server).await;
        Self::copied(&server, template).await.lent_by(server)
    }

    fn lent_by(mut self, server: String) -> Self {
        if let DatabaseUrl::Postgres(url) = &self.url {
            let name = url.config.get_dbname().expect("a name").to_owned();
            self._lent = Some(Lent { server, name });
        }
        self
    }

    /// A database on the server of that URL.
    pub async fn postgres_on(server: &str) -> Self {
        Self::copied(server, "template1").await
    }

    async fn copied(server: &str, template: &str) -> Self {
        let name = format!("story_{}", Uuid::new_v4().simple());
        let (client, connection) = tokio_postgres::connect(server, NoTls)
            .await
            .expect("the PostgreSQL server of the stories");
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .expect("a database");
        drop(client);
        let _ = connection.await;
        let (base, rest) = server.rsplit_once('/').expect("a URL with a database");
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        Self {
            url: DatabaseUrl::parse(&format!("{base}/{name}?{query}")).expect("a URL"),
            onlooker: Mutex::default(),
            _folder: None,
            _lent: None,
        }
    }

    /// Runs SQL beside the server, as a person at a prompt would.
    pub async fn execute(&self, sql: &str) {
        match &self.url {
            DatabaseUrl::Sqlite { path } => {
                use diesel::connection::SimpleConnection;
                use diesel::prelude::*;
                let path = path.to_string_lossy().into_owned();
                let mut connection = SqliteConnection::establish(&path).expect("the database");
                connection
                    .batch_execute(&format!("PRAGMA busy_timeout=5000; {sql}"))
                    .expect("SQL");
            }
            DatabaseUrl::Postgres(url) => {
                let (client, connection) = url.config.connect(NoTls).await.expect("the database");
                tokio::spawn(connection);
                client
                    .batch_execute(&format!("SET search_path TO callboard; {sql}"))
                    .await
                    .expect("SQL");
            }
        }
    }

    /// Another process holds SQLite's write lock, until what is returned is dropped.
    pub fn locked_by_another(&self) -> diesel::SqliteConnection {
        use diesel::connection::SimpleConnection;
        use diesel::prelude::*;
        let DatabaseUrl::Sqlite { path } = &self.url else {
            panic!("only SQLite is locked as a whole");
        };
        let path = path.to_string_lossy().into_owned();
        let mut connection = SqliteConnection::establish(&path).expect("the database");
        connection
            .batch_execute("PRAGMA busy_timeout=5000; BEGIN IMMEDIATE")
            .expect("the lock");
        connection
    }

    /// Another process is in the middle of reading SQLite, until what is returned is dropped.
    pub fn read_by_another(&self) -> diesel::SqliteConnection {
        use diesel::connection::SimpleConnection;
        use diesel::prelude::*;
        let DatabaseUrl::Sqlite { path } = &self.url else {
            panic!("only SQLite has one log");
        };
        let path = path.to_string_lossy().into_owned();
        let mut connection = SqliteConnection::establish(&path).expect("the database");
        connection
            .batch_execute("BEGIN; SELECT count(*) FROM agencies")
            .expect("a moment of the database");
        connection
    }

    /// How long SQLite's log is.
    pub fn log_size(&self) -> u64 {
        let DatabaseUrl::Sqlite { path } = &self.url else {
            panic!("only SQLite has one log");
        };
        let log = format!("{}-wal", path.display());
        std::fs::metadata(log).expect("the log").len()
    }

    /// Another session locks a table of PostgreSQL's against everybody, until what is returned is
    /// dropped.
    pub async fn locks(&self, table: &str) -> tokio_postgres::Client {
        let DatabaseUrl::Postgres(url) = &self.url else {
            panic!("only PostgreSQL locks tables");
        };
        let (client, connection) = url.config.connect(NoTls).await.expect("the database");
        tokio::spawn(connection);
        let lock = format!("BEGIN; LOCK TABLE callboard.{table}");
        client.batch_execute(&lock).await.expect("the lock");
        client
    }

    /// What a query of one text column says, as a person at a prompt would read it.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.url {
            DatabaseUrl::Sqlite { path } => {
                use diesel::prelude::*;
                let path = path.to_string_lossy().into_owned();
                let mut connection = SqliteConnection::establish(&path).expect("the database");
                diesel::dsl::sql::<diesel::sql_types::Text>(sql)
                    .load(&mut connection)
                    .expect("SQL")
            }
            DatabaseUrl::Postgres(url) => {
                let mut onlooker = self.onlooker.lock().await;
                let client = match onlooker.take() {
                    Some(client) if !client.is_closed() => client,
                    _ => {
                        let connected = url.config.connect(NoTls).await;
                        let (client, connection) = connected.expect("the database");
                        tokio::spawn(connection);
                        let path = "SET search_path TO callboard";
                        client.batch_execute(path).await.expect("our schema");
                        client
                    }
                };
                let rows = client.query(sql, &[]).await.expect("SQL");
                *onlooker = Some(client);
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// All that lies on its disk, as a thief would find it.
    pub fn dump(&self) -> Vec<u8> {
        match &self.url {
            DatabaseUrl::Sqlite { path } => {
                let beside = |tail| std::fs::read(format!("{}{tail}", path.display()));
                [beside(""), beside("-wal")]
                    .into_iter()
                    .flatten()
                    .flatten()
                    .collect()
            }
            DatabaseUrl::Postgres(url) => {
                let run = |program: &str, arguments: &[&str]| {
                    let output = Command::new(program).args(arguments).output();
                    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
                    assert!(output.status.success(), "{program}: {output:?}");
                    output.stdout
                };
                let bin = String::from_utf8(run("tests/postgres", &["bin"])).expect("a path");
                let config = &url.config;
                let Some(Host::Tcp(host)) = config.get_hosts().first() else {
                    panic!("no host")
                };
                let port = config.get_ports()[0].to_string();
                let (user, name) = (config.get_user(), config.get_dbname());
                let (user, name) = (user.expect("a user"), name.expect("a database"));
                let arguments = ["-h", host, "-p", &port, "-U", user, name];
                run(&format!("{}/pg_dump", bin.trim()), &arguments)
            }
        }
    }
}

fn shared_server() -> String {
    std::env::var("CALLBOARD_TEST_POSTGRES")
        .expect("CALLBOARD_TEST_POSTGRES names no server: run the stories by tests/run")
}

#[tokio::test]
async fn a_database_goes_when_its_story_ends_even_while_it_is_in_use() {
    let (watch, story) = (Database::postgres().await, Database::postgres().await);
    let DatabaseUrl::Postgres(url) = &story.url else {
        panic!("a database on PostgreSQL")
    };
    let (in_use, connection) = url.config.connect(NoTls).await.expect("the database");
    tokio::spawn(connection);
    in_use.batch_execute("BEGIN; SELECT 1").await.expect("SQL");
    let name = url.config.get_dbname().expect("a name");
    let sql = format!("SELECT datname::text FROM pg_database WHERE datname = '{name}'");
    assert_eq!(watch.texts(&sql).await, [name.to_owned()]);
    drop(story);
    assert_eq!(watch.texts(&sql).await, [] as [String; 0]);
}
