//! Every query, written once and compiled once for each database.

pub(crate) mod accounts;
pub(crate) mod agents;
pub(crate) mod attempts;
pub(crate) mod batch;
pub(crate) mod call_logs;
pub(crate) mod calls;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod errands;
pub(crate) mod events;
pub(crate) mod factors;
pub(crate) mod floor;
pub(crate) mod forget;
pub(crate) mod identities;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod legs;
pub(crate) mod links;
mod load;
pub(crate) mod mails;
pub(crate) mod own_keys;
pub(crate) mod people;
pub(crate) mod presence;
pub(crate) mod pulse;
pub(crate) mod rights;
mod search;
pub(crate) mod seats;
pub(crate) mod sessions;
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

/// The rows after one in the order of a key that ends with a carrier's name and the carrier.
macro_rules! after {
    ($table:ident, $name:ident, $after:expr) => {{
        let after: &$crate::store::Named = $after;
        let same = $table::carrier.gt(after.carrier.clone());
        let later = $table::$name.gt(after.name.clone());
        // The first condition is implied by the second; it lets the index find the place.
        let there = $table::$name.ge(after.name.clone());
        there.and(later.or(same))
    }};
}
use after;

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
