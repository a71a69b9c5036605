//! Second factors and recovery codes.

use super::super::schema::{account_factors, recovery_codes};
use super::super::{BEGIN_WRITE, Conn};
use super::end;
use crate::domain::UserId;
use crate::store::account_rows::StoredFactor;
use crate::store::{FactorRow, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

/// Somebody's, the oldest first.
pub(crate) async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<FactorRow>, StoreError> {
    let rows: Vec<StoredFactor> = account_factors::table
        .filter(account_factors::user_id.eq(user.to_string()))
        .order((account_factors::created_at, account_factors::id))
        .load(conn)
        .await?;
    rows.into_iter().map(StoredFactor::factor).collect()
}

/// Everybody's.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<FactorRow>, StoreError> {
    let rows: Vec<StoredFactor> = account_factors::table
        .order(account_factors::id)
        .load(conn)
        .await?;
    rows.into_iter().map(StoredFactor::factor).collect()
}

/// Adds one, in the place of those that never were proven.
pub(crate) async fn add(conn: &mut Conn, factor: FactorRow) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_steps(conn, factor).await;
    end(conn, result).await
}

async fn add_steps(conn: &mut Conn, factor: FactorRow) -> Result<(), StoreError> {
    let user = factor.user.to_string();
    let unproven = account_factors::table
        .filter(account_factors::user_id.eq(&user))
        .filter(account_factors::verified.eq(false));
    diesel::delete(unproven).execute(conn).await?;
    diesel::insert_into(account_factors::table)
        .values((
            account_factors::id.eq(factor.id.to_string()),
            account_factors::user_id.eq(user),
            account_factors::name.eq(factor.name),
            account_factors::sealed.eq(factor.sealed),
            account_factors::verified.eq(factor.verified),
            account_factors::last_step.eq(factor.last_step),
            account_factors::created_at.eq(factor.created_at.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a code of that step, if none of it or of a later one was taken.
pub(crate) async fn take_step(
    conn: &mut Conn,
    factor: Uuid,
    step: i64,
) -> Result<bool, StoreError> {
    let earlier = account_factors::table
        .filter(account_factors::id.eq(factor.to_string()))
        .filter(account_factors::last_step.lt(step));
    let taken = diesel::update(earlier)
        .set(account_factors::last_step.eq(step))
        .execute(conn)
        .await?;
    Ok(taken > 0)
}

/// Puts another seal of a seed in the place of this one.
pub(crate) async fn reseal(
    conn: &mut Conn,
    factor: Uuid,
    from: String,
    to: String,
) -> Result<bool, StoreError> {
    let held = account_factors::table
        .filter(account_factors::id.eq(factor.to_string()))
        .filter(account_factors::sealed.eq(from));
    let resealed = diesel::update(held)
        .set(account_factors::sealed.eq(to))
        .execute(conn)
        .await?;
    Ok(resealed > 0)
}

/// One is proven from now on.
pub(crate) async fn verify(
    conn: &mut Conn,
    user: UserId,
    factor: Uuid,
    recovery: Vec<String>,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = verify_steps(conn, &user.to_string(), factor, recovery).await;
    end(conn, result).await
}

async fn verify_steps(
    conn: &mut Conn,
    user: &str,
    factor: Uuid,
    recovery: Vec<String>,
) -> Result<(), StoreError> {
    diesel::update(account_factors::table.find(factor.to_string()))
        .set(account_factors::verified.eq(true))
        .execute(conn)
        .await?;
    if recovery.is_empty() {
        return Ok(());
    }
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user)))
        .execute(conn)
        .await?;
    for hash in recovery {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::user_id.eq(user),
                recovery_codes::hash.eq(hash),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Takes one away, and the recovery codes with the last one.
pub(crate) async fn remove(
    conn: &mut Conn,
    user: UserId,
    factor: Uuid,
) -> Result<bool, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = remove_steps(conn, &user.to_string(), factor).await;
    end(conn, result).await
}

async fn remove_steps(conn: &mut Conn, user: &str, factor: Uuid) -> Result<bool, StoreError> {
    let one = account_factors::table
        .filter(account_factors::id.eq(factor.to_string()))
        .filter(account_factors::user_id.eq(user));
    let removed = diesel::delete(one).execute(conn).await?;
    let others: Option<String> = account_factors::table
        .filter(account_factors::user_id.eq(user))
        .filter(account_factors::verified.eq(true))
        .select(account_factors::id)
        .first(conn)
        .await
        .optional()?;
    if others.is_none() {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user)))
            .execute(conn)
            .await?;
    }
    Ok(removed > 0)
}

/// Takes a recovery code, which is good once.
pub(crate) async fn take_recovery_code(
    conn: &mut Conn,
    user: UserId,
    hash: String,
) -> Result<bool, StoreError> {
    let code = recovery_codes::table.find((user.to_string(), hash));
    Ok(diesel::delete(code).execute(conn).await? > 0)
}
