//! Every query, written once and compiled once for each database.

pub(crate) mod batch;
pub(crate) mod call_logs;
pub(crate) mod calls;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod errands;
pub(crate) mod events;
pub(crate) mod floor;
pub(crate) mod forget;
pub(crate) mod kept;
mod load;
pub(crate) mod pulse;
pub(crate) mod rights;
mod search;
pub(crate) mod stats;
pub(crate) mod webhooks;

use super::Conn;
use crate::store::StoreError;
use diesel_async::SimpleAsyncConnection;

/// Ends a transaction: by COMMIT when all went well, else by ROLLBACK, whose own failure does not
/// matter, since the caller then closes the connection.
async fn end<R>(conn: &mut Conn, result: Result<R, StoreError>) -> Result<R, StoreError> {
    match result {
        Ok(value) => {
            conn.batch_execute("COMMIT").await?;
            Ok(value)
        }
        Err(error) => {
            let _ = conn.batch_execute("ROLLBACK").await;
            Err(error)
        }
    }
}

/// The rows that can be read. One that cannot was written by a newer version, or by hand: it is
/// left alone, and what else there is goes on.
fn readable<T>(rows: impl IntoIterator<Item = Result<T, StoreError>>) -> Vec<T> {
    let rows = rows.into_iter();
    rows.filter_map(|row| match row {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::warn!("Left out: {error}");
            None
        }
    })
    .collect()
}
