//! Agencies and people.

use super::super::schema::{agencies, agency_credentials, agency_heads, directory, users};
use super::super::{BEGIN_WRITE, Conn};
use super::end;
use crate::domain::{Agency, AgencyChange, AgencyId, Timestamp, User, UserId};
use crate::store::rows::{AgencyRow, CredentialRow, UserRow};
use crate::store::{SealedAgency, SealedCredential, StoreError, settings};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// A number that grows with every change of agencies, people and credentials.
pub(crate) async fn version(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(directory::table
        .find(1)
        .select(directory::version)
        .first(conn)
        .await?)
}

/// Every agency with its sealed credentials.
pub(crate) async fn agencies(conn: &mut Conn) -> Result<Vec<SealedAgency>, StoreError> {
    let rows: Vec<AgencyRow> = agencies::table
        .order((agencies::created_at, agencies::id))
        .load(conn)
        .await?;
    let credentials: Vec<CredentialRow> = agency_credentials::table
        .order((agency_credentials::agency_id, agency_credentials::name))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let mine = credentials.iter().filter(|held| held.agency_id == row.id);
            Ok(SealedAgency {
                agency: row.agency()?,
                settings: settings::of(&row),
                credentials: mine.map(sealed).collect(),
                data_key: row.data_key,
            })
        })
        .collect()
}

pub(super) fn sealed(row: &CredentialRow) -> SealedCredential {
    SealedCredential {
        name: row.name.clone(),
        version: row.version,
        sealed: row.sealed.clone(),
    }
}

/// Adds an agency and the head of its numbering.
pub(crate) async fn add_agency(
    conn: &mut Conn,
    agency: Agency,
    epoch: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_agency_steps(conn, agency, epoch, now).await;
    end(conn, result).await
}

async fn add_agency_steps(
    conn: &mut Conn,
    agency: Agency,
    epoch: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = agency.id.to_string();
    diesel::insert_into(agencies::table)
        .values((
            agencies::id.eq(&id),
            agencies::name.eq(agency.name),
            agencies::is_default.eq(agency.is_default),
            agencies::created_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    diesel::insert_into(agency_heads::table)
        .values((
            agency_heads::agency_id.eq(&id),
            agency_heads::epoch.eq(epoch),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Changes how an agency works; says whether there is such an agency.
pub(crate) async fn change_agency(
    conn: &mut Conn,
    agency: AgencyId,
    change: AgencyChange,
) -> Result<bool, StoreError> {
    let agency = agencies::table.find(agency.to_string());
    let change = settings::Changed::of(change);
    let changed = diesel::update(agency)
        .set((
            change.name.map(|to| agencies::name.eq(to)),
            change.time_zone.map(|to| agencies::time_zone.eq(to)),
            change
                .mask_numbers_for
                .map(|to| agencies::mask_numbers_for.eq(to)),
            change.ring_s.map(|to| agencies::ring_s.eq(to)),
            change
                .service_level_s
                .map(|to| agencies::service_level_s.eq(to)),
            change.wrap_up_s.map(|to| agencies::wrap_up_s.eq(to)),
            change.away_reasons.map(|to| agencies::away_reasons.eq(to)),
            change.numbers.map(|to| agencies::numbers.eq(to)),
        ))
        .execute(conn)
        .await?;
    Ok(changed > 0)
}

/// These people, as far as they are known.
pub(crate) async fn users(conn: &mut Conn, ids: Vec<UserId>) -> Result<Vec<User>, StoreError> {
    let ids: Vec<String> = ids.iter().map(UserId::to_string).collect();
    let rows: Vec<UserRow> = users::table
        .filter(users::id.eq_any(ids))
        .load(conn)
        .await?;
    rows.into_iter().map(UserRow::user).collect()
}

/// The people of an agency, or of all.
pub(crate) async fn people(
    conn: &mut Conn,
    agency: Option<AgencyId>,
) -> Result<Vec<User>, StoreError> {
    let mut query = users::table
        .order((users::created_at, users::id))
        .into_boxed();
    if let Some(agency) = agency {
        query = query.filter(users::agency_id.eq(agency.to_string()));
    }
    let rows: Vec<UserRow> = query.load(conn).await?;
    rows.into_iter().map(UserRow::user).collect()
}

/// The people of those agencies.
pub(crate) async fn people_of(
    conn: &mut Conn,
    agencies: Vec<AgencyId>,
) -> Result<Vec<User>, StoreError> {
    let agencies: Vec<String> = agencies.iter().map(AgencyId::to_string).collect();
    let rows: Vec<UserRow> = users::table
        .filter(users::agency_id.eq_any(agencies))
        .load(conn)
        .await?;
    rows.into_iter().map(UserRow::user).collect()
}

/// The SIP names of everybody's phones, with whose agency they are.
pub(crate) async fn sip_names(conn: &mut Conn) -> Result<Vec<(AgencyId, String)>, StoreError> {
    let rows: Vec<(Option<String>, Option<String>)> = users::table
        .filter(users::agency_id.is_not_null())
        .filter(users::sip_username.is_not_null())
        .filter(users::sip_username.ne(""))
        .select((users::agency_id, users::sip_username))
        .load(conn)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(agency, name)| Some((agency?.parse().ok()?, name?)))
        .collect())
}

/// Adds a person, or changes one that is known.
pub(crate) async fn put_user(
    conn: &mut Conn,
    user: User,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = UserRow::of(&user, now);
    diesel::insert_into(users::table)
        .values((
            users::id.eq(row.id),
            users::agency_id.eq(row.agency_id),
            users::role.eq(row.role),
            users::name.eq(row.name),
            users::email.eq(row.email),
            users::sip_username.eq(row.sip_username),
            users::created_at.eq(row.created_at),
        ))
        .on_conflict(users::id)
        .do_update()
        .set((
            users::agency_id.eq(excluded(users::agency_id)),
            users::role.eq(excluded(users::role)),
            users::name.eq(excluded(users::name)),
            users::email.eq(excluded(users::email)),
            users::sip_username.eq(excluded(users::sip_username)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes a person; says whether there was one. Past calls keep the name.
pub(crate) async fn remove_user(conn: &mut Conn, user: UserId) -> Result<bool, StoreError> {
    let removed = diesel::delete(users::table.find(user.to_string()))
        .execute(conn)
        .await?;
    Ok(removed > 0)
}
