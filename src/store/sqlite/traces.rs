//! What lies in the file beside its rows: former contents of pages, and the log.

use super::{Conn, Db, Pool, StoreError, finish};
use diesel::sql_types::Integer;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Its first column says whether somebody was in the way.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const BUSY: &str = "the log could not be emptied, since somebody else reads it: run it again";
/// The same for a connection that may not keep the writer waiting.
const CARRY_OVER: &str = "PRAGMA wal_checkpoint(PASSIVE)";

impl Db {
    /// Rewrites the file without what lay in it beside its rows, and empties the log.
    ///
    /// # Errors
    /// When somebody else writes, or reads what was there before.
    pub(in crate::store) async fn leave_no_trace(&self) -> Result<(), StoreError> {
        Pool::run(&self.writer, &self.runtime, |conn| finish(erase(conn))).await
    }

    /// Empties the log, in which rows stand that are gone from the file; false when somebody is in the
    /// way.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub(in crate::store) async fn empty_log(&self) -> Result<bool, StoreError> {
        Pool::run(&self.carrier, &self.runtime, |conn| finish(empty_log(conn))).await
    }

    /// Carries what was committed over from the log into the file, beside the writer: no webhook
    /// waits for it, and the log begins again whenever it has been carried over whole. While there is
    /// no moment for that the log grows until the writer does the rest itself.
    pub(in crate::store) async fn carry_over(&self) {
        loop {
            self.written.notified().await;
            let carried = Pool::run(&self.carrier, &self.runtime, |conn| {
                finish(carry_over(conn))
            });
            if let Err(error) = carried.await {
                tracing::debug!("The log waits to be carried over: {error}");
            }
        }
    }
}

/// Rewrites the file, and empties the log.
async fn erase(conn: &mut Conn) -> Result<(), StoreError> {
    conn.batch_execute("VACUUM").await?;
    match is_emptied(conn).await? {
        true => Ok(()),
        false => Err(StoreError::Unavailable(BUSY.to_owned())),
    }
}

/// Carries the log over beside the writer, as far as nobody is in the way.
async fn carry_over(conn: &mut Conn) -> Result<(), StoreError> {
    Ok(conn.batch_execute(CARRY_OVER).await?)
}

/// Carries the log over and empties it; false when somebody is in the way. Nearly all of it is done
/// beside the writer, who waits for the rest.
async fn empty_log(conn: &mut Conn) -> Result<bool, StoreError> {
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
