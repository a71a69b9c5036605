//! Which legs go with their calls, and which bear on none.

use super::super::schema::{agency_heads, call_legs, claims, errands, inbound_calls};
use super::super::{BEGIN_WRITE, Conn, locked};
use super::{after, end};
use crate::domain::{AgencyId, Timestamp};
use crate::store::named::by_carrier;
use crate::store::{Named, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::HashSet;

/// No batch of the journal changes the agency's calls while this is held.
pub(super) async fn hold_head(conn: &mut Conn, agency: &str) -> Result<(), StoreError> {
    let head = agency_heads::table
        .filter(agency_heads::agency_id.eq(agency))
        .select(agency_heads::agency_id);
    let _: Vec<String> = locked!(head).load(conn).await?;
    Ok(())
}

/// Those of these sessions in which there is a call that is none of `but`.
pub(super) async fn sessions_of_others(
    conn: &mut Conn,
    agency: &str,
    sessions: &[&Named],
    but: &HashSet<&str>,
) -> Result<HashSet<Named>, StoreError> {
    let mut shared = HashSet::new();
    for (carrier, sessions) in by_carrier(sessions.iter().copied()) {
        let legs: Vec<(String, Option<String>)> = call_legs::table
            .filter(call_legs::agency_id.eq(agency))
            .filter(call_legs::carrier.eq(carrier))
            .filter(call_legs::call_session_id.eq_any(sessions))
            .select((call_legs::call_control_id, call_legs::call_session_id))
            .load(conn)
            .await?;
        let handles: Vec<&String> = legs.iter().map(|(handle, _)| handle).collect();
        let calls: Vec<(String, String)> = inbound_calls::table
            .filter(inbound_calls::agency_id.eq(agency))
            .filter(inbound_calls::carrier.eq(carrier))
            .filter(inbound_calls::call_control_id.eq_any(handles))
            .select((inbound_calls::id, inbound_calls::call_control_id))
            .load(conn)
            .await?;
        let others = calls.iter().filter(|(id, _)| !but.contains(id.as_str()));
        let others: HashSet<&String> = others.map(|(_, handle)| handle).collect();
        let theirs = legs.iter().filter(|(handle, _)| others.contains(handle));
        let theirs = theirs.filter_map(|(_, session)| session.clone());
        shared.extend(theirs.map(|session| Named::of((session, carrier.to_owned()))));
    }
    Ok(shared)
}

/// The legs that bear on calls: their callers', those of their sessions, and those of the claims on them.
pub(super) async fn legs_of(
    conn: &mut Conn,
    agency: &str,
    callers: impl Iterator<Item = Named>,
    sessions: impl Iterator<Item = &Named>,
    of_calls: &[String],
) -> Result<HashSet<Named>, StoreError> {
    let of_claims: Vec<(String, String)> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::claim_id.eq_any(of_calls))
        .select((call_legs::call_control_id, call_legs::carrier))
        .load(conn)
        .await?;
    let mut legs: HashSet<Named> = of_claims.into_iter().map(Named::of).collect();
    legs.extend(callers);
    for (carrier, sessions) in by_carrier(sessions) {
        let in_session: Vec<(String, String)> = call_legs::table
            .filter(call_legs::agency_id.eq(agency))
            .filter(call_legs::carrier.eq(carrier))
            .filter(call_legs::call_session_id.eq_any(sessions))
            .select((call_legs::call_control_id, call_legs::carrier))
            .load(conn)
            .await?;
        legs.extend(in_session.into_iter().map(Named::of));
    }
    Ok(legs)
}

pub(super) async fn remove_legs(
    conn: &mut Conn,
    agency: &str,
    legs: &HashSet<Named>,
) -> Result<usize, StoreError> {
    let mut removed = 0;
    for (carrier, handles) in by_carrier(legs) {
        let gone = call_legs::table
            .filter(call_legs::agency_id.eq(agency))
            .filter(call_legs::carrier.eq(carrier))
            .filter(call_legs::call_control_id.eq_any(handles));
        removed += diesel::delete(gone).execute(conn).await?;
    }
    Ok(removed)
}

