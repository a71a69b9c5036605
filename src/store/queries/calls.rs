//! Reading calls, for boards and for REST.

use super::super::{BEGIN_SNAPSHOT, Conn};
use super::end;
use crate::domain::{AgencyId, Call, CallId};
use crate::store::batch::Head;
use crate::store::rows::{CallRow, HeadRow};
use crate::store::schema::{agency_heads, inbound_calls};
use crate::store::{CallFilter, Pending, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// An agency's board: where its numbering stands, and the calls that are not ended, at one moment.
/// `None` when there is no such agency.
pub async fn board(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Option<(Head, Vec<Call>)>, StoreError> {
    conn.batch_execute(BEGIN_SNAPSHOT).await?;
    let result = board_steps(conn, agency).await;
    end(conn, result).await
}

async fn board_steps(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Option<(Head, Vec<Call>)>, StoreError> {
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
        .filter(inbound_calls::status.eq_any(["incoming", "answering", "answered"]))
        .order((inbound_calls::created_at, inbound_calls::id))
        .load(conn)
        .await?;
    let head = Head {
        epoch: head.epoch,
        last_seq: head.last_seq,
        pruned_seq: head.pruned_seq,
    };
    Ok(Some((head, read(rows)?)))
}

/// The calls that ring and that nobody has claimed.
pub async fn pending(
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
    read(query.load(conn).await?)
}

/// One page of an agency's calls, newest first.
pub async fn page(
    conn: &mut Conn,
    agency: AgencyId,
    filter: CallFilter,
) -> Result<Vec<Call>, StoreError> {
    let mut query = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        .order((inbound_calls::created_at.desc(), inbound_calls::id.desc()))
        .limit(filter.limit)
        .into_boxed();
    if let Some(statuses) = filter.statuses {
        let names: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
        query = query.filter(inbound_calls::status.eq_any(names));
    }
    if let Some(since) = filter.since {
        query = query.filter(inbound_calls::created_at.ge(since.micros()));
    }
    if let Some(until) = filter.until {
        query = query.filter(inbound_calls::created_at.lt(until.micros()));
    }
    if let Some(number) = filter.number {
        query = query.filter(
            inbound_calls::from_number
                .eq(number.clone())
                .or(inbound_calls::to_number.eq(number)),
        );
    }
    if let Some(user) = filter.answered_by {
        query = query.filter(inbound_calls::answered_by.eq(user.to_string()));
    }
    if let Some((created_at, CallId(id))) = filter.before {
        query = query.filter(
            inbound_calls::created_at
                .lt(created_at.micros())
                .or(inbound_calls::created_at
                    .eq(created_at.micros())
                    .and(inbound_calls::id.lt(id.to_string()))),
        );
    }
    read(query.load(conn).await?)
}

/// One call of an agency.
pub async fn one(
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

fn read(rows: Vec<CallRow>) -> Result<Vec<Call>, StoreError> {
    rows.into_iter().map(CallRow::call).collect()
}
