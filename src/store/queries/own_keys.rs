//! The keys that sign access tokens of our own.

use super::super::schema::signing_keys;
use super::super::{BEGIN_WRITE, Conn};
use super::end;
use crate::domain::Timestamp;
use crate::store::{SealedSigningKey, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// All of them, the newest first.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<SealedSigningKey>, StoreError> {
    let rows: Vec<(String, String, String, i64)> = signing_keys::table
        .order((signing_keys::made_at.desc(), signing_keys::kid))
        .load(conn)
        .await?;
    let key = |(kid, public, sealed, made_at)| SealedSigningKey {
        kid,
        public,
        sealed,
        made_at: Timestamp::from_micros(made_at),
    };
    Ok(rows.into_iter().map(key).collect())
}

/// Adds one, and takes those away that were made before `forget`.
pub(crate) async fn add(
    conn: &mut Conn,
    key: SealedSigningKey,
    forget: Timestamp,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_steps(conn, key, forget).await;
    end(conn, result).await
}

async fn add_steps(
    conn: &mut Conn,
    key: SealedSigningKey,
    forget: Timestamp,
) -> Result<(), StoreError> {
    let old = signing_keys::table.filter(signing_keys::made_at.lt(forget.micros()));
    diesel::delete(old).execute(conn).await?;
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(key.kid),
            signing_keys::public.eq(key.public),
            signing_keys::sealed.eq(key.sealed),
            signing_keys::made_at.eq(key.made_at.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