/// What is owed about these legs is owed no more.
pub(super) async fn remove_errands(
    conn: &mut Conn,
    agency: &str,
    legs: &HashSet<Named>,
) -> Result<(), StoreError> {
    for (carrier, handles) in by_carrier(legs) {
        let gone = errands::table
            .filter(errands::agency_id.eq(agency))
            .filter(errands::carrier.eq(carrier))
            .filter(errands::subject.eq_any(handles));
        diesel::delete(gone).execute(conn).await?;
    }
    Ok(())
}

/// A page of an agency's legs after that one, in the order of their keys, with when each was last
/// changed.
pub(crate) async fn page(
    conn: &mut Conn,
    agency: AgencyId,
    after: Named,
    limit: i64,
) -> Result<Vec<(Named, i64)>, StoreError> {
    let page: Vec<((String, String), i64)> = call_legs::table
        .filter(call_legs::agency_id.eq(agency.to_string()))
        .filter(after!(call_legs, call_control_id, &after))
        .order((call_legs::call_control_id, call_legs::carrier))
        .select((
            (call_legs::call_control_id, call_legs::carrier),
            call_legs::updated_at,
        ))
        .limit(limit)
        .load(conn)
        .await?;
    let page = page.into_iter();
    Ok(page.map(|(leg, at)| (Named::of(leg), at)).collect())
}

/// Removes those of these legs that were last changed before `before` and bear on no call: another
/// program's, and those whose `call.initiated` never came.
pub(crate) async fn prune(
    conn: &mut Conn,
    agency: AgencyId,
    legs: Vec<Named>,
    before: Timestamp,
) -> Result<usize, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = prune_steps(conn, &agency.to_string(), &legs, before).await;
    end(conn, result).await
}

async fn prune_steps(
    conn: &mut Conn,
    agency: &str,
    legs: &[Named],
    before: Timestamp,
) -> Result<usize, StoreError> {
    hold_head(conn, agency).await?;
    let mut gone = HashSet::new();
    for (carrier, handles) in by_carrier(legs) {
        gone.extend(stray(conn, agency, carrier, &handles, before).await?);
    }
    remove_errands(conn, agency, &gone).await?;
    remove_legs(conn, agency, &gone).await
}

/// A leg's handle, its session and its claim.
type OldLeg = (String, Option<String>, Option<String>);

/// Those of a carrier's legs that were last changed before `before` and bear on no call.
async fn stray(
    conn: &mut Conn,
    agency: &str,
    carrier: &str,
    handles: &[&str],
    before: Timestamp,
) -> Result<Vec<Named>, StoreError> {
    let old: Vec<OldLeg> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::carrier.eq(carrier))
        .filter(call_legs::call_control_id.eq_any(handles))
        .filter(call_legs::updated_at.lt(before.micros()))
        .select((
            call_legs::call_control_id,
            call_legs::call_session_id,
            call_legs::claim_id,
        ))
        .load(conn)
        .await?;
    let own: Vec<&String> = old.iter().map(|(handle, _, _)| handle).collect();
    let calls: Vec<String> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency))
        .filter(inbound_calls::carrier.eq(carrier))
        .filter(inbound_calls::call_control_id.eq_any(own))
        .select(inbound_calls::call_control_id)
        .load(conn)
        .await?;
    let named: Vec<&String> = old.iter().filter_map(|(_, _, it)| it.as_ref()).collect();
    let claimed: Vec<String> = claims::table
        .filter(claims::agency_id.eq(agency))
        .filter(claims::id.eq_any(named))
        .select(claims::id)
        .load(conn)
        .await?;
    let named = |name: &String| Named::of((name.clone(), carrier.to_owned()));
    let sessions = old.iter().filter_map(|(_, it, _)| it.as_ref());
    let sessions: Vec<Named> = sessions.map(named).collect();
    let sessions: Vec<&Named> = sessions.iter().collect();
    let taken = sessions_of_others(conn, agency, &sessions, &HashSet::new()).await?;
    let gone = old.iter().filter(|(handle, session, claim)| {
        !calls.contains(handle)
            && session
                .as_ref()
                .is_none_or(|it| !taken.contains(&named(it)))
            && claim.as_ref().is_none_or(|it| !claimed.contains(it))
    });
    Ok(gone.map(|(handle, _, _)| named(handle)).collect())
}
