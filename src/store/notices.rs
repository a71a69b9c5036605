//! What the database offers for hearing of each other: notices, and a name that is its alone.

use super::postgres::{NoticeEars, NoticeMouth};
use super::{Backend, Store, StoreError, postgres, sqlite};

impl Store {
    /// Listens for the notices of a channel, on a connection of its own.
    pub(crate) async fn listen(
        &self,
        channel: &str,
    ) -> Result<(NoticeMouth, NoticeEars), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Err(StoreError::Unavailable("SQLite has no notices".into())),
            Backend::Postgres(db) => db.listen(channel).await,
        }
    }

    /// What every node on this database reads, and those on another do not: when it was made, and
    /// what it is called.
    pub(crate) async fn birth(&self) -> Result<String, StoreError> {
        query!(self, read, floor::birth())
    }
}
