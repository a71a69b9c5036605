//! Links that are good once.

use super::super::schema::{account_links, accounts, empty_seats, users};
use super::super::{BEGIN_WRITE, Conn};
use super::directory::{put_user, users as people};
use super::end;
use super::seats::{hold, is_last_owner, one};
use crate::domain::{Absence, LinkPurpose, Role, Timestamp, User, UserId};
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

pub(super) async fn add_steps(conn: &mut Conn, link: Link) -> Result<(), StoreError> {
    let over = account_links::table.filter(account_links::expires_at.le(link.made_at.micros()));
    diesel::delete(over).execute(conn).await?;
    if let Some(user) = link.user {
        // Of several links of a kind for one person the latest is good.
        let earlier = account_links::table
            .filter(account_links::user_id.eq(user.to_string()))
            .filter(account_links::purpose.eq(link.purpose.name()));
        diesel::delete(earlier).execute(conn).await?;
    }
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

/// Somebody's links are good no more.
pub(super) async fn revoke(conn: &mut Conn, user: &str) -> Result<(), StoreError> {
    let theirs = account_links::table.filter(account_links::user_id.eq(user));
    diesel::delete(theirs).execute(conn).await?;
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
    mut user: User,
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
    let Some(link) = good(conn, hash.clone(), now).await? else {
        return Ok(LinkUse::Gone);
    };
    let replaced = match sit_down(conn, &link, &mut user).await? {
        Ok(replaced) => replaced,
        Err(refused) => return Ok(refused),
    };
    if let Some(refused) = stays(conn, &link, &user).await? {
        return Ok(refused);
    }
    if !use_up(conn, hash, now).await? {
        return Ok(LinkUse::Gone);
    }
    if link.purpose == LinkPurpose::Setup {
        // The house has its owner now: no other link of the kind is good any more.
        if super::accounts::any(conn).await? {
            return Ok(LinkUse::Gone);
        }
        let setup = LinkPurpose::Setup.name();
        let others = account_links::table.filter(account_links::purpose.eq(setup));
        diesel::delete(others).execute(conn).await?;
    }
    if let Some(place) = replaced {
        diesel::delete(users::table.find(place.to_string()))
            .execute(conn)
            .await?;
    }
    let id = user.id.to_string();
    put_user(conn, user, now).await?;
    diesel::delete(empty_seats::table.find(&id))
        .execute(conn)
        .await?;
    revoke(conn, &id).await?;
    match account {
        Some(account) => open_account(conn, account).await,
        None => Ok(LinkUse::Done),
    }
}

/// Whoever comes by a link that is for somebody takes what was arranged for them: role, name and
/// phone. Returns who was only awaited, in place of whom somebody comes who is known by another id.
async fn sit_down(
    conn: &mut Conn,
    link: &Link,
    user: &mut User,
) -> Result<Result<Option<UserId>, LinkUse>, StoreError> {
    let (Some(place), Some(agency)) = (link.user, link.agency) else {
        return Ok(Ok(None));
    };
    let Some(seat) = one(conn, &agency.to_string(), place).await? else {
        return Ok(Err(LinkUse::Gone));
    };
    let only_awaited = matches!(seat.absence, Some((Absence::Invited, _)));
    if user.id != place && !only_awaited {
        return Ok(Err(LinkUse::OtherPerson));
    }
    user.role = seat.role.or(user.role);
    user.name = user.name.take().or(seat.user.name);
    user.sip_username = seat.user.sip_username.or(user.sip_username.take());
    Ok(Ok((user.id != place).then_some(place)))
}

/// Why this person stays where they are: an invitation of somebody else does not change what they
/// are here, and their own agency keeps an owner.
async fn stays(conn: &mut Conn, link: &Link, user: &User) -> Result<Option<LinkUse>, StoreError> {
    let present = people(conn, vec![user.id]).await?.into_iter().next();
    let Some(agency) = present.and_then(|present| present.agency_id) else {
        return Ok(None);
    };
    if link.agency == Some(agency) && link.user != Some(user.id) {
        return Ok(Some(LinkUse::OtherPerson));
    }
    let text = agency.to_string();
    hold(conn, &text).await?;
    let Some(present) = people(conn, vec![user.id]).await?.into_iter().next() else {
        return Ok(None);
    };
    let goes_on = user.agency_id == Some(agency) && user.role == Some(Role::Owner);
    let is_last = !goes_on && is_last_owner(conn, &text, &present).await?;
    Ok(is_last.then_some(LinkUse::LastOwner))
}

/// Makes an account, or sets the password of one that is there.
async fn open_account(conn: &mut Conn, account: Account) -> Result<LinkUse, StoreError> {
    let (id, changed_at) = (account.user.to_string(), account.changed_at.micros());
    let held = accounts::table.find(&id);
    let set = diesel::update(held)
        .set((
            account
                .password
                .as_ref()
                .map(|to| accounts::password.eq(to)),
            accounts::changed_at.eq(changed_at),
        ))
        .execute(conn)
        .await?;
    if set > 0 {
        // Of somebody who comes back with another password.
        super::sessions::end_all(conn, account.user, None).await?;
    } else {
        diesel::insert_into(accounts::table)
            .values((
                accounts::user_id.eq(id),
                accounts::email.eq(account.email),
                accounts::password.eq(account.password),
                accounts::created_at.eq(account.created_at.micros()),
                accounts::changed_at.eq(changed_at),
            ))
            .execute(conn)
            .await?;
    }
    Ok(LinkUse::Done)
}
