//! The journal's transaction: lock, read, apply, write, commit; a handful of statements whatever
//! the number of appends.

use super::super::{BEGIN_WRITE, Conn, insert_rows, upsert_rows};
use super::{call_logs, end, load};
use crate::domain::{AgencyId, Timestamp};
use crate::store::StoreError;
use crate::store::batch::{BatchKeys, Loaded, WebhookOutcome, Writes};
use crate::store::rows::{CallRow, ClaimRow, ErrandRow, EventRow, HeadRow, LegRow, WebhookRow};
use crate::store::schema::{
    agency_heads, call_events, call_legs, claims, errands, inbound_calls, webhook_events,
};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::BTreeSet;

/// Runs one batch: `apply` gets what the database holds and returns what to write, and something
/// for the caller that is returned after the commit.
pub async fn commit<R>(
    conn: &mut Conn,
    keys: BatchKeys,
    now: Timestamp,
    apply: impl FnOnce(Loaded) -> Result<(Writes, R), StoreError>,
) -> Result<R, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = steps(conn, keys, now, apply).await;
    end(conn, result).await
}

async fn steps<R>(
    conn: &mut Conn,
    keys: BatchKeys,
    now: Timestamp,
    apply: impl FnOnce(Loaded) -> Result<(Writes, R), StoreError>,
) -> Result<R, StoreError> {
    let loaded = load::load(conn, keys).await?;
    let (writes, answer) = apply(loaded)?;
    write(conn, writes, now).await?;
    Ok(answer)
}

