//! Links that are good once.

use super::super::schema::{account_links, accounts};
use super::super::{BEGIN_WRITE, Conn};
use super::directory::put_user;
use super::end;
use crate::domain::{LinkPurpose, Timestamp, User};
use crate::store::account_rows::StoredLink;
use crate::store::{Account, Link, LinkUse, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Keeps one, and removes those that have run out.
pub(crate) async fn add(conn: &mut Conn, link: Link) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_steps(conn, link).await;
    end(conn, result).await
}

async fn add_steps(conn: &mut Conn, link: Link) -> Result<(), StoreError> {
    let over = account_links::table.filter(account_links::expires_at.le(link.made_at.micros()));
    diesel::delete(over).execute(conn).await?;
    diesel::insert_into(account_links::table)
        .values((
            account_links::hash.eq(link.hash),
            account_links::purpose.eq(link.purpose.name()),
            account_links::user_id.eq(link.user.map(|user| user.to_string())),
            account_links::agency_id.eq(link.agency.map(|agency| agency.to_string())),
            account_links::role.eq(link.role.map(crate::domain::Role::name)),
            account_links::name.eq(link.name),
            account_links::email.eq(link.email),
            account_links::made_at.eq(link.made_at.micros()),
            account_links::expires_at.eq(link.expires_at.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// One that is still good.
pub(crate) async fn good(
    conn: &mut Conn,
    hash: String,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    let row: Option<StoredLink> = account_links::table
        .find(hash)
        .filter(account_links::expires_at.gt(now.micros()))
        .first(conn)
        .await
        .optional()?;
    row.map(StoredLink::link).transpose()
}

/// Uses one up; says whether it was still good. Of two who come at once one is told so.
pub(crate) async fn use_up(
    conn: &mut Conn,
    hash: String,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let good = account_links::table
        .filter(account_links::hash.eq(hash))
        .filter(account_links::expires_at.gt(now.micros()));
    Ok(diesel::delete(good).execute(conn).await? > 0)
}

/// Uses one up, and makes a person and an account of it.
pub(crate) async fn accept(
    conn: &mut Conn,
    hash: String,
    user: User,
    account: Option<Account>,
    now: Timestamp,
) -> Result<LinkUse, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = accept_steps(conn, hash, user, account, now).await;
    end(conn, result).await
}

async fn accept_steps(
    conn: &mut Conn,
    hash: String,
    user: User,
    account: Option<Account>,
    now: Timestamp,
) -> Result<LinkUse, StoreError> {
    // The link stays good where nothing comes of it.
    if let Some(account) = &account {
        let taken = super::accounts::by_email(conn, account.email.clone()).await?;
        if taken.is_some_and(|held| held.user != account.user) {
            return Ok(LinkUse::EmailTaken);
        }
    }
    let purpose: Option<String> = account_links::table
        .find(&hash)
        .select(account_links::purpose)
        .first(conn)
        .await
        .optional()?;
    if !use_up(conn, hash, now).await? {
        return Ok(LinkUse::Gone);
    }
    let setup = LinkPurpose::Setup.name();
    if purpose.as_deref() == Some(setup) {
        // The house has its owner now: no other link of the kind is good any more.
        if super::accounts::any(conn).await? {
            return Ok(LinkUse::Gone);
        }
        let others = account_links::table.filter(account_links::purpose.eq(setup));
        diesel::delete(others).execute(conn).await?;
    }
    put_user(conn, user, now).await?;
    if let Some(account) = account {
        diesel::insert_into(accounts::table)
            .values((
                accounts::user_id.eq(account.user.to_string()),
                accounts::email.eq(account.email),
                accounts::password.eq(account.password),
                accounts::created_at.eq(account.created_at.micros()),
                accounts::changed_at.eq(account.changed_at.micros()),
            ))
            .execute(conn)
            .await?;
    }
    Ok(LinkUse::Done)
}
