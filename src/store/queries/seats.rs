//! Who sits in an agency, and whose seats there are empty.

use super::super::schema::{
    account_factors, account_links, accounts, agencies, empty_seats, sessions, users,
};
use super::super::{Conn, locked};
use crate::domain::{
    Absence, AgencyId, LinkPurpose, Role, Seat, SigningIn, Timestamp, User, UserId,
};
use crate::store::rows::{UserRow, id, unknown};
use crate::store::{Roster, StoreError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

type EmptySeat = (String, String, String, i64);

/// The people of an agency, those whose seats there are empty among them.
pub(crate) async fn roster(
    conn: &mut Conn,
    agency: AgencyId,
    now: Timestamp,
) -> Result<Roster, StoreError> {
    let agency = agency.to_string();
    let seats = seats(conn, &agency).await?;
    let ids: Vec<String> = seats.iter().map(|seat| seat.user.id.to_string()).collect();
    let mut signing_in: HashMap<UserId, SigningIn> = HashMap::new();
    let having: Vec<String> = accounts::table
        .filter(accounts::user_id.eq_any(ids.clone()))
        .select(accounts::user_id)
        .load(conn)
        .await?;
    for user in having {
        entry(&mut signing_in, &user)?.account = true;
    }
    let factors: Vec<String> = account_factors::table
        .filter(account_factors::user_id.eq_any(ids.clone()))
        .filter(account_factors::verified.eq(true))
        .select(account_factors::user_id)
        .load(conn)
        .await?;
    for user in factors {
        entry(&mut signing_in, &user)?.second_factor = true;
    }
    let open: Vec<(String, i64)> = sessions::table
        .filter(sessions::user_id.eq_any(ids))
        .select((sessions::user_id, sessions::refreshed_at))
        .load(conn)
        .await?;
    for (user, at) in open {
        let its = entry(&mut signing_in, &user)?;
        its.sessions += 1;
        its.seen_at = its.seen_at.max(Some(Timestamp::from_micros(at)));
    }
    let links: Vec<(Option<String>, i64)> = account_links::table
        .filter(account_links::agency_id.eq(&agency))
        .filter(account_links::purpose.eq(LinkPurpose::Invite.name()))
        .filter(account_links::user_id.is_not_null())
        .filter(account_links::expires_at.gt(now.micros()))
        .select((account_links::user_id, account_links::expires_at))
        .load(conn)
        .await?;
    for (user, until) in links {
        let its = entry(&mut signing_in, &user.unwrap_or_default())?;
        its.invited_until = its.invited_until.max(Some(Timestamp::from_micros(until)));
    }
    Ok(Roster { seats, signing_in })
}

fn entry<'a>(
    all: &'a mut HashMap<UserId, SigningIn>,
    user: &str,
) -> Result<&'a mut SigningIn, StoreError> {
    Ok(all.entry(UserId(id(user, "user_id")?)).or_default())
}

/// The same, without how they sign in.
pub(super) async fn seats(conn: &mut Conn, agency: &str) -> Result<Vec<Seat>, StoreError> {
    let empty: Vec<EmptySeat> = empty_seats::table
        .filter(empty_seats::agency_id.eq(agency))
        .select((
            empty_seats::user_id,
            empty_seats::role,
            empty_seats::absence,
            empty_seats::since,
        ))
        .load(conn)
        .await?;
    let ids: Vec<String> = empty.iter().map(|(user, ..)| user.clone()).collect();
    let rows: Vec<UserRow> = users::table
        .filter(users::agency_id.eq(agency).or(users::id.eq_any(ids)))
        .order((users::created_at, users::id))
        .load(conn)
        .await?;
    let of = |row: UserRow| {
        let held = empty.iter().find(|(user, ..)| *user == row.id);
        seat(row, held.cloned())
    };
    rows.into_iter().map(of).collect()
}

/// Whoever sits somewhere sits, whatever is written about an empty seat of theirs.
fn seat(row: UserRow, empty: Option<EmptySeat>) -> Result<Seat, StoreError> {
    let user = row.user()?;
    let Some((of, role, absence, since)) = empty.filter(|_| user.agency_id.is_none()) else {
        let role = user.role;
        return Ok(Seat {
            user,
            role,
            absence: None,
        });
    };
    let why = Absence::from_name(&absence);
    let why = why.ok_or_else(|| unknown("empty_seats.absence", &of, &absence))?;
    Ok(Seat {
        user,
        role: Role::from_name(&role),
        absence: Some((why, Timestamp::from_micros(since))),
    })
}

/// One of the agency's people, or of those whose seats there are empty.
pub(super) async fn one(
    conn: &mut Conn,
    agency: &str,
    user: UserId,
) -> Result<Option<Seat>, StoreError> {
    let user = user.to_string();
    let row: Option<UserRow> = users::table.find(&user).first(conn).await.optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let empty: Option<EmptySeat> = empty_seats::table
        .find(&user)
        .filter(empty_seats::agency_id.eq(agency))
        .select((
            empty_seats::user_id,
            empty_seats::role,
            empty_seats::absence,
            empty_seats::since,
        ))
        .first(conn)
        .await
        .optional()?;
    let ours = match &row.agency_id {
        Some(its) => its == agency,
        None => empty.is_some(),
    };
    ours.then(|| seat(row, empty)).transpose()
}

/// Holds an agency, so that nobody else changes its people meanwhile.
pub(super) async fn hold(conn: &mut Conn, agency: &str) -> Result<(), StoreError> {
    let held = agencies::table
        .filter(agencies::id.eq(agency))
        .select(agencies::id);
    let _: Vec<String> = locked!(held).load(conn).await?;
    Ok(())
}

/// Whether nobody but this person owns the agency, which is held.
pub(super) async fn is_last_owner(
    conn: &mut Conn,
    agency: &str,
    user: &User,
) -> Result<bool, StoreError> {
    if user.role != Some(Role::Owner) {
        return Ok(false);
    }
    let others: Option<String> = users::table
        .filter(users::agency_id.eq(agency))
        .filter(users::role.eq(Role::Owner.name()))
        .filter(users::id.ne(user.id.to_string()))
        .select(users::id)
        .first(conn)
        .await
        .optional()?;
    Ok(others.is_none())
}
