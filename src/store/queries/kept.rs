//! What retention removes beside events and webhooks, and the lease under which one node does it.

use super::super::schema::{
    agency_heads, call_legs, call_logs, claims, commands, errands, inbound_calls, leases,
};
use super::super::{BEGIN_WRITE, Conn, locked};
use super::end;
use crate::domain::{AgencyId, Carrier, ErrandKind, Timestamp};
use crate::store::StoreError;
use crate::store::kept::{Lease, Swept};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::HashSet;

/// How far the clocks of two nodes may differ, in seconds. A lease that lasts longer than any is
/// taken for is the work of a clock that was wrong.
const DOUBT_S: i64 = 5;

/// Takes a lease or prolongs one's own; false while somebody else has it.
pub(crate) async fn hold(
    conn: &mut Conn,
    lease: Lease,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let until = now.plus_seconds(lease.lasts_s);
    let longest = until.plus_seconds(DOUBT_S);
    let free = leases::holder
        .eq(&lease.holder)
        .or(leases::held_until.le(now.micros()))
        .or(leases::held_until.gt(longest.micros()));
    let taken = diesel::update(
        leases::table
            .filter(leases::name.eq(lease.name))
            .filter(free),
    )
    .set((
        leases::holder.eq(&lease.holder),
        leases::held_until.eq(until.micros()),
    ))
    .execute(conn)
    .await?;
    if taken > 0 {
        return Ok(true);
    }
    let made = diesel::insert_into(leases::table)
        .values((
            leases::name.eq(lease.name),
            leases::holder.eq(&lease.holder),
            leases::held_until.eq(until.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(made > 0)
}

/// Gives a lease back, if it is still one's own.
pub(crate) async fn let_go(conn: &mut Conn, lease: Lease) -> Result<(), StoreError> {
    let own = leases::table
        .filter(leases::name.eq(lease.name))
        .filter(leases::holder.eq(lease.holder));
    diesel::update(own)
        .set(leases::held_until.eq(0))
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes at most `limit` of an agency's finished calls that rang before `before`.
pub(crate) async fn prune_logs(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let old: Vec<String> = call_logs::table
        .filter(call_logs::agency_id.eq(agency.to_string()))
        .filter(call_logs::started_at.lt(before.micros()))
        .order((call_logs::started_at, call_logs::id))
        .select(call_logs::id)
        .limit(limit)
        .load(conn)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let old = call_logs::table
        .filter(call_logs::agency_id.eq(agency.to_string()))
        .filter(call_logs::id.eq_any(old));
    Ok(diesel::delete(old).execute(conn).await?)
}

/// A call that may go, with the handle of its leg and its session.
type Old = (String, String, Option<String>);

/// A leg with its session and its claim.
type OldLeg = (String, Option<String>, Option<String>);

/// The calls of an agency that ended, and were last changed, before `before`.
macro_rules! old_calls {
    ($agency:expr, $before:expr, $limit:expr) => {
        inbound_calls::table
            .filter(inbound_calls::agency_id.eq($agency))
            .filter(inbound_calls::status.eq("ended"))
            // Implied by the next one; it lets the index find the place.
            .filter(inbound_calls::created_at.lt($before.micros()))
            .filter(inbound_calls::ended_at.lt($before.micros()))
            .filter(inbound_calls::updated_at.lt($before.micros()))
            .order((inbound_calls::created_at, inbound_calls::id))
            .select((
                inbound_calls::id,
                inbound_calls::call_control_id,
                inbound_calls::call_session_id,
            ))
            .limit($limit)
    };
}

/// Removes at most `limit` of an agency's calls that ended before `before`, each with its claims, its
/// commands and its legs.
pub(crate) async fn prune_calls(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<Swept, StoreError> {
    let agency = agency.to_string();
    // Nearly always there are none; a look costs no lock.
    let old: Vec<Old> = old_calls!(&agency, before, 1).load(conn).await?;
    if old.is_empty() {
        return Ok(Swept::default());
    }
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = prune_call_steps(conn, &agency, before, limit).await;
    end(conn, result).await
}

async fn prune_call_steps(
    conn: &mut Conn,
    agency: &str,
    before: Timestamp,
    limit: i64,
) -> Result<Swept, StoreError> {
    hold_head(conn, agency).await?;
    let mut old: Vec<Old> = old_calls!(agency, before, limit).load(conn).await?;
    let sessions: Vec<&String> = old.iter().filter_map(|(_, _, it)| it.as_ref()).collect();
    let ids: HashSet<&String> = old.iter().map(|(id, _, _)| id).collect();
    let shared = sessions_of_others(conn, agency, &sessions, &ids).await?;
    // The legs of a session bear on all of its calls, so they all go together or stay.
    old.retain(|(_, _, session)| session.as_ref().is_none_or(|it| !shared.contains(it)));
    let ids: Vec<&String> = old.iter().map(|(id, _, _)| id).collect();
    if ids.is_empty() {
        return Ok(Swept::default());
    }
    let handles: Vec<&String> = old.iter().map(|(_, handle, _)| handle).collect();
    let sessions: Vec<&String> = old.iter().filter_map(|(_, _, it)| it.as_ref()).collect();
    let of_calls: Vec<String> = claims::table
        .filter(claims::agency_id.eq(agency))
        .filter(claims::call_id.eq_any(&ids))
        .select(claims::id)
        .load(conn)
        .await?;
    let legs = legs_of(conn, agency, &handles, &sessions, &of_calls).await?;
    let legs: Vec<&String> = legs.iter().collect();
    let subjects: Vec<&String> = legs.iter().copied().chain(&of_calls).collect();
    remove_errands(conn, agency, &subjects).await?;
    let of_claims = commands::table
        .filter(commands::agency_id.eq(agency))
        .filter(commands::claim_id.eq_any(&of_calls));
    let mut swept = Swept {
        commands: diesel::delete(of_claims).execute(conn).await?,
        ..Swept::default()
    };
    let of_none = commands::table
        .filter(commands::agency_id.eq(agency))
        .filter(commands::claim_id.is_null())
        .filter(commands::call_id.eq_any(&ids));
    swept.commands += diesel::delete(of_none).execute(conn).await?;
    let gone = claims::table
        .filter(claims::agency_id.eq(agency))
        .filter(claims::id.eq_any(&of_calls));
    swept.claims = diesel::delete(gone).execute(conn).await?;
    swept.legs = remove_legs(conn, agency, &legs).await?;
    let gone = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency))
        .filter(inbound_calls::id.eq_any(&ids));
    swept.calls = diesel::delete(gone).execute(conn).await?;
    Ok(swept)
}

/// No batch of the journal changes the agency's calls while this is held.
async fn hold_head(conn: &mut Conn, agency: &str) -> Result<(), StoreError> {
    let head = agency_heads::table
        .filter(agency_heads::agency_id.eq(agency))
        .select(agency_heads::agency_id);
    let _: Vec<String> = locked!(head).load(conn).await?;
    Ok(())
}

/// Those of these sessions in which there is a call that is none of `but`.
async fn sessions_of_others(
    conn: &mut Conn,
    agency: &str,
    sessions: &[&String],
    but: &HashSet<&String>,
) -> Result<HashSet<String>, StoreError> {
    let legs: Vec<(String, Option<String>)> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::call_session_id.eq_any(sessions))
        .select((call_legs::call_control_id, call_legs::call_session_id))
        .load(conn)
        .await?;
    let handles: Vec<&String> = legs.iter().map(|(handle, _)| handle).collect();
    let calls: Vec<(String, String)> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency))
        .filter(inbound_calls::call_control_id.eq_any(handles))
        .select((inbound_calls::id, inbound_calls::call_control_id))
        .load(conn)
        .await?;
    let others = calls.into_iter().filter(|(id, _)| !but.contains(id));
    let others: HashSet<String> = others.map(|(_, handle)| handle).collect();
    let shared = legs
        .into_iter()
        .filter(|(handle, _)| others.contains(handle));
    Ok(shared.filter_map(|(_, session)| session).collect())
}

