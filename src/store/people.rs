//! People, and who of them is whose.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, Timestamp, User, UserId};

impl Store {
    /// These people, as far as they are known.
    pub async fn users(&self, ids: Vec<UserId>) -> Result<Vec<User>, StoreError> {
        query!(self, read, directory::users(ids))
    }

    /// The people of an agency, or of all.
    pub async fn people(&self, agency: Option<AgencyId>) -> Result<Vec<User>, StoreError> {
        query!(self, read, directory::people(agency))
    }

    /// The people of those agencies.
    pub async fn people_of(&self, agencies: Vec<AgencyId>) -> Result<Vec<User>, StoreError> {
        query!(self, read, directory::people_of(agencies))
    }

    /// The SIP names of everybody's phones, with whose agency they are.
    pub async fn sip_names(&self) -> Result<Vec<(AgencyId, String)>, StoreError> {
        query!(self, read, directory::sip_names())
    }

    /// Adds a person, or changes one that is known.
    pub async fn put_user(&self, user: User, now: Timestamp) -> Result<(), StoreError> {
        query!(self, write, directory::put_user(user, now))
    }

    /// Removes a person; says whether there was one.
    pub async fn remove_user(&self, user: UserId) -> Result<bool, StoreError> {
        query!(self, write, directory::remove_user(user))
    }
}
