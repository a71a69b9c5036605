//! What we may do in the database.

use super::super::schema::directory;
use super::super::{BEGIN_WRITE, Conn, RIGHTS};
use crate::store::{Rights, StoreError};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

#[derive(QueryableByName)]
struct RightsRow {
    /// Tables with blanks between them.
    #[diesel(sql_type = Text)]
    refused: String,
    #[diesel(sql_type = BigInt)]
    may_migrate: i64,
}

/// Writes to a table of ours and takes it back; then asks for the rights to all of them.
pub async fn of_ours(conn: &mut Conn) -> Result<Rights, StoreError> {
    let row: Result<RightsRow, _> = diesel::sql_query(RIGHTS).get_result(conn).await;
    let row = row?;
    let refused: Vec<String> = row.refused.split(' ').map(str::to_owned).collect();
    let rights = Rights {
        refused: refused
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect(),
        may_migrate: row.may_migrate == 1,
    };
    if rights.refused.is_empty() {
        conn.batch_execute(BEGIN_WRITE).await?;
        let tried = diesel::update(directory::table.find(1))
            .set(directory::version.eq(directory::version))
            .execute(conn)
            .await;
        let taken_back = conn.batch_execute("ROLLBACK").await;
        tried?;
        taken_back?;
    }
    Ok(rights)
}
