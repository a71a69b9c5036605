//! What lies in the file beside its rows: former contents of pages, and the log.

use super::{Conn, StoreError};
use diesel::sql_types::Integer;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Its first column says whether somebody was in the way.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const BUSY: &str = "the log could not be emptied, since somebody else reads it: run it again";
/// The same for a connection that may not keep the writer waiting.
const CARRY_OVER: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Rewrites the file, and empties the log.
pub(super) async fn erase(conn: &mut Conn) -> Result<(), StoreError> {
    conn.batch_execute("VACUUM").await?;
    match is_emptied(conn).await? {
        true => Ok(()),
        false => Err(StoreError::Unavailable(BUSY.to_owned())),
    }
}

/// Carries the log over beside the writer, as far as nobody is in the way.
pub(super) async fn carry_over(conn: &mut Conn) -> Result<(), StoreError> {
    Ok(conn.batch_execute(CARRY_OVER).await?)
}

/// Carries the log over and empties it; false when somebody is in the way. Nearly all of it is done
/// beside the writer, who waits for the rest.
pub(super) async fn empty_log(conn: &mut Conn) -> Result<bool, StoreError> {
    carry_over(conn).await?;
    is_emptied(conn).await
}

async fn is_emptied(conn: &mut Conn) -> Result<bool, StoreError> {
    let row: LogRow = diesel::sql_query(EMPTY_LOG).get_result(conn).await?;
    Ok(row.busy == 0)
}

#[derive(diesel::QueryableByName)]
struct LogRow {
    #[diesel(sql_type = Integer)]
    busy: i32,
}
