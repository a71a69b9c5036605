//! The journal's transaction: lock, read, apply, write, commit; a handful of statements whatever
//! the number of appends.

use super::super::schema::{
    agency_heads, call_events, call_legs, claims, commands, errands, inbound_calls, webhook_events,
};
use super::super::{Conn, Line, insert_rows, together, upsert_rows};
use super::agents::{put as put_agents, put_times, remove as remove_agents};
use super::call_logs::put as put_logs;
use super::end;
use super::load::load;
use crate::domain::{AgencyId, Call, Command, Errand, Leg, LegHandle, Timestamp};
use crate::store::StoreError;
use crate::store::batch::{
    BatchKeys, Head, Loaded, NewEvent, StoredWebhook, WebhookKey, WebhookOutcome, Writes,
    WrittenClaim,
};
use crate::store::claim_rows::{ClaimRow, CommandRow};
use crate::store::journal_rows::{EventRow, HeadRow, WebhookRow};
use crate::store::places::Places;
use crate::store::rows::{CallRow, ErrandRow, LegRow};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Runs one batch: `apply` gets what the database holds and returns what to write, and something
/// for the caller that is returned after the commit.
pub(crate) async fn commit<R>(
    conn: &mut Conn,
    keys: BatchKeys,
    now: Timestamp,
    apply: impl FnOnce(Loaded) -> Result<(Writes, R), StoreError>,
) -> Result<R, StoreError> {
    let result = steps(conn, keys, now, apply).await;
    end(conn, result).await
}

/// Runs one batch to its end and takes it back: whether the database would take it.
pub(crate) async fn rehearse(
    conn: &mut Conn,
    keys: BatchKeys,
    now: Timestamp,
    apply: impl FnOnce(Loaded) -> Result<Writes, StoreError>,
) -> Result<(), StoreError> {
    let result = steps(conn, keys, now, |loaded| Ok((apply(loaded)?, ()))).await;
    let taken_back = conn.batch_execute("ROLLBACK").await;
    result?;
    Ok(taken_back?)
}

async fn steps<R>(
    line: Line<'_>,
    keys: BatchKeys,
    now: Timestamp,
    apply: impl FnOnce(Loaded) -> Result<(Writes, R), StoreError>,
) -> Result<R, StoreError> {
    let (loaded, places) = load(line, keys).await?;
    let (writes, answer) = apply(loaded)?;
    write(line, writes, &places, now).await?;
    Ok(answer)
}

async fn write(
    line: Line<'_>,
    writes: Writes,
    places: &Places,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Claims name their call's row, and commands their claim's, so those come first.
    let _ = together!(
        line;
        put_webhooks(writes.webhooks, &writes.retaken),
        unhold(&writes.unheld),
        put_calls(&writes.calls, places),
        put_logs(&writes.call_logs, now),
        put_legs(&writes.legs, places, now),
        put_claims(&writes.claims),
        put_commands(&writes.commands, now),
        put_errands(&writes.errands),
        put_events(&writes.events),
        put_agents(&writes.agents),
        remove_agents(&writes.agents_gone),
        put_times(&writes.agent_times),
        put_heads(writes.heads)
    );
    Ok(())
}

async fn put_webhooks(
    mut line: Line<'_>,
    webhooks: Vec<(StoredWebhook, WebhookOutcome)>,
    retaken: &[WebhookKey],
) -> Result<(), StoreError> {
    for (agency, carrier, id) in retaken {
        let there = webhook_events::table.find((agency.to_string(), id, carrier.name()));
        diesel::delete(there).execute(&mut line).await?;
    }
    let rows: Vec<WebhookRow> = webhooks.into_iter().map(WebhookRow::of).collect();
    insert_rows!(
        &mut line,
        webhook_events,
        &rows,
        [
            agency_id,
            webhook_id,
            event_type,
            call_control_id,
            connection_id,
            occurred_at,
            received_at,
            outcome,
            body,
            carrier
        ]
    );
    Ok(())
}

/// Webhooks that waited for their leg's `call.initiated` have been taken in.
async fn unhold(mut line: Line<'_>, legs: &[(AgencyId, LegHandle)]) -> Result<(), StoreError> {
    for (agency, handle) in legs {
        // In these words, so that the index of those that wait is found to do.
        let held = sql::<Bool>("outcome = 'held'");
        let held = webhook_events::table
            .filter(held)
            .filter(webhook_events::agency_id.eq(agency.to_string()))
            .filter(webhook_events::carrier.eq(handle.carrier.name()))
            .filter(webhook_events::call_control_id.eq(&handle.id));
        diesel::update(held)
            .set(webhook_events::outcome.eq(WebhookOutcome::Applied.name()))
            .execute(&mut line)
            .await?;
    }
    Ok(())
}

