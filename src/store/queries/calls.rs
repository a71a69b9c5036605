//! Reading calls, for boards and for REST.

use super::super::schema::{agency_heads, inbound_calls};
use super::super::{BEGIN_SNAPSHOT, Conn};
use super::{end, readable};
use crate::domain::{AgencyId, Call, CallId, LegHandle};
use crate::store::journal_rows::HeadRow;
use crate::store::numbers::holds_number;
use crate::store::rows::CallRow;
use crate::store::{CallFilter, Pending, StoreError, StoredBoard};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// The page that a filter asks for, its number aside.
macro_rules! narrowed {
    ($agency:expr, $filter:expr) => {{
        let mut query = inbound_calls::table
            .filter(inbound_calls::agency_id.eq($agency.to_string()))
            .order((inbound_calls::created_at.desc(), inbound_calls::id.desc()))
            .limit($filter.limit)
            .into_boxed();
        if let Some(statuses) = &$filter.statuses {
            let names: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
            query = query.filter(inbound_calls::status.eq_any(names));
        }
        if let Some(since) = $filter.since {
            query = query.filter(inbound_calls::created_at.ge(since.micros()));
        }
        if let Some(until) = $filter.until {
            query = query.filter(inbound_calls::created_at.lt(until.micros()));
        }
        if let Some(user) = $filter.answered_by {
            query = query.filter(inbound_calls::answered_by.eq(user.to_string()));
        }
        if let Some((created_at, CallId(id))) = $filter.before {
            let earlier = inbound_calls::created_at.lt(created_at.micros());
            let same = inbound_calls::created_at.eq(created_at.micros());
            let below = inbound_calls::id.lt(id.to_string());
            // The first condition is implied by the second; it lets the index find the place.
            query = query
                .filter(inbound_calls::created_at.le(created_at.micros()))
                .filter(earlier.or(same.and(below)));
        }
        query
    }};
}

/// An agency's board: where its numbering stands, the calls that are not ended, and its agents, at one
/// moment.
/// `None` when there is no such agency.
pub(crate) async fn board(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Option<StoredBoard>, StoreError> {
    conn.batch_execute(BEGIN_SNAPSHOT).await?;
    let result = board_steps(conn, agency).await;
    end(conn, result).await
}

async fn board_steps(conn: &mut Conn, agency: AgencyId) -> Result<Option<StoredBoard>, StoreError> {
    let head: Option<HeadRow> = agency_heads::table
        .find(agency.to_string())
        .first(conn)
        .await
        .optional()?;
    let Some(head) = head else {
        return Ok(None);
    };
    let rows: Vec<CallRow> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        // By the open statuses and in no order: so the index of statuses serves, and a million ended
        // calls cost nothing. The hub keeps the order.
        .filter(inbound_calls::status.eq_any(["incoming", "answering", "answered"]))
        .load(conn)
        .await?;
    let agents = super::agents::of_agency(conn, agency).await?;
    let (_, head) = head.head()?;
    Ok(Some(StoredBoard {
        head,
        calls: read(rows),
        agents: agents.into_iter().map(|known| known.agent).collect(),
    }))
}

/// The calls that ring and that nobody has claimed.
pub(crate) async fn pending(
    conn: &mut Conn,
    agency: AgencyId,
    order: Pending,
    limit: i64,
) -> Result<Vec<Call>, StoreError> {
    let mut query = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        .filter(inbound_calls::status.eq("incoming"))
        .limit(limit)
        .into_boxed();
    query = match order {
        Pending::NewestFirst => {
            query.order((inbound_calls::created_at.desc(), inbound_calls::id.desc()))
        }
        Pending::OldestFirst => query.order((inbound_calls::created_at, inbound_calls::id)),
    };
    Ok(read(query.load(conn).await?))
}

/// One page of an agency's calls, newest first. It is as long as was asked for also where rows are
/// left out: a shorter one says that nothing comes after it.
pub(crate) async fn page(
    conn: &mut Conn,
    agency: AgencyId,
    mut filter: CallFilter,
) -> Result<Vec<Call>, StoreError> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut calls = Vec::new();
    loop {
        let rows = rows(conn, agency, &filter).await?;
        let last = rows.last().filter(|_| rows.len() >= limit);
        filter.before = last.and_then(CallRow::position);
        calls.extend(read(rows));
        if calls.len() >= limit || filter.before.is_none() {
            calls.truncate(limit);
            return Ok(calls);
        }
    }
}

async fn rows(
    conn: &mut Conn,
    agency: AgencyId,
    filter: &CallFilter,
) -> Result<Vec<CallRow>, StoreError> {
    let Some(number) = filter.number.clone() else {
        return Ok(narrowed!(agency, filter).load(conn).await?);
    };
    // A number is looked for on both ends, each by its own index, and the two pages made one.
    let from = narrowed!(agency, filter).filter(holds_number!("from_number", number));
    let mut rows: Vec<CallRow> = from.load(conn).await?;
    let to = narrowed!(agency, filter).filter(holds_number!("to_number", number));
    rows.extend(to.load::<CallRow>(conn).await?);
    rows.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// One call of an agency.
pub(crate) async fn one(
    conn: &mut Conn,
    agency: AgencyId,
    call: CallId,
) -> Result<Option<Call>, StoreError> {
    let row: Option<CallRow> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        .filter(inbound_calls::id.eq(call.to_string()))
        .first(conn)
        .await
        .optional()?;
    row.map(CallRow::call).transpose()
}

/// The call whose caller's leg has that handle.
pub(crate) async fn of_leg(
    conn: &mut Conn,
    agency: AgencyId,
    handle: LegHandle,
) -> Result<Option<Call>, StoreError> {
    let row: Option<CallRow> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        .filter(inbound_calls::carrier.eq(handle.carrier.name()))
        .filter(inbound_calls::call_control_id.eq(handle.id))
        .first(conn)
        .await
        .optional()?;
    row.map(CallRow::call).transpose()
}

fn read(rows: Vec<CallRow>) -> Vec<Call> {
    readable(rows.into_iter().map(CallRow::call))
}
