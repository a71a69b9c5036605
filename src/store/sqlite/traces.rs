//! What lies in the file beside its rows: former contents of pages, and the log.

use super::{Conn, StoreError};
use diesel::sql_types::Integer;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Its first column says whether somebody was in the way.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const BUSY: &str = "the log could not be emptied, since somebody else reads it: run it again";

/// Rewrites the file, and empties the log.
pub(super) async fn erase(conn: &mut Conn) -> Result<(), StoreError> {
    conn.batch_execute("VACUUM").await?;
    let row: LogRow = diesel::sql_query(EMPTY_LOG).get_result(conn).await?;
    match row.busy {
        0 => Ok(()),
        _ => Err(StoreError::Unavailable(BUSY.to_owned())),
    }
}

#[derive(diesel::QueryableByName)]
struct LogRow {
    #[diesel(sql_type = Integer)]
    busy: i32,
}
