//! An agency's sealed credentials.

use super::super::schema::{agencies, agency_credentials};
use super::super::{BEGIN_SNAPSHOT, BEGIN_WRITE, Conn};
use super::directory::sealed;
use super::end;
use crate::domain::{AgencyId, CredentialKey, Timestamp};
use crate::store::rows::{AgencyRow, CredentialRow};
use crate::store::{AgencyCredentials, KeptCredential, SealedCredential, StoreError};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// What an agency has stored, at one moment.
pub(crate) async fn of_agency(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Option<AgencyCredentials>, StoreError> {
    conn.batch_execute(BEGIN_SNAPSHOT).await?;
    let result = of_agency_steps(conn, agency.to_string()).await;
    end(conn, result).await
}

async fn of_agency_steps(
    conn: &mut Conn,
    agency: String,
) -> Result<Option<AgencyCredentials>, StoreError> {
    let row: Option<AgencyRow> = agencies::table.find(&agency).first(conn).await.optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let rows: Vec<CredentialRow> = agency_credentials::table
        .filter(agency_credentials::agency_id.eq(&agency))
        .order(agency_credentials::name)
        .load(conn)
        .await?;
    let kept = |row: &CredentialRow| KeptCredential {
        credential: sealed(row),
        updated_at: Timestamp::from_micros(row.updated_at),
    };
    Ok(Some(AgencyCredentials {
        agency: row.agency()?,
        data_key: row.data_key,
        telephony_configured: row.telephony_configured,
        credentials: rows.iter().map(kept).collect(),
    }))
}

/// Remembers that the agency's carrier is known to Ultravox; says whether that is new.
pub(crate) async fn mark_configured(conn: &mut Conn, agency: AgencyId) -> Result<bool, StoreError> {
    let unmarked = agencies::table
        .filter(agencies::id.eq(agency.to_string()))
        .filter(agencies::telephony_configured.eq(false));
    let marked = diesel::update(unmarked)
        .set(agencies::telephony_configured.eq(true))
        .execute(conn)
        .await?;
    Ok(marked > 0)
}

/// Takes a credential away; says whether there was one.
pub(crate) async fn remove(
    conn: &mut Conn,
    agency: AgencyId,
    key: CredentialKey,
) -> Result<bool, StoreError> {
    let held = agency_credentials::table.find((agency.to_string(), key.name()));
    Ok(diesel::delete(held).execute(conn).await? > 0)
}

/// Puts another wrapping of an agency's data key in the place of this one; says whether it was
/// still there.
pub(crate) async fn rewrap(
    conn: &mut Conn,
    agency: AgencyId,
    from: String,
    to: String,
) -> Result<bool, StoreError> {
    let held = agencies::table
        .filter(agencies::id.eq(agency.to_string()))
        .filter(agencies::data_key.eq(from));
    let rewrapped = diesel::update(held)
        .set(agencies::data_key.eq(to))
        .execute(conn)
        .await?;
    Ok(rewrapped > 0)
}

/// Writes sealed credentials of an agency, with the data key that sealed them.
pub(crate) async fn put(
    conn: &mut Conn,
    agency: AgencyId,
    data_key: String,
    credentials: Vec<SealedCredential>,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = put_steps(conn, agency, data_key, credentials, now).await;
    end(conn, result).await
}

async fn put_steps(
    conn: &mut Conn,
    agency: AgencyId,
    data_key: String,
    credentials: Vec<SealedCredential>,
    now: Timestamp,
) -> Result<(), StoreError> {
    // The first writer's data key stays: two commands at once must not seal by two keys.
    let kept = diesel::update(
        agencies::table
            .filter(agencies::id.eq(agency.to_string()))
            .filter(
                agencies::data_key
                    .is_null()
                    .or(agencies::data_key.eq(&data_key)),
            ),
    )
    .set(agencies::data_key.eq(&data_key))
    .execute(conn)
    .await?;
    if kept == 0 {
        return Err(StoreError::KeyChanged);
    }
    for credential in credentials {
        diesel::insert_into(agency_credentials::table)
            .values((
                agency_credentials::agency_id.eq(agency.to_string()),
                agency_credentials::name.eq(credential.name),
                agency_credentials::version.eq(credential.version),
                agency_credentials::sealed.eq(credential.sealed),
                agency_credentials::updated_at.eq(now.micros()),
            ))
            .on_conflict((agency_credentials::agency_id, agency_credentials::name))
            .do_update()
            .set((
                agency_credentials::version.eq(excluded(agency_credentials::version)),
                agency_credentials::sealed.eq(excluded(agency_credentials::sealed)),
                agency_credentials::updated_at.eq(excluded(agency_credentials::updated_at)),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}
