//! Keys for programs.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, AgencyKey, KeyId, Timestamp, UserId};

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Every agency's keys, each with the hash that it is known by.
    pub async fn all_keys(&self) -> Result<Vec<(String, AgencyKey)>, StoreError> {
        query!(self, read, keys::all())
    }

    /// The keys of an agency, those that were made first before the others.
    pub async fn keys(&self, agency: AgencyId) -> Result<Vec<AgencyKey>, StoreError> {
        query!(self, read, keys::of_agency(agency))
    }

    /// Stores a key under its hash.
    pub async fn add_key(&self, hash: String, key: AgencyKey) -> Result<(), StoreError> {
        query!(self, write, keys::add(hash, key))
    }

    /// Takes a key away; says whether the agency had it.
    pub async fn remove_key(&self, agency: AgencyId, key: KeyId) -> Result<bool, StoreError> {
        query!(self, write, keys::remove(agency, key))
    }

    /// Takes whoever made keys of the agency out of them; says of how many.
    pub async fn forget_key_maker(
        &self,
        agency: AgencyId,
        user: UserId,
    ) -> Result<usize, StoreError> {
        query!(self, write, keys::forget_maker(agency, user))
    }

    /// Notes when keys were used last.
    pub async fn keys_used(&self, keys: Vec<(KeyId, Timestamp)>) -> Result<(), StoreError> {
        query!(self, write, keys::used(keys))
    }
}
