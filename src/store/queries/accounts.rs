//! Accounts of our own.

use super::super::Conn;
use super::super::schema::{accounts, users};
use crate::domain::{Timestamp, UserId};
use crate::store::account_rows::AccountRow;
use crate::store::{Account, StoreError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Whether anybody has one who belongs to an agency: an identity provider's strangers do not.
pub(crate) async fn any(conn: &mut Conn) -> Result<bool, StoreError> {
    let of_agencies = users::table
        .filter(users::agency_id.is_not_null())
        .select(users::id);
    let first: Option<String> = accounts::table
        .filter(accounts::user_id.eq_any(of_agencies))
        .select(accounts::user_id)
        .limit(1)
        .first(conn)
        .await
        .optional()?;
    Ok(first.is_some())
}

/// The account of that address.
pub(crate) async fn by_email(
    conn: &mut Conn,
    email: String,
) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = accounts::table
        .filter(accounts::email.eq(email))
        .first(conn)
        .await
        .optional()?;
    row.map(AccountRow::account).transpose()
}

/// The account of that person.
pub(crate) async fn of_user(conn: &mut Conn, user: UserId) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = accounts::table
        .find(user.to_string())
        .first(conn)
        .await
        .optional()?;
    row.map(AccountRow::account).transpose()
}

/// Sets a password.
pub(crate) async fn set_password(
    conn: &mut Conn,
    user: UserId,
    password: String,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let set = diesel::update(accounts::table.find(user.to_string()))
        .set((
            accounts::password.eq(password),
            accounts::changed_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(set > 0)
}

/// Puts a password's newer hash in the place of that one.
pub(crate) async fn rehash(
    conn: &mut Conn,
    user: UserId,
    from: String,
    to: String,
) -> Result<(), StoreError> {
    let held = accounts::table
        .filter(accounts::user_id.eq(user.to_string()))
        .filter(accounts::password.eq(from));
    diesel::update(held)
        .set(accounts::password.eq(to))
        .execute(conn)
        .await?;
    Ok(())
}
