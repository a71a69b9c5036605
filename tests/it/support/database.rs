//! A database of a story's own, real and empty.

use callboard::config::DatabaseUrl;
use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// A database that is gone after the story.
pub struct Database {
    pub url: DatabaseUrl,
    _folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("callboard.db");
        Self {
            url: DatabaseUrl::Sqlite { path },
            _folder: Some(folder),
        }
    }

    pub async fn postgres() -> Self {
        let server = std::env::var("CALLBOARD_TEST_POSTGRES")
            .expect("CALLBOARD_TEST_POSTGRES names no server: run the stories by tests/run");
        Self::postgres_on(&server).await
    }

    /// A database on the server of that URL.
    pub async fn postgres_on(server: &str) -> Self {
        let name = format!("story_{}", Uuid::new_v4().simple());
        let (client, connection) = tokio_postgres::connect(server, NoTls)
            .await
            .expect("the PostgreSQL server of the stories");
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a database");
        drop(client);
        let _ = connection.await;
        let (base, _) = server.rsplit_once('/').expect("a URL with a database");
        Self {
            url: DatabaseUrl::parse(&format!("{base}/{name}")).expect("a URL"),
            _folder: None,
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
                let (client, connection) = url.config.connect(NoTls).await.expect("the database");
                tokio::spawn(connection);
                let path = "SET search_path TO callboard";
                client.batch_execute(path).await.expect("our schema");
                let rows = client.query(sql, &[]).await.expect("SQL");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }
}
