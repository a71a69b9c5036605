//! The journal's transaction: lock, read, apply, write, commit; a handful of statements whatever
//! the number of appends.

use super::super::{BEGIN_WRITE, Conn, insert_rows, locked, upsert_rows};
use super::{call_logs, end};
use crate::domain::{AgencyId, Timestamp};
use crate::store::batch::{BatchKeys, Head, Loaded, WebhookOutcome, Writes};
use crate::store::rows::{CallRow, ClaimRow, ErrandRow, EventRow, HeadRow, LegRow, WebhookRow};
use crate::store::schema::{
    agency_heads, call_events, call_legs, claims, errands, inbound_calls, webhook_events,
};
use crate::store::{StoreError, parse_agency};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The rows of these agencies in whose `$column` one of `$keys` stands; no query without a key.
macro_rules! rows_by {
    ($conn:expr, $table:ident, $agencies:expr, $column:ident, $keys:expr) => {
        if $keys.is_empty() {
            Vec::new()
        } else {
            $table::table
                .filter($table::agency_id.eq_any($agencies))
                .filter($table::$column.eq_any($keys))
                .load($conn)
                .await?
        }
    };
}

macro_rules! legs_by {
    ($conn:expr, $agencies:expr, $column:ident, $keys:expr) => {
        rows_by!($conn, call_legs, $agencies, $column, $keys)
    };
}

macro_rules! calls_by {
    ($conn:expr, $agencies:expr, $column:ident, $keys:expr) => {
        rows_by!($conn, inbound_calls, $agencies, $column, $keys)
    };
}

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
///
/// Each look-up has one key and so one index. Asked for in one statement with `OR`, SQLite reads
/// every row of the agency instead.
async fn load_calls(
    conn: &mut Conn,
    agencies: &[String],
    keys: BatchKeys,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let mut legs: Found<LegRow> = Found::default();
    legs.add(legs_by!(
        conn,
        agencies,
        call_control_id,
        &keys.call_control_ids
    ));
    legs.add(legs_by!(conn, agencies, call_leg_id, &keys.leg_ids));
    let mut sessions = keys.sessions;
    let mut claim_ids: BTreeSet<String> = keys.claims.iter().map(ToString::to_string).collect();
    for leg in legs.rows() {
        sessions.extend(leg.call_session_id.clone());
        claim_ids.extend(leg.claim_id.clone());
    }
    let mut call_ids: BTreeSet<String> = keys.calls.iter().map(ToString::to_string).collect();
    if !claim_ids.is_empty() {
        let named: Vec<String> = claims::table
            .filter(claims::agency_id.eq_any(agencies))
            .filter(claims::id.eq_any(&claim_ids))
            .select(claims::call_id)
            .load(conn)
            .await?;
        call_ids.extend(named);
    }

    let mut handles = keys.call_control_ids;
    handles.extend(legs.rows().map(|leg| leg.call_control_id.clone()));
    let mut calls: Found<CallRow> = Found::default();
    calls.add(calls_by!(conn, agencies, call_control_id, &handles));
    calls.add(calls_by!(conn, agencies, call_session_id, &sessions));
    calls.add(calls_by!(conn, agencies, id, &call_ids));
    if !keys.holders.is_empty() {
        let holders: Vec<String> = keys.holders.iter().map(ToString::to_string).collect();
        let held = inbound_calls::table
            .filter(inbound_calls::agency_id.eq_any(agencies))
            .filter(inbound_calls::status.eq_any(["answering", "answered"]))
            .filter(inbound_calls::answered_by.eq_any(&holders));
        calls.add(held.load(conn).await?);
    }
    let callers: BTreeSet<String> = calls
        .rows()
        .map(|call| call.call_control_id.clone())
        .filter(|handle| !handles.contains(handle))
        .collect();
    sessions.extend(calls.rows().filter_map(|call| call.call_session_id.clone()));
    call_ids.extend(calls.rows().map(|call| call.id.clone()));

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
    legs.add(legs_by!(conn, agencies, call_control_id, &callers));
    legs.add(legs_by!(conn, agencies, call_session_id, &sessions));
    legs.add(legs_by!(conn, agencies, claim_id, &claim_ids));

    loaded.legs = legs
        .into_rows()
        .map(LegRow::leg)
        .collect::<Result<_, _>>()?;
    loaded.calls = calls
        .into_rows()
        .map(CallRow::call)
        .collect::<Result<_, _>>()?;
    loaded.claims = rows
        .into_iter()
        .map(ClaimRow::claim)
        .collect::<Result<_, _>>()?;
    Ok(())
}

/// Rows found by several keys, each once.
struct Found<R>(HashMap<(String, String), R>);

impl<R> Default for Found<R> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<R: Keyed> Found<R> {
    fn add(&mut self, rows: Vec<R>) {
        for row in rows {
            self.0.insert(row.key(), row);
        }
    }

    fn rows(&self) -> impl Iterator<Item = &R> {
        self.0.values()
    }

    fn into_rows(self) -> impl Iterator<Item = R> {
        self.0.into_values()
    }
}

/// A row with the agency and the handle that name it.
trait Keyed {
    fn key(&self) -> (String, String);
}

impl Keyed for LegRow {
    fn key(&self) -> (String, String) {
        (self.agency_id.clone(), self.call_control_id.clone())
    }
}

impl Keyed for CallRow {
    fn key(&self) -> (String, String) {
        (self.agency_id.clone(), self.call_control_id.clone())
    }
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
