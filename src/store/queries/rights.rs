//! What we may do in the database.

use super::super::schema::directory;
use super::super::{BEGIN_WRITE, Conn, rights_sql};
use crate::store::{Rights, StoreError};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

#[derive(QueryableByName)]
struct RightsRow {
    #[diesel(sql_type = Text)]
    refused: String,
    #[diesel(sql_type = Text)]
    to_migrate: String,
}

async fn rights(conn: &mut Conn) -> Result<Rights, StoreError> {
    let row: Result<RightsRow, _> = diesel::sql_query(rights_sql()).get_result(conn).await;
    let row = row?;
    Ok(Rights {
        refused: row.refused,
        to_migrate: row.to_migrate,
    })
}

/// What we may not do to the tables of ours; blank when all is as it should be.
pub(crate) async fn refused(conn: &mut Conn) -> Result<String, StoreError> {
    Ok(rights(conn).await?.refused)
}

/// Writes to a table of ours and takes it back; then asks for the rights to all of them.
pub(crate) async fn of_ours(conn: &mut Conn) -> Result<Rights, StoreError> {
    let rights = rights(conn).await?;
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
