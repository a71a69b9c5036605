//! Every query, written once and compiled once for each database.

pub mod batch;
pub mod call_logs;
pub mod calls;
pub mod credentials;
pub mod directory;
pub mod errands;
pub mod events;
mod load;
pub mod rights;
mod search;
pub mod stats;
pub mod webhooks;

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
