//! What is owed to the carrier: taking it up, finishing it, putting it off.

use super::super::schema::{call_legs, claims, commands, errands, inbound_calls};
use super::super::{BEGIN_WRITE, Conn, DATABASE_TIME, skip_locked};
use super::{end, readable};
use crate::domain::{
    AgencyId, CallId, Carrier, Claim, ClaimId, Errand, ErrandKind, Leg, LegHandle, Timestamp,
};
use crate::store::claim_rows::{ClaimRow, CommandRow};
use crate::store::rows::{CallRow, ErrandRow, LegRow};
use crate::store::{HeldClaim, StoreError};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// The row of an errand.
macro_rules! row_of {
    ($errand:expr) => {
        errands::table.find((
            $errand.agency_id.to_string(),
            $errand.kind.name(),
            &$errand.subject,
            $errand.carrier.name(),
        ))
    };
}

/// The rows of the errands that are due and in nobody's hands. Those of a kind or a carrier that is
/// not known here wait for a node that knows it.
macro_rules! free_and_due {
    ($now:expr) => {
        errands::table
            .filter(errands::kind.eq_any(ErrandKind::ALL.map(ErrandKind::name)))
            .filter(errands::carrier.eq_any(Carrier::ALL.map(Carrier::name)))
            .filter(errands::due_at.le($now.micros()))
            .filter(
                errands::leased_until
                    .is_null()
                    .or(errands::leased_until.le($now.micros())),
            )
    };
}

/// The row of an errand, as long as it is leased to whoever holds `$errand`.
macro_rules! leased {
    ($errand:expr) => {
        row_of!($errand)
            .filter(errands::leased_until.eq($errand.leased_until.map(Timestamp::micros)))
    };
}

/// How far the clocks of two nodes may differ before it counts as a clock that is wrong, in seconds.
const DOUBT_S: i64 = 5;

/// The rows of the errands of that kind that are due further in the future than they ever should be.
macro_rules! too_far {
    ($now:expr, $kind:expr) => {
        errands::table
            .filter(errands::kind.eq($kind.name()))
            .filter(
                errands::due_at.gt($now.plus_seconds($kind.longest_wait_s() + DOUBT_S).micros()),
            )
    };
}