async fn put_calls(mut line: Line<'_>, calls: &[Call], places: &Places) -> Result<(), StoreError> {
    let rows: Vec<CallRow> = calls.iter().map(CallRow::of).collect::<Result<_, _>>()?;
    upsert_rows!(
        &mut line,
        inbound_calls,
        &rows,
        stays |row: &CallRow| places.calls.contains(&row.place()),
        key [id],
        keep [agency_id, carrier, call_control_id, direction],
        moves [call_session_id, from_number, to_number, caller_name, created_at],
        goes_on [
            status,
            answered_by,
            answered_by_name,
            caller_answered_at,
            answered_at,
            ended_at,
            connected,
            hangup_cause,
            recordings,
            updated_at,
            participants
        ]
    );
    Ok(())
}

async fn put_legs(
    mut line: Line<'_>,
    legs: &[(AgencyId, Leg)],
    places: &Places,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = legs
        .iter()
        .map(|(agency, leg)| LegRow::of(*agency, leg, now));
    let rows: Vec<LegRow> = rows.collect::<Result<_, _>>()?;
    upsert_rows!(
        &mut line,
        call_legs,
        &rows,
        stays |row: &LegRow| places.legs.contains(&row.place()),
        key [agency_id, call_control_id, carrier],
        keep [],
        moves [call_session_id, call_leg_id, claim_id],
        goes_on [facts, updated_at]
    );
    Ok(())
}

async fn put_claims(mut line: Line<'_>, claims: &[WrittenClaim]) -> Result<(), StoreError> {
    let rows: Vec<ClaimRow> = claims.iter().map(ClaimRow::of).collect();
    upsert_rows!(
        &mut line,
        claims,
        &rows,
        stays |_: &ClaimRow| false,
        key [id],
        keep [agency_id, call_id, ordinal, user_id, user_name, claimed_at, deadline_at],
        moves [],
        goes_on [
            released_at,
            release_reason,
            plain_answer,
            standing,
            command,
            command_n,
            command_accepted
        ]
    );
    Ok(())
}

async fn put_commands(
    mut line: Line<'_>,
    asked: &[(AgencyId, Command)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = asked.iter();
    let rows = rows.map(|(agency, command)| CommandRow::of(*agency, command, now));
    let rows: Vec<CommandRow> = rows.collect();
    upsert_rows!(
        &mut line,
        commands,
        &rows,
        stays |_: &CommandRow| false,
        key [id],
        keep [agency_id, call_id, claim_id, action, n, asked_at],
        moves [],
        goes_on [state]
    );
    Ok(())
}

async fn put_errands(mut line: Line<'_>, owed: &[Errand]) -> Result<(), StoreError> {
    let rows: Vec<ErrandRow> = owed.iter().map(ErrandRow::of).collect();
    upsert_rows!(
        &mut line,
        errands,
        &rows,
        stays |_: &ErrandRow| false,
        key [agency_id, kind, subject, carrier],
        keep [],
        moves [],
        goes_on [due_at, leased_until, attempts, command_n]
    );
    Ok(())
}

async fn put_events(mut line: Line<'_>, events: &[NewEvent]) -> Result<(), StoreError> {
    let rows: Vec<EventRow<'_>> = events.iter().map(EventRow::of).collect();
    insert_rows!(
        &mut line,
        call_events,
        &rows,
        [
            agency_id,
            seq,
            call_id,
            event_type,
            recorded_at,
            event,
            subject_kind,
            subject_id
        ]
    );
    Ok(())
}

async fn put_heads(mut line: Line<'_>, heads: Vec<(AgencyId, Head)>) -> Result<(), StoreError> {
    let rows: Vec<HeadRow> = heads.into_iter().map(HeadRow::of).collect();
    upsert_rows!(
        &mut line,
        agency_heads,
        &rows,
        stays |_: &HeadRow| true,
        key [agency_id],
        keep [epoch, pruned_seq],
        moves [],
        goes_on [last_seq]
    );
    Ok(())
}
