//! Connections to PostgreSQL, lent out one by one. What comes back into the pool is only a
//! connection of which it is certain that nothing is wrong with it.

use super::{Conn, connect};
use crate::config::PostgresUrl;
use crate::store::StoreError;
use crate::store::overheard::Overheard;
use deadpool::managed::{self, Metrics, Object, RecycleError, RecycleResult};
use diesel_async::pooled_connection::PoolableConnection;
use std::time::Duration;

/// Longest wait for a new connection.
const CONNECT: Duration = Duration::from_millis(1000);

/// The code of a write where only reading is allowed, as on a standby.
const READ_ONLY: &str = "25006";

/// Connections that are set up alike.
pub(super) type Pool = managed::Pool<Maker>;

/// So many connections, each set up as these statements say.
///
/// # Errors
/// None in practice.
pub(super) fn pool(
    url: &PostgresUrl,
    connections: usize,
    setup: &'static str,
) -> Result<Pool, StoreError> {
    let url = url.clone();
    let pool = Pool::builder(Maker { url, setup }).max_size(connections);
    pool.build()
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Makes connections.
pub(crate) struct Maker {
    url: PostgresUrl,
    setup: &'static str,
}

/// A connection, and the codes of its errors.
pub(crate) struct Line {
    conn: Conn,
    codes: Overheard,
}

impl managed::Manager for Maker {
    type Type = Line;
    type Error = StoreError;

    async fn create(&self) -> Result<Line, StoreError> {
        let connecting = tokio::time::timeout(CONNECT, connect(&self.url, self.setup));
        match connecting.await {
            Ok(Ok((conn, codes))) => Ok(Line { conn, codes }),
            Ok(Err(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(_) => Err(StoreError::Unavailable("no answer within a second".into())),
        }
    }

    async fn recycle(&self, line: &mut Line, _: &Metrics) -> RecycleResult<StoreError> {
        if line.conn.is_broken() {
            return Err(RecycleError::message("the connection is gone"));
        }
        Ok(())
    }
}

/// A connection out of a pool. Unless it is given back it is closed: whoever was using it was
/// cut off, and what it was in the middle of is unknown.
pub(crate) struct Lease(Option<Object<Maker>>);

impl Lease {
    /// A connection of `pool`, as soon as there is one.
    ///
    /// # Errors
    /// When there is none to be had.
    pub(crate) async fn of(pool: &Pool) -> Result<Self, StoreError> {
        let lent = pool.get().await;
        let lent = lent.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        // What an earlier user met is nothing to this one.
        let _ = lent.codes.take();
        Ok(Self(Some(lent)))
    }

    /// The connection.
    ///
    /// # Errors
    /// None in practice: a lease holds its connection until it is given back.
    pub(crate) fn conn(&mut self) -> Result<&mut Conn, StoreError> {
        match &mut self.0 {
            Some(line) => Ok(&mut line.conn),
            None => Err(StoreError::Unavailable("the connection is gone".into())),
        }
    }

    /// Ends it with what came of its work. The connection goes back into its pool only when there
    /// was no error, or one that says nothing about the connection or the database. After one that
    /// may be about the database itself, as when a table was altered under our statements, the
    /// idle ones are closed too: they have seen the same past. So they are where nothing may be
    /// written: whoever takes writes now is found by a new connection.
    ///
    /// # Errors
    /// That of `result`, with the server's code taken into account.
    pub(crate) fn end<R>(mut self, result: Result<R, StoreError>) -> Result<R, StoreError> {
        let Some(line) = self.0.take() else {
            return result;
        };
        let Err(error) = result else { return result };
        let code = line.codes.take();
        let takes_no_writes = code.as_deref() == Some(READ_ONLY);
        let error = error.with_code(code);
        if !error.is_harmless() {
            let with_it = takes_no_writes || matches!(error, StoreError::Unproven(_));
            if let (Some(pool), true) = (Object::pool(&line), with_it) {
                drop(pool.retain(|_, _| false));
            }
            drop(Object::take(line));
        }
        Err(error)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            drop(Object::take(line));
        }
    }
}
