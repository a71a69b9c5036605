//! The people of an agency, as its owner and admins manage them.
//!
//! Whatever changes people first holds the agency, so that of two owners who remove each other one
//! stays.

use super::super::schema::{accounts, empty_seats, sessions, users};
use super::super::{BEGIN_WRITE, Conn};
use super::end;
use super::links::{add_steps as add_link, revoke};
use super::seats::{hold, is_last_owner, one, seats};
use crate::domain::{Absence, LinkPurpose, Role, Seat, Timestamp, UserId};
use crate::store::rows::UserRow;
use crate::store::{Gone, Link, Manager, NotChanged, PersonChange, RESET_S, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Most people who may be awaited in one agency.
const AWAITED: usize = 500;

/// Runs steps as one transaction that begins with holding the manager's agency.
macro_rules! holding {
    ($conn:ident, $by:ident, $steps:expr) => {{
        $conn.batch_execute(BEGIN_WRITE).await?;
        let result = match hold($conn, &$by.agency.to_string()).await {
            Ok(()) => $steps.await,
            Err(error) => Err(error),
        };
        end($conn, result).await
    }};
}

/// Somebody is awaited from now on.
pub(crate) async fn await_one(
    conn: &mut Conn,
    by: Manager,
    seat: Seat,
    link: Link,
) -> Result<Result<(), NotChanged>, StoreError> {
    holding!(conn, by, await_steps(conn, by, seat, link))
}

async fn await_steps(
    conn: &mut Conn,
    by: Manager,
    seat: Seat,
    link: Link,
) -> Result<Result<(), NotChanged>, StoreError> {
    if !by.role.looks_after(seat.role) {
        return Ok(Err(NotChanged::Above));
    }
    let agency = by.agency.to_string();
    let known = seats(conn, &agency).await?;
    let awaited = |seat: &&Seat| matches!(seat.absence, Some((Absence::Invited, _)));
    if known.iter().filter(awaited).count() >= AWAITED {
        return Ok(Err(NotChanged::TooMany));
    }
    if let Some(held) = having(&known, seat.user.email.as_deref(), seat.user.id) {
        return Ok(Err(held));
    }
    let row = UserRow::of(&seat.user, by.now);
    diesel::insert_into(users::table)
        .values((
            users::id.eq(&row.id),
            users::name.eq(row.name),
            users::email.eq(row.email),
            users::sip_username.eq(row.sip_username),
            users::created_at.eq(row.created_at),
        ))
        .execute(conn)
        .await?;
    let role = seat.role.unwrap_or(Role::Member);
    empty(conn, &row.id, &agency, role, Absence::Invited, by.now).await?;
    add_link(conn, link).await?;
    Ok(Ok(()))
}

/// Who else of these has that address.
fn having(seats: &[Seat], email: Option<&str>, but: UserId) -> Option<NotChanged> {
    let email = email?.to_lowercase();
    let has = |seat: &&Seat| {
        let its = seat.user.email.as_deref().map(str::to_lowercase);
        seat.user.id != but && its.as_ref() == Some(&email)
    };
    let held = seats.iter().find(has)?;
    let absence = held.absence.map(|(absence, _)| absence);
    Some(NotChanged::Known(held.user.id, absence))
}

async fn empty(
    conn: &mut Conn,
    user: &str,
    agency: &str,
    role: Role,
    absence: Absence,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::delete(empty_seats::table.find(user))
        .execute(conn)
        .await?;
    diesel::insert_into(empty_seats::table)
        .values((
            empty_seats::user_id.eq(user),
            empty_seats::agency_id.eq(agency),
            empty_seats::role.eq(role.name()),
            empty_seats::absence.eq(absence.name()),
            empty_seats::since.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Another link for somebody.
pub(crate) async fn renew_link(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
    role: Option<Role>,
    link: Link,
) -> Result<Result<(Seat, Link), NotChanged>, StoreError> {
    holding!(conn, by, renew_steps(conn, by, user, role, link))
}

async fn renew_steps(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
    role: Option<Role>,
    mut link: Link,
) -> Result<Result<(Seat, Link), NotChanged>, StoreError> {
    let mut seat = match managed(conn, by, user).await? {
        Ok(seat) => seat,
        Err(refused) => return Ok(Err(refused)),
    };
    let text = user.to_string();
    if let Some(role) = role.filter(|_| seat.absence.is_some()) {
        if !by.role.looks_after(Some(role)) {
            return Ok(Err(NotChanged::Above));
        }
        diesel::update(empty_seats::table.find(&text))
            .set(empty_seats::role.eq(role.name()))
            .execute(conn)
            .await?;
        seat.role = Some(role);
    }
    let has_account = super::accounts::of_user(conn, user).await?.is_some();
    if seat.absence.is_none() && has_account {
        // Whoever works here and has an account needs no more than another password.
        link.purpose = LinkPurpose::Reset;
        link.expires_at = by.now.plus_seconds(RESET_S);
    } else {
        link.agency = Some(by.agency);
        link.role = seat.role;
        link.name = seat.user.name.clone();
        link.email = seat.user.email.clone();
    }
    link.user = Some(user);
    revoke(conn, &text).await?;
    add_link(conn, link.clone()).await?;
    Ok(Ok((seat, link)))
}

/// Somebody whom the manager looks after.
async fn managed(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
) -> Result<Result<Seat, NotChanged>, StoreError> {
    let Some(seat) = one(conn, &by.agency.to_string(), user).await? else {
        return Ok(Err(NotChanged::Nobody));
    };
    match by.role.looks_after(seat.role) {
        true => Ok(Ok(seat)),
        false => Ok(Err(NotChanged::Above)),
    }
}

/// Changes somebody.
pub(crate) async fn change(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
    change: PersonChange,
) -> Result<Result<(), NotChanged>, StoreError> {
    holding!(conn, by, change_steps(conn, by, user, change))
}

async fn change_steps(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
    change: PersonChange,
) -> Result<Result<(), NotChanged>, StoreError> {
    let agency = by.agency.to_string();
    let seat = match managed(conn, by, user).await? {
        Ok(seat) => seat,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(role) = change.role {
        if !by.role.looks_after(Some(role)) {
            return Ok(Err(NotChanged::Above));
        }
        if role != Role::Owner && is_last_owner(conn, &agency, &seat.user).await? {
            return Ok(Err(NotChanged::LastOwner));
        }
    }
    if let Some(Some(email)) = &change.email {
        let known = seats(conn, &agency).await?;
        if let Some(held) = having(&known, Some(email), user) {
            return Ok(Err(held));
        }
        let account = super::accounts::by_email(conn, email.to_lowercase()).await?;
        if account.is_some_and(|account| account.user != user) {
            return Ok(Err(NotChanged::EmailTaken));
        }
    }
    write(conn, &seat, change).await?;
    Ok(Ok(()))
}

async fn write(conn: &mut Conn, seat: &Seat, change: PersonChange) -> Result<(), StoreError> {
    let user = seat.user.id.to_string();
    let role = change.role.map(Role::name);
    if let (Some(role), Some(_)) = (role, seat.absence) {
        diesel::update(empty_seats::table.find(&user))
            .set(empty_seats::role.eq(role))
            .execute(conn)
            .await?;
    }
    if let Some(Some(email)) = &change.email {
        diesel::update(accounts::table.find(&user))
            .set(accounts::email.eq(email.to_lowercase()))
            .execute(conn)
            .await?;
    }
    let held = seat.user.clone();
    let role = match seat.absence {
        Some(_) => None,
        None => role.or(held.role.map(Role::name)),
    };
    diesel::update(users::table.find(&user))
        .set((
            role.map(|role| users::role.eq(role)),
            users::name.eq(change.name.unwrap_or(held.name)),
            users::email.eq(change.email.unwrap_or(held.email)),
            users::sip_username.eq(change.sip_username.unwrap_or(held.sip_username)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a seat away.
pub(crate) async fn unseat(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
) -> Result<Result<Gone, NotChanged>, StoreError> {
    holding!(conn, by, unseat_steps(conn, by, user))
}

async fn unseat_steps(
    conn: &mut Conn,
    by: Manager,
    user: UserId,
) -> Result<Result<Gone, NotChanged>, StoreError> {
    let agency = by.agency.to_string();
    let seat = match managed(conn, by, user).await? {
        Ok(seat) => seat,
        Err(refused) => return Ok(Err(refused)),
    };
    let text = user.to_string();
    if seat.absence.is_some() {
        // Whatever is theirs goes with the person: account, sessions, links.
        diesel::delete(users::table.find(&text))
            .execute(conn)
            .await?;
        return Ok(Ok(Gone::All));
    }
    if is_last_owner(conn, &agency, &seat.user).await? {
        return Ok(Err(NotChanged::LastOwner));
    }
    let none = None::<String>;
    diesel::update(users::table.find(&text))
        .set((users::agency_id.eq(&none), users::role.eq(&none)))
        .execute(conn)
        .await?;
    let role = seat.role.unwrap_or(Role::Member);
    empty(conn, &text, &agency, role, Absence::Removed, by.now).await?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(&text)))
        .execute(conn)
        .await?;
    revoke(conn, &text).await?;
    Ok(Ok(Gone::Seat))
}
