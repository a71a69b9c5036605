//! What a batch reads: all that bears on the calls concerned.

use super::super::{Conn, locked};
use crate::domain::AgencyId;
use crate::store::batch::{BatchKeys, Head, Loaded};
use crate::store::rows::{CallRow, ClaimRow, HeadRow, LegRow};
use crate::store::schema::{agency_heads, call_legs, claims, inbound_calls, webhook_events};
use crate::store::{StoreError, parse_agency};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The rows of these agencies in whose `$column` one of `$keys` stands; no query without a key. One
/// key of one agency, as a webhook that comes alone has, is asked for by itself: SQLite would have
/// to make a new plan for every list.
macro_rules! rows_by {
    ($conn:expr, $table:ident, $rows:expr, $agencies:expr, $column:ident, $keys:expr) => {{
        let keys: Vec<&String> = $keys.iter().collect();
        match ($agencies, &keys[..]) {
            (_, []) => Vec::new(),
            ([agency], [key]) => {
                $rows
                    .filter($table::agency_id.eq(agency))
                    .filter($table::$column.eq(*key))
                    .load($conn)
                    .await?
            }
            (agencies, keys) => {
                $rows
                    .filter($table::agency_id.eq_any(agencies))
                    .filter($table::$column.eq_any(keys))
                    .load($conn)
                    .await?
            }
        }
    }};
}

macro_rules! legs_by {
    ($conn:expr, $agencies:expr, $column:ident, $keys:expr) => {
        rows_by!(
            $conn,
            call_legs,
            call_legs::table,
            $agencies,
            $column,
            $keys
        )
    };
}

macro_rules! calls_by {
    ($conn:expr, $agencies:expr, $column:ident, $keys:expr) => {
        rows_by!(
            $conn,
            inbound_calls,
            inbound_calls::table,
            $agencies,
            $column,
            $keys
        )
    };
}

/// What the database holds of these keys, under the lock of their agencies.
pub(super) async fn load(conn: &mut Conn, keys: BatchKeys) -> Result<Loaded, StoreError> {
    let agencies: Vec<String> = keys.agencies.iter().map(AgencyId::to_string).collect();
    let mut loaded = Loaded::default();
    // Everything of an agency is serialised by this one lock; taken in the order of the ids, so
    // that two nodes cannot wait for each other.
    let heads: Vec<HeadRow> = match &agencies[..] {
        [agency] => {
            let head = agency_heads::table.filter(agency_heads::agency_id.eq(agency));
            locked!(head).load(conn).await?
        }
        agencies => {
            let heads = agency_heads::table
                .filter(agency_heads::agency_id.eq_any(agencies))
                .order(agency_heads::agency_id);
            locked!(heads).load(conn).await?
        }
    };
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
    let known =
        webhook_events::table.select((webhook_events::agency_id, webhook_events::webhook_id));
    let rows: Vec<(String, String)> =
        rows_by!(conn, webhook_events, known, agencies, webhook_id, ids);
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
    let called = claims::table.select(claims::call_id);
    let named: Vec<String> = rows_by!(conn, claims, called, agencies, id, &claim_ids);
    call_ids.extend(named);

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

    let mut rows: Vec<ClaimRow> =
        rows_by!(conn, claims, claims::table, agencies, call_id, &call_ids);
    rows.sort_by(|a, b| (&a.call_id, a.ordinal).cmp(&(&b.call_id, b.ordinal)));
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
