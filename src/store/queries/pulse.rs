//! A write that is taken back, for those who ask whether the database takes any.

use super::super::schema::pulse;
use super::super::{BEGIN_WRITE, Conn};
use super::{end, rights};
use crate::store::StoreError;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Writes a row and commits it, then removes it: only a commit shows that the disk takes it, and
/// SQLite writes no page that is free again by then. Looks for the right to every other table first,
/// since none of them is touched.
pub(crate) async fn beat(conn: &mut Conn, id: i64, body: String) -> Result<(), StoreError> {
    let refused = rights::refused(conn).await?;
    if !refused.is_empty() {
        let sentence = format!("rights are missing: {refused}");
        return Err(StoreError::Unproven(sentence));
    }
    conn.batch_execute(BEGIN_WRITE).await?;
    let written = write(conn, id, body).await;
    end(conn, written).await?;
    conn.batch_execute(BEGIN_WRITE).await?;
    let removed = remove_all(conn).await;
    end(conn, removed).await
}

async fn write(conn: &mut Conn, id: i64, body: String) -> Result<(), StoreError> {
    diesel::insert_into(pulse::table)
        .values((pulse::id.eq(id), pulse::body.eq(body)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Others' rows too: of somebody who is at it now it is committed already, and of somebody who died
/// over it nothing may stay.
async fn remove_all(conn: &mut Conn) -> Result<(), StoreError> {
    diesel::delete(pulse::table).execute(conn).await?;
    Ok(())
}
