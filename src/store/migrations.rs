//! What the migrations of this program know.

use super::StoreError;
use diesel::backend::Backend as Dialect;
use diesel::migration::{self, Migration};

/// The version of the latest of these migrations.
pub(super) fn latest<D: Dialect>(
    migrations: migration::Result<Vec<Box<dyn Migration<D>>>>,
) -> Result<String, StoreError> {
    let migrations = migrations.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let versions = migrations.iter();
    let versions = versions.map(|migration| migration.name().version().to_string());
    Ok(versions.max().unwrap_or_default())
}