/// Takes up at most `limit` errands that are due and in nobody's hands, those that have waited
/// longest first, until `until`. Of several nodes that reach for one, one gets it.
pub(crate) async fn take(
    conn: &mut Conn,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Errand>, StoreError> {
    let due = free_and_due!(now).count().get_result::<i64>(conn).await?;
    if due == 0 {
        // Nearly always; a look costs no lock.
        return Ok(Vec::new());
    }
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = take_steps(conn, now, until, limit).await;
    end(conn, result).await
}

/// How many are due and in nobody's hands, and since when the oldest is.
pub(crate) async fn due(
    conn: &mut Conn,
    now: Timestamp,
) -> Result<(i64, Option<Timestamp>), StoreError> {
    let count = free_and_due!(now).count().get_result::<i64>(conn).await?;
    if count == 0 {
        return Ok((0, None));
    }
    let oldest = diesel::dsl::min(errands::due_at);
    let oldest: Option<i64> = free_and_due!(now).select(oldest).get_result(conn).await?;
    Ok((count, oldest.map(Timestamp::from_micros)))
}

async fn take_steps(
    conn: &mut Conn,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Errand>, StoreError> {
    let due = free_and_due!(now).order(errands::due_at).limit(limit);
    // A row that another node or a batch has locked is theirs: waiting for it could end in two
    // that wait for each other.
    let due: Vec<ErrandRow> = skip_locked!(due).load(conn).await?;
    let mut taken = Vec::new();
    for mut errand in readable(due.into_iter().map(ErrandRow::errand)) {
        errand.attempts = errand.attempts.saturating_add(1);
        errand.leased_until = Some(until);
        diesel::update(row_of!(errand))
            .set((
                errands::leased_until.eq(until.micros()),
                errands::attempts.eq(errand.attempts),
            ))
            .execute(conn)
            .await?;
        taken.push(errand);
    }
    Ok(taken)
}

/// Removes an errand that is done, unless it has been owed again or is in other hands by now.
pub(crate) async fn finish(conn: &mut Conn, errand: Errand) -> Result<(), StoreError> {
    diesel::delete(leased!(errand)).execute(conn).await?;
    Ok(())
}

/// Puts an errand, as it is now, off until `due`, unless it has been owed again or is in other hands by now.
pub(crate) async fn put_off(
    conn: &mut Conn,
    errand: Errand,
    due: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(leased!(errand))
        .set((
            errands::due_at.eq(due.micros()),
            errands::leased_until.eq(None::<i64>),
            errands::attempts.eq(errand.attempts),
            errands::command_n.eq(errand.command_n),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes every errand out of the hands that held it; for a process that knows that it is alone.
pub(crate) async fn free(conn: &mut Conn) -> Result<(), StoreError> {
    diesel::update(errands::table)
        .set(errands::leased_until.eq(None::<i64>))
        .execute(conn)
        .await?;
    Ok(())
}

/// Brings near what is due, or leased, further in the future than this program ever writes: a clock
/// that was wrong did that, and nobody is to wait for the hour at which it would have been right. Says
/// how many errands there were.
pub(crate) async fn rein_in(
    conn: &mut Conn,
    now: Timestamp,
    lease_s: i64,
) -> Result<usize, StoreError> {
    let leased_too_long = errands::table
        .filter(errands::leased_until.gt(now.plus_seconds(lease_s + DOUBT_S).micros()));
    let mut found: i64 = leased_too_long.count().get_result(conn).await?;
    for kind in ErrandKind::ALL {
        found += too_far!(now, kind).count().get_result::<i64>(conn).await?;
    }
    if found == 0 {
        return Ok(0);
    }
    let mut changed = diesel::update(leased_too_long)
        .set(errands::leased_until.eq(now.plus_seconds(lease_s).micros()))
        .execute(conn)
        .await?;
    for kind in ErrandKind::ALL {
        let latest = now.plus_seconds(kind.longest_wait_s());
        changed += diesel::update(too_far!(now, kind))
            .set(errands::due_at.eq(latest.micros()))
            .execute(conn)
            .await?;
    }
    Ok(changed)
}

/// What time it is where the database is, in microseconds since 1970.
pub(crate) async fn database_time(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(diesel::dsl::sql::<BigInt>(DATABASE_TIME)
        .get_result(conn)
        .await?)
}

/// A claim with its call, its commands, and how it stands.
pub(crate) async fn claim(
    conn: &mut Conn,
    agency: AgencyId,
    claim: ClaimId,
) -> Result<Option<HeldClaim>, StoreError> {
    let found: Vec<(ClaimRow, CallRow, Option<CommandRow>)> = claims::table
        .inner_join(inbound_calls::table.on(inbound_calls::id.eq(claims::call_id)))
        .left_join(commands::table.on(commands::claim_id.eq(claims::id.nullable())))
        .filter(claims::agency_id.eq(agency.to_string()))
        .filter(claims::id.eq(claim.to_string()))
        .load(conn)
        .await?;
    let mut rows = Vec::new();
    let mut held = None;
    for (claim, call, command) in found {
        rows.extend(command);
        held = Some((claim, call));
    }
    let Some((claim, call)) = held else {
        return Ok(None);
    };
    let standing = claim.standing()?;
    let (_, claim, commands) = claim.with_commands(rows)?;
    Ok(Some(HeldClaim {
        claim,
        standing,
        call: call.call()?,
        commands,
    }))
}

/// All that is known of a leg.
pub(crate) async fn leg(
    conn: &mut Conn,
    agency: AgencyId,
    handle: LegHandle,
) -> Result<Option<Leg>, StoreError> {
    let row: Option<LegRow> = call_legs::table
        .find((agency.to_string(), handle.id, handle.carrier.name()))
        .first(conn)
        .await
        .optional()?;
    row.map(|row| row.leg().map(|(_, leg)| leg)).transpose()
}

/// The open claim of a call.
pub(crate) async fn open_claim(
    conn: &mut Conn,
    agency: AgencyId,
    call: CallId,
) -> Result<Option<Claim>, StoreError> {
    let row: Option<ClaimRow> = claims::table
        .filter(claims::agency_id.eq(agency.to_string()))
        .filter(claims::call_id.eq(call.to_string()))
        .filter(claims::standing.eq("open"))
        .order(claims::ordinal.desc())
        .first(conn)
        .await
        .optional()?;
    row.map(|row| row.claim().map(|(_, claim)| claim))
        .transpose()
}