/// The handles of the legs that bear on the calls of these legs, sessions and claims.
async fn legs_of(
    conn: &mut Conn,
    agency: &str,
    handles: &[&String],
    sessions: &[&String],
    of_calls: &[String],
) -> Result<HashSet<String>, StoreError> {
    let in_session: Vec<String> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::call_session_id.eq_any(sessions))
        .select(call_legs::call_control_id)
        .load(conn)
        .await?;
    let of_claims: Vec<String> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::claim_id.eq_any(of_calls))
        .select(call_legs::call_control_id)
        .load(conn)
        .await?;
    let callers = handles.iter().map(|handle| (*handle).clone());
    Ok(callers.chain(in_session).chain(of_claims).collect())
}

async fn remove_legs(conn: &mut Conn, agency: &str, legs: &[&String]) -> Result<usize, StoreError> {
    let gone = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
        .filter(call_legs::call_control_id.eq_any(legs));
    Ok(diesel::delete(gone).execute(conn).await?)
}

/// What is owed about them is owed no more.
async fn remove_errands(
    conn: &mut Conn,
    agency: &str,
    subjects: &[&String],
) -> Result<(), StoreError> {
    let gone = errands::table
        .filter(errands::agency_id.eq(agency))
        .filter(errands::subject.eq_any(subjects));
    diesel::delete(gone).execute(conn).await?;
    Ok(())
}

