//! A write that is taken back, for those who ask whether the database takes any.

use super::super::schema::pulse;
use super::super::{BEGIN_WRITE, Conn};
use super::{end, rights};
use crate::store::StoreError;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Writes a row, removes it, and commits both: only a commit shows that the disk takes it. Looks for
/// the right to every other table first, since none of them is touched.
pub async fn beat(conn: &mut Conn, id: i64, body: String) -> Result<(), StoreError> {
    let refused = rights::refused(conn).await?;
    if !refused.is_empty() {
        let sentence = format!("rights are missing: {refused}");
        return Err(StoreError::Unproven(sentence));
    }
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = steps(conn, id, body).await;
    end(conn, result).await
}

async fn steps(conn: &mut Conn, id: i64, body: String) -> Result<(), StoreError> {
    diesel::insert_into(pulse::table)
        .values((pulse::id.eq(id), pulse::body.eq(body)))
        .execute(conn)
        .await?;
    diesel::delete(pulse::table.find(id)).execute(conn).await?;
    Ok(())
}
