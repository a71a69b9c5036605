//! Databases as text: read into an empty one, and written from a full one.

use crate::support::database::Database;
use callboard::config::DatabaseUrl;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tokio_postgres::config::Host;

/// Which of the two it is, as its files are called.
pub fn kind(database: &Database) -> &'static str {
    match &database.url {
        DatabaseUrl::Sqlite { .. } => "sqlite",
        DatabaseUrl::Postgres(_) => "postgres",
    }
}

/// The dump of that kind in a database of its own.
pub async fn restored(kind: &str) -> Database {
    let sql = std::fs::read_to_string(file(&format!("{kind}.sql"))).expect("a dump");
    let database = match kind {
        "sqlite" => Database::sqlite(),
        _ => {
            let empty = Database::postgres().await;
            empty.execute("CREATE SCHEMA callboard").await;
            empty
        }
    };
    database.execute(&sql).await;
    database
}

/// What was seen of it on that day.
pub fn seen(kind: &str) -> Value {
    let text = std::fs::read_to_string(file(&format!("{kind}.json"))).expect("what was seen");
    serde_json::from_str(&text).expect("JSON")
}

/// Writes both files, the dump by the database's own program.
pub fn keep(database: &Database, seen: &Value) {
    let kind = kind(database);
    let sql = match &database.url {
        DatabaseUrl::Sqlite { path } => {
            let path = path.to_string_lossy().into_owned();
            run("sqlite3", &[&path, ".dump"])
        }
        DatabaseUrl::Postgres(url) => {
            let bin = run("tests/postgres", &["bin"]);
            let config = &url.config;
            let Some(Host::Tcp(host)) = config.get_hosts().first() else {
                panic!("no host")
            };
            let port = config.get_ports()[0].to_string();
            let name = config.get_dbname().expect("a database");
            let user = config.get_user().expect("a user");
            let dump = run(
                &format!("{}/pg_dump", bin.trim()),
                &[
                    "-h",
                    host,
                    "-p",
                    &port,
                    "-U",
                    user,
                    "--schema=callboard",
                    "--no-owner",
                    "--no-privileges",
                    "--inserts",
                    "--rows-per-insert=1000",
                    name,
                ],
            );
            of_any_version(&dump)
        }
    };
    std::fs::write(file(&format!("{kind}.sql")), sql).expect("a dump");
    let seen = serde_json::to_string_pretty(seen).expect("JSON") + "\n";
    std::fs::write(file(&format!("{kind}.json")), seen).expect("what was seen");
}

/// Without the settings that only one version of PostgreSQL knows, and psql's own commands.
fn of_any_version(dump: &str) -> String {
    let kept = dump.lines().filter(|line| {
        let settings = ["SET ", "\\", "--", "CREATE SCHEMA "];
        !line.is_empty() && !settings.iter().any(|start| line.starts_with(start))
    });
    kept.map(|line| format!("{line}\n")).collect()
}

fn file(name: &str) -> PathBuf {
    ["tests", "it", "previous", name].iter().collect()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}