async fn write(conn: &mut Conn, writes: Writes, now: Timestamp) -> Result<(), StoreError> {
    let webhooks: Vec<WebhookRow> = writes
        .webhooks
        .into_iter()
        .map(|(webhook, outcome)| WebhookRow {
            agency_id: webhook.agency_id.to_string(),
            webhook_id: webhook.webhook_id,
            event_type: webhook.event_type,
            call_control_id: webhook.call_control_id,
            connection_id: webhook.connection_id,
            occurred_at: webhook.occurred_at.micros(),
            received_at: webhook.received_at.micros(),
            outcome: outcome.name().into(),
            body: webhook.body,
        })
        .collect();
    insert_rows!(conn, webhook_events::table, &webhooks);
    if !writes.unheld.is_empty() {
        unhold(conn, &writes.unheld).await?;
    }

    let calls: Vec<CallRow> = writes
        .calls
        .iter()
        .map(CallRow::of)
        .collect::<Result<_, _>>()?;
    upsert_rows!(
        conn,
        inbound_calls::table,
        &calls,
        inbound_calls::id,
        (
            inbound_calls::call_session_id.eq(excluded(inbound_calls::call_session_id)),
            inbound_calls::from_number.eq(excluded(inbound_calls::from_number)),
            inbound_calls::to_number.eq(excluded(inbound_calls::to_number)),
            inbound_calls::caller_name.eq(excluded(inbound_calls::caller_name)),
            inbound_calls::status.eq(excluded(inbound_calls::status)),
            inbound_calls::answered_by.eq(excluded(inbound_calls::answered_by)),
            inbound_calls::answered_by_name.eq(excluded(inbound_calls::answered_by_name)),
            inbound_calls::caller_answered_at.eq(excluded(inbound_calls::caller_answered_at)),
            inbound_calls::answered_at.eq(excluded(inbound_calls::answered_at)),
            inbound_calls::ended_at.eq(excluded(inbound_calls::ended_at)),
            inbound_calls::connected.eq(excluded(inbound_calls::connected)),
            inbound_calls::hangup_cause.eq(excluded(inbound_calls::hangup_cause)),
            inbound_calls::recordings.eq(excluded(inbound_calls::recordings)),
            inbound_calls::created_at.eq(excluded(inbound_calls::created_at)),
            inbound_calls::updated_at.eq(excluded(inbound_calls::updated_at)),
        )
    );

    call_logs::put(conn, &writes.call_logs, now).await?;

    let legs: Vec<LegRow> = writes
        .legs
        .iter()
        .map(|(agency, leg)| LegRow::of(*agency, leg, now))
        .collect::<Result<_, _>>()?;
    upsert_rows!(
        conn,
        call_legs::table,
        &legs,
        (call_legs::agency_id, call_legs::call_control_id),
        (
            call_legs::call_session_id.eq(excluded(call_legs::call_session_id)),
            call_legs::call_leg_id.eq(excluded(call_legs::call_leg_id)),
            call_legs::claim_id.eq(excluded(call_legs::claim_id)),
            call_legs::facts.eq(excluded(call_legs::facts)),
            call_legs::updated_at.eq(excluded(call_legs::updated_at)),
        )
    );

    let rows: Vec<ClaimRow> = writes
        .claims
        .iter()
        .map(|(agency, claim, standing)| ClaimRow::of(*agency, claim, *standing))
        .collect();
    upsert_rows!(
        conn,
        claims::table,
        &rows,
        claims::id,
        (
            claims::released_at.eq(excluded(claims::released_at)),
            claims::release_reason.eq(excluded(claims::release_reason)),
            claims::plain_answer.eq(excluded(claims::plain_answer)),
            claims::standing.eq(excluded(claims::standing)),
            claims::command.eq(excluded(claims::command)),
            claims::command_n.eq(excluded(claims::command_n)),
            claims::command_accepted.eq(excluded(claims::command_accepted)),
        )
    );

    let rows: Vec<ErrandRow> = writes.errands.iter().map(ErrandRow::of).collect();
    upsert_rows!(
        conn,
        errands::table,
        &rows,
        (errands::agency_id, errands::kind, errands::subject),
        (
            errands::due_at.eq(excluded(errands::due_at)),
            errands::leased_until.eq(excluded(errands::leased_until)),
            errands::attempts.eq(excluded(errands::attempts)),
            errands::command_n.eq(excluded(errands::command_n)),
        )
    );

    let events: Vec<EventRow> = writes
        .events
        .into_iter()
        .map(|(agency, event)| EventRow {
            agency_id: agency.to_string(),
            seq: event.seq,
            call_id: event.event.call.id.to_string(),
            event_type: event.event.event_type.name().into(),
            recorded_at: event.recorded_at.micros(),
            event: event.json,
        })
        .collect();
    insert_rows!(conn, call_events::table, &events);

    let heads: Vec<HeadRow> = writes
        .heads
        .into_iter()
        .map(|(agency, head)| HeadRow {
            agency_id: agency.to_string(),
            epoch: head.epoch,
            last_seq: head.last_seq,
            pruned_seq: head.pruned_seq,
        })
        .collect();
    upsert_rows!(
        conn,
        agency_heads::table,
        &heads,
        agency_heads::agency_id,
        agency_heads::last_seq.eq(excluded(agency_heads::last_seq))
    );
    Ok(())
}

/// Webhooks that waited for their leg's `call.initiated` have been taken in.
async fn unhold(conn: &mut Conn, legs: &[(AgencyId, String)]) -> Result<(), StoreError> {
    let agencies: BTreeSet<String> = legs.iter().map(|(agency, _)| agency.to_string()).collect();
    let handles: BTreeSet<&String> = legs.iter().map(|(_, handle)| handle).collect();
    // Two agencies with the same handle in one batch would both be let go; the legs say which is
    // known, this column only informs.
    diesel::update(
        webhook_events::table
            .filter(webhook_events::agency_id.eq_any(agencies))
            .filter(webhook_events::call_control_id.eq_any(handles))
            .filter(webhook_events::outcome.eq(WebhookOutcome::Held.name())),
    )
    .set(webhook_events::outcome.eq(WebhookOutcome::Applied.name()))
    .execute(conn)
    .await?;
    Ok(())
}
