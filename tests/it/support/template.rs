//! A database that is migrated once, and that stories begin with a copy of: half of what a short
//! story cost was its migrations.

use super::database::Database;
use callboard::config::DatabaseUrl;
use callboard::store::Store;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

/// The template's name on the server that all stories share.
pub async fn on_postgres(server: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let database = Database::postgres_on(server).await;
        migrated(&database.url).await;
        let DatabaseUrl::Postgres(url) = &database.url else {
            panic!("a database on PostgreSQL")
        };
        url.config.get_dbname().expect("a name").to_owned()
    });
    template.await
}

/// What the template's file holds, as SQLite writes a copy: whole, without a log beside it.
pub async fn on_sqlite() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let database = Database::sqlite();
        migrated(&database.url).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let copy = folder.path().join("copy.db");
        let vacuum = format!("VACUUM INTO '{}'", copy.display());
        database.execute(&vacuum).await;
        std::fs::read(copy).expect("the copy")
    });
    template.await
}

async fn migrated(database: &DatabaseUrl) {
    let store = Store::open(database, Handle::current()).await;
    let store = store.expect("the database");
    store.migrate().await.expect("the migrations");
}
