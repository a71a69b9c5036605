//! A key for programs, as its row says it.

use super::StoreError;
use super::rows::id;
use crate::domain::{AgencyId, AgencyKey, KeyId, KeyRight, Timestamp, UserId};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable)]
pub(super) struct KeyRow {
    pub id: String,
    pub agency_id: String,
    pub hash: String,
    pub name: String,
    pub rights: String,
    pub prefix: String,
    pub created_at: i64,
    pub created_by: String,
    pub last_used_at: Option<i64>,
}

impl KeyRow {
    pub(super) fn of(hash: String, key: AgencyKey) -> Self {
        let rights: Vec<&str> = key.rights.iter().map(|right| right.name()).collect();
        Self {
            id: key.id.to_string(),
            agency_id: key.agency_id.to_string(),
            hash,
            name: key.name,
            rights: rights.join(","),
            prefix: key.prefix,
            created_at: key.created_at.micros(),
            created_by: key.created_by.to_string(),
            last_used_at: key.last_used_at.map(Timestamp::micros),
        }
    }

    pub(super) fn key(self) -> Result<AgencyKey, StoreError> {
        let rights = self.rights.split(',');
        Ok(AgencyKey {
            id: KeyId(id(&self.id, "agency_keys.id")?),
            agency_id: AgencyId(id(&self.agency_id, "agency_keys.agency_id")?),
            // A right that only a later version knows allows nothing here.
            rights: rights.filter_map(KeyRight::from_name).collect(),
            name: self.name,
            prefix: self.prefix,
            created_at: Timestamp::from_micros(self.created_at),
            created_by: UserId(id(&self.created_by, "agency_keys.created_by")?),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
        })
    }
}
