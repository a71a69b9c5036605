//! Rows of accounts, and the way to what they are of.

use super::rows::id;
use super::{Account, FactorRow, Link, SessionRow, StoreError};
use crate::domain::{AgencyId, LinkPurpose, Role, Timestamp, UserId};
use diesel::prelude::*;

#[derive(Queryable)]
pub(super) struct AccountRow {
    user_id: String,
    email: String,
    password: Option<String>,
    created_at: i64,
    changed_at: i64,
    signed_in_at: Option<i64>,
}

#[derive(Queryable)]
pub(super) struct StoredSession {
    id: String,
    user_id: String,
    methods: String,
    network: Option<String>,
    client: Option<String>,
    created_at: i64,
    refreshed_at: i64,
}

#[derive(Queryable)]
pub(super) struct StoredLink {
    hash: String,
    purpose: String,
    user_id: Option<String>,
    agency_id: Option<String>,
    role: Option<String>,
    name: Option<String>,
    email: Option<String>,
    made_at: i64,
    expires_at: i64,
}

#[derive(Queryable)]
pub(super) struct StoredFactor {
    id: String,
    user_id: String,
    name: String,
    sealed: String,
    verified: bool,
    last_step: i64,
    created_at: i64,
}

impl AccountRow {
    pub(super) fn account(self) -> Result<Account, StoreError> {
        Ok(Account {
            user: UserId(id(&self.user_id, "accounts.user_id")?),
            email: self.email,
            password: self.password,
            created_at: Timestamp::from_micros(self.created_at),
            changed_at: Timestamp::from_micros(self.changed_at),
            signed_in_at: self.signed_in_at.map(Timestamp::from_micros),
        })
    }
}

impl StoredSession {
    pub(super) fn session(self) -> Result<SessionRow, StoreError> {
        Ok(SessionRow {
            id: id(&self.id, "sessions.id")?,
            user: UserId(id(&self.user_id, "sessions.user_id")?),
            methods: self.methods,
            network: self.network,
            client: self.client,
            created_at: Timestamp::from_micros(self.created_at),
            refreshed_at: Timestamp::from_micros(self.refreshed_at),
        })
    }
}

impl StoredLink {
    pub(super) fn link(self) -> Result<Link, StoreError> {
        let purpose = LinkPurpose::from_name(&self.purpose);
        let unknown = || StoreError::Corrupt(format!("account_links.purpose: {:?}", self.purpose));
        let user = self.user_id.as_deref();
        let user = user.map(|user| id(user, "account_links.user_id"));
        let agency = self.agency_id.as_deref();
        let agency = agency.map(|agency| id(agency, "account_links.agency_id"));
        Ok(Link {
            purpose: purpose.ok_or_else(unknown)?,
            hash: self.hash,
            user: user.transpose()?.map(UserId),
            agency: agency.transpose()?.map(AgencyId),
            role: self.role.as_deref().and_then(Role::from_name),
            name: self.name,
            email: self.email,
            made_at: Timestamp::from_micros(self.made_at),
            expires_at: Timestamp::from_micros(self.expires_at),
        })
    }
}

impl StoredFactor {
    pub(super) fn factor(self) -> Result<FactorRow, StoreError> {
        Ok(FactorRow {
            id: id(&self.id, "account_factors.id")?,
            user: UserId(id(&self.user_id, "account_factors.user_id")?),
            name: self.name,
            sealed: self.sealed,
            verified: self.verified,
            last_step: self.last_step,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}