/// Removes at most `limit` of an agency's errands that were due before `before`, are in nobody's
/// hands and of a kind or a carrier that is not known here. Those that are known are done, refused or
/// given up by whoever sees to them; a node that knew these would have put them off by minutes.
pub(crate) async fn prune_errands(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let left = || {
        let leased = errands::leased_until;
        let unknown = errands::kind
            .ne_all(ErrandKind::ALL.map(ErrandKind::name))
            .or(errands::carrier.ne_all(Carrier::ALL.map(Carrier::name)));
        errands::table
            .filter(errands::agency_id.eq(agency.to_string()))
            .filter(errands::due_at.lt(before.micros()))
            .filter(unknown)
            .filter(leased.is_null().or(leased.lt(before.micros())))
    };
    let old: Vec<(String, String)> = left()
        .order(errands::due_at)
        .select((errands::kind, errands::subject))
        .limit(limit)
        .load(conn)
        .await?;
    let mut removed = 0;
    for (kind, subject) in old {
        let one = left()
            .filter(errands::kind.eq(kind))
            .filter(errands::subject.eq(subject));
        removed += diesel::delete(one).execute(conn).await?;
    }
    Ok(removed)
}

/// A page of an agency's legs after that one, in the order of their handles, with when each was last
/// changed.
pub(crate) async fn legs_page(
    conn: &mut Conn,
    agency: AgencyId,
    after: String,
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let page = call_legs::table
        .filter(call_legs::agency_id.eq(agency.to_string()))
        .filter(call_legs::call_control_id.gt(after))
        .order(call_legs::call_control_id)
        .select((call_legs::call_control_id, call_legs::updated_at))
        .limit(limit)
        .load(conn)
        .await?;
    Ok(page)
}

/// Removes those of these legs that were last changed before `before` and bear on no call: another
/// program's, and those whose `call.initiated` never came.
pub(crate) async fn prune_legs(
    conn: &mut Conn,
    agency: AgencyId,
    handles: Vec<String>,
    before: Timestamp,
) -> Result<usize, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = prune_leg_steps(conn, &agency.to_string(), &handles, before).await;
    end(conn, result).await
}

async fn prune_leg_steps(
    conn: &mut Conn,
    agency: &str,
    handles: &[String],
    before: Timestamp,
) -> Result<usize, StoreError> {
    hold_head(conn, agency).await?;
    let old: Vec<OldLeg> = call_legs::table
        .filter(call_legs::agency_id.eq(agency))
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
    let sessions: Vec<&String> = old.iter().filter_map(|(_, it, _)| it.as_ref()).collect();
    let taken = sessions_of_others(conn, agency, &sessions, &HashSet::new()).await?;
    let gone = old.iter().filter(|(handle, session, claim)| {
        !calls.contains(handle)
            && session.as_ref().is_none_or(|it| !taken.contains(it))
            && claim.as_ref().is_none_or(|it| !claimed.contains(it))
    });
    let gone: Vec<&String> = gone.map(|(handle, _, _)| handle).collect();
    if gone.is_empty() {
        return Ok(0);
    }
    remove_errands(conn, agency, &gone).await?;
    remove_legs(conn, agency, &gone).await
}
