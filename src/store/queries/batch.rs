//! The journal's transaction: lock, read, apply, write, commit; a handful of statements whatever
//! the number of appends.

use super::super::{BEGIN_WRITE, Conn, insert_rows, locked, upsert_rows};
use super::end;
use crate::domain::{AgencyId, Timestamp};
use crate::store::batch::{BatchKeys, Head, Loaded, WebhookOutcome, Writes};
use crate::store::rows::{CallRow, ClaimRow, EventRow, HeadRow, LegRow, WebhookRow};
use crate::store::schema::{
    agency_heads, call_events, call_legs, claims, inbound_calls, webhook_events,
};
use crate::store::{StoreError, parse_agency};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::{BTreeSet, HashSet};

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
    let loaded = load(conn, keys).await?;
    let (writes, answer) = apply(loaded)?;
    write(conn, writes, now).await?;
    Ok(answer)
}

async fn load(conn: &mut Conn, keys: BatchKeys) -> Result<Loaded, StoreError> {
    let agencies: Vec<String> = keys.agencies.iter().map(AgencyId::to_string).collect();
    let mut loaded = Loaded::default();
    // Everything of an agency is serialised by this one lock; taken in the order of the ids, so
    // that two nodes cannot wait for each other.
    let heads = agency_heads::table
        .filter(agency_heads::agency_id.eq_any(&agencies))
        .order(agency_heads::agency_id);
    let heads: Vec<HeadRow> = locked!(heads).load(conn).await?;
    for row in heads {
        loaded.heads.insert(
            parse_agency(&row.agency_id)?,
            Head {
                epoch: row.epoch,
                last_seq: row.last_seq,
                pruned_seq: row.pruned_seq,
            },
        );
    }
    if !keys.webhook_ids.is_empty() {
        loaded.repeats = repeats(conn, &agencies, &keys.webhook_ids).await?;
    }
    load_calls(conn, &agencies, keys, &mut loaded).await?;
    Ok(loaded)
}

async fn repeats(
    conn: &mut Conn,
    agencies: &[String],
    ids: &BTreeSet<String>,
) -> Result<HashSet<(AgencyId, String)>, StoreError> {
    let rows: Vec<(String, String)> = webhook_events::table
        .filter(webhook_events::agency_id.eq_any(agencies))
        .filter(webhook_events::webhook_id.eq_any(ids))
        .select((webhook_events::agency_id, webhook_events::webhook_id))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(agency, id)| Ok((parse_agency(&agency)?, id)))
        .collect()
}

/// Finds all that bears on the calls concerned: the legs named, the calls of their sessions and
/// claims, those calls' claims, and every leg of those sessions and claims.
async fn load_calls(
    conn: &mut Conn,
    agencies: &[String],
    keys: BatchKeys,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let mut handles = keys.call_control_ids;
    let mut sessions = keys.sessions;
    let mut claim_ids: BTreeSet<String> = keys.claims.iter().map(ToString::to_string).collect();
    let mut call_ids: BTreeSet<String> = keys.calls.iter().map(ToString::to_string).collect();

    let named: Vec<LegRow> = call_legs::table
        .filter(call_legs::agency_id.eq_any(agencies))
        .filter(
            call_legs::call_control_id
                .eq_any(&handles)
                .or(call_legs::call_leg_id.eq_any(&keys.leg_ids)),
        )
        .load(conn)
        .await?;
    for leg in named {
        handles.insert(leg.call_control_id);
        sessions.extend(leg.call_session_id);
        claim_ids.extend(leg.claim_id);
    }
    if !claim_ids.is_empty() {
        let named: Vec<String> = claims::table
            .filter(claims::agency_id.eq_any(agencies))
            .filter(claims::id.eq_any(&claim_ids))
            .select(claims::call_id)
            .load(conn)
            .await?;
        call_ids.extend(named);
    }
    let calls: Vec<CallRow> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq_any(agencies))
        .filter(
            inbound_calls::call_control_id
                .eq_any(&handles)
                .or(inbound_calls::id.eq_any(&call_ids))
                .or(inbound_calls::call_session_id.eq_any(&sessions)),
        )
        .load(conn)
        .await?;
    for call in &calls {
        call_ids.insert(call.id.clone());
        handles.insert(call.call_control_id.clone());
        sessions.extend(call.call_session_id.clone());
    }
    let rows: Vec<ClaimRow> = if call_ids.is_empty() {
        Vec::new()
    } else {
        claims::table
            .filter(claims::agency_id.eq_any(agencies))
            .filter(claims::call_id.eq_any(&call_ids))
            .order((claims::call_id, claims::ordinal))
            .load(conn)
            .await?
    };
    claim_ids.extend(rows.iter().map(|row| row.id.clone()));
    let legs: Vec<LegRow> = call_legs::table
        .filter(call_legs::agency_id.eq_any(agencies))
        .filter(
            call_legs::call_control_id
                .eq_any(&handles)
                .or(call_legs::call_session_id.eq_any(&sessions))
                .or(call_legs::claim_id.eq_any(&claim_ids)),
        )
        .load(conn)
        .await?;

    loaded.legs = legs
        .into_iter()
        .map(LegRow::leg)
        .collect::<Result<_, _>>()?;
    loaded.calls = calls
        .into_iter()
        .map(CallRow::call)
        .collect::<Result<_, _>>()?;
    loaded.claims = rows
        .into_iter()
        .map(ClaimRow::claim)
        .collect::<Result<_, _>>()?;
    Ok(())
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
