//! Keys for programs.

use super::super::Conn;
use super::super::schema::agency_keys;
use crate::domain::{AgencyId, AgencyKey, KeyId, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::key_rows::KeyRow;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Every agency's keys, each with its hash.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<(String, AgencyKey)>, StoreError> {
    let rows: Vec<KeyRow> = agency_keys::table.load(conn).await?;
    rows.into_iter()
        .map(|row| Ok((row.hash.clone(), row.key()?)))
        .collect()
}

/// The keys of an agency, those that were made first before the others.
pub(crate) async fn of_agency(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Vec<AgencyKey>, StoreError> {
    let rows: Vec<KeyRow> = agency_keys::table
        .filter(agency_keys::agency_id.eq(agency.to_string()))
        .order((agency_keys::created_at, agency_keys::id))
        .load(conn)
        .await?;
    rows.into_iter().map(KeyRow::key).collect()
}

/// Stores a key.
pub(crate) async fn add(conn: &mut Conn, hash: String, key: AgencyKey) -> Result<(), StoreError> {
    let row = KeyRow::of(hash, key);
    diesel::insert_into(agency_keys::table)
        .values((
            agency_keys::id.eq(row.id),
            agency_keys::agency_id.eq(row.agency_id),
            agency_keys::hash.eq(row.hash),
            agency_keys::name.eq(row.name),
            agency_keys::rights.eq(row.rights),
            agency_keys::prefix.eq(row.prefix),
            agency_keys::created_at.eq(row.created_at),
            agency_keys::created_by.eq(row.created_by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a key away; says whether the agency had it.
pub(crate) async fn remove(
    conn: &mut Conn,
    agency: AgencyId,
    key: KeyId,
) -> Result<bool, StoreError> {
    let held = agency_keys::table
        .find(key.to_string())
        .filter(agency_keys::agency_id.eq(agency.to_string()));
    Ok(diesel::delete(held).execute(conn).await? > 0)
}

/// Takes the name of whoever made keys of the agency out of them; says of how many.
pub(crate) async fn forget_maker(
    conn: &mut Conn,
    agency: AgencyId,
    user: UserId,
) -> Result<usize, StoreError> {
    let theirs = agency_keys::table
        .filter(agency_keys::agency_id.eq(agency.to_string()))
        .filter(agency_keys::created_by.eq(user.to_string()));
    Ok(diesel::update(theirs)
        .set(agency_keys::created_by.eq(Uuid::nil().to_string()))
        .execute(conn)
        .await?)
}

/// Notes when keys were used last, where nobody has noted a later time.
pub(crate) async fn used(conn: &mut Conn, keys: Vec<(KeyId, Timestamp)>) -> Result<(), StoreError> {
    for (key, at) in keys {
        let earlier = agency_keys::last_used_at
            .is_null()
            .or(agency_keys::last_used_at.lt(at.micros()));
        diesel::update(agency_keys::table.find(key.to_string()).filter(earlier))
            .set(agency_keys::last_used_at.eq(at.micros()))
            .execute(conn)
            .await?;
    }
    Ok(())
}
