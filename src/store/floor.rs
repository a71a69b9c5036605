//! Which programs may serve this database: none older than the schema's floor.

use super::migrations::latest;
use super::{Backend, Store, StoreError, Trouble, postgres, sqlite};
use diesel::migration::MigrationSource;
use diesel::sqlite::Sqlite;

impl Store {
    /// Refuses a schema that only newer programs can serve: what they write this one could not
    /// read, and would take for damage.
    pub(super) async fn check_floor(&self) -> Result<(), StoreError> {
        let floor = match query!(self, read, floor::floor()) {
            Err(error @ StoreError::Unproven(_)) => {
                // Where that is for a right, this says which.
                self.missing_migrations().await?;
                return Err(error);
            }
            floor => floor?,
        };
        let known = match &self.0 {
            Backend::Sqlite(_) => {
                latest(MigrationSource::<Sqlite>::migrations(&sqlite::MIGRATIONS))?
            }
            Backend::Postgres(_) => postgres::Db::known()?,
        };
        if floor > known {
            let fact = format!(
                "the database needs a newer callboard: one that knows its schema {floor}, and this \
                 one knows it up to {known}"
            );
            let mend = "start the newer program, or restore a backup from before it";
            return Err(Trouble::new(fact, mend).into());
        }
        Ok(())
    }
}
