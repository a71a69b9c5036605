//! What retention removes beside events and webhooks, and the lease under which one node does it.

use super::super::schema::{call_logs, claims, commands, errands, inbound_calls, leases};
use super::super::{BEGIN_WRITE, Conn};
use super::end;
use super::legs::{hold_head, legs_of, remove_errands, remove_legs, sessions_of_others};
use crate::domain::{AgencyId, Carrier, ErrandKind, Timestamp};
use crate::store::kept::{Lease, Swept};
use crate::store::{Named, StoreError};
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

/// A call that may go: its id, its leg's handle, its session and its carrier.
type OldRow = (String, String, Option<String>, String);

/// The same, told apart by carrier.
struct Old {
    id: String,
    leg: Named,
    session: Option<Named>,
}

impl Old {
    fn of((id, handle, session, carrier): OldRow) -> Self {
        let named = |name| Named::of((name, carrier.clone()));
        Self {
            id,
            leg: named(handle),
            session: session.map(named),
        }
    }
}

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
                inbound_calls::carrier,
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
    let old: Vec<OldRow> = old_calls!(&agency, before, 1).load(conn).await?;
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
    let old: Vec<OldRow> = old_calls!(agency, before, limit).load(conn).await?;
    let mut old: Vec<Old> = old.into_iter().map(Old::of).collect();
    let sessions: Vec<&Named> = old.iter().filter_map(|it| it.session.as_ref()).collect();
    let ids: HashSet<&str> = old.iter().map(|it| it.id.as_str()).collect();
    let shared = sessions_of_others(conn, agency, &sessions, &ids).await?;
    // The legs of a session bear on all of its calls, so they all go together or stay.
    old.retain(|it| it.session.as_ref().is_none_or(|it| !shared.contains(it)));
    let ids: Vec<&String> = old.iter().map(|it| &it.id).collect();
    if ids.is_empty() {
        return Ok(Swept::default());
    }
    let of_calls: Vec<String> = claims::table
        .filter(claims::agency_id.eq(agency))
        .filter(claims::call_id.eq_any(&ids))
        .select(claims::id)
        .load(conn)
        .await?;
    let callers = old.iter().map(|it| it.leg.clone());
    let sessions = old.iter().filter_map(|it| it.session.as_ref());
    let legs = legs_of(conn, agency, callers, sessions, &of_calls).await?;
    remove_errands(conn, agency, &legs).await?;
    let about_claims = errands::table
        .filter(errands::agency_id.eq(agency))
        .filter(errands::subject.eq_any(&of_calls));
    diesel::delete(about_claims).execute(conn).await?;
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
    let old: Vec<(String, String, String)> = left()
        .order(errands::due_at)
        .select((errands::kind, errands::subject, errands::carrier))
        .limit(limit)
        .load(conn)
        .await?;
    let mut removed = 0;
    for (kind, subject, carrier) in old {
        let one = left()
            .filter(errands::kind.eq(kind))
            .filter(errands::subject.eq(subject))
            .filter(errands::carrier.eq(carrier));
        removed += diesel::delete(one).execute(conn).await?;
    }
    Ok(removed)
}
