//! What a database is made of, as its catalogue tells.

use super::dump::kind;
use crate::support::database::Database;

/// A table and its columns.
pub type Columns = (String, Vec<String>);

/// Of every table of ours. The list of migrations grows by itself.
pub async fn columns(database: &Database) -> Vec<Columns> {
    let (tables, columns) = match kind(database) {
        "sqlite" => (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'
             AND name NOT LIKE 'sqlite%' ORDER BY name",
            "SELECT name FROM pragma_table_info('TABLE')",
        ),
        _ => (
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'callboard'
             AND tablename NOT LIKE '\\_\\_%' ORDER BY tablename",
            "SELECT column_name::text FROM information_schema.columns
             WHERE table_schema = 'callboard' AND table_name = 'TABLE' ORDER BY ordinal_position",
        ),
    };
    let mut all = Vec::new();
    for table in database.texts(tables).await {
        let columns = database.texts(&columns.replace("TABLE", &table)).await;
        all.push((table, columns));
    }
    all
}

/// All that stands in these columns.
pub async fn rows(database: &Database, columns: &[Columns]) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, columns) in columns {
        let columns = columns.iter();
        let texts = columns.map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')"));
        let row = texts.collect::<Vec<_>>().join(" || ', ' || ");
        let sql = format!("SELECT '{table}: ' || {row} FROM {table}");
        rows.extend(database.texts(&sql).await);
    }
    rows.sort_unstable();
    rows
}

/// Every index, trigger, view and reference; not keys, nor the index that is in a key's order.
pub async fn parts(database: &Database) -> Vec<String> {
    let queries: &[&str] = match kind(database) {
        "sqlite" => &[
            "SELECT type || ' ' || name || ' of ' || tbl_name || ': ' || sql FROM sqlite_master
             WHERE type <> 'table' AND name NOT LIKE 'sqlite%' AND name <> 'idx_webhook_events_failed'",
            "SELECT one.name || '.' || other.\"from\" || ' in ' || other.\"table\" || '.' || other.\"to\"
             || ', on delete ' || other.on_delete
             FROM sqlite_master one, pragma_foreign_key_list(one.name) other WHERE one.type = 'table'",
        ],
        _ => &[
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'callboard'
             AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey'
             AND indexname <> 'idx_webhook_events_failed'",
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT viewname || definition FROM pg_views WHERE schemaname = 'callboard'",
            "SELECT conrelid::regclass::text || pg_get_constraintdef(oid) FROM pg_constraint
             WHERE contype = 'f'",
        ],
    };
    let mut parts = Vec::new();
    for query in queries {
        parts.extend(database.texts(query).await);
    }
    parts.sort_unstable();
    parts
}

/// Rows whose references lead nowhere, which only SQLite can have.
pub async fn orphans(database: &Database) -> Vec<String> {
    match kind(database) {
        "sqlite" => {
            let sql = "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check";
            database.texts(sql).await
        }
        _ => Vec::new(),
    }
}
