//! Reading the journal, and what retention removes of it.

use super::super::schema::{agency_heads, call_events};
use super::super::{BEGIN_WRITE, Conn, locked};
use super::end;
use crate::domain::{AgencyId, CallId, Timestamp};
use crate::store::StoreError;
use crate::store::batch::Head;
use crate::store::journal_rows::{HeadRow, PublishedRow};
use crate::view::Published;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Where these agencies' numberings stand.
pub(crate) async fn heads(
    conn: &mut Conn,
    agencies: Vec<AgencyId>,
) -> Result<Vec<(AgencyId, Head)>, StoreError> {
    let ids: Vec<String> = agencies.iter().map(AgencyId::to_string).collect();
    let rows: Vec<HeadRow> = agency_heads::table
        .filter(agency_heads::agency_id.eq_any(ids))
        .load(conn)
        .await?;
    rows.into_iter().map(HeadRow::head).collect()
}

/// Where every agency's numbering stands.
pub(crate) async fn all_heads(conn: &mut Conn) -> Result<Vec<(AgencyId, Head)>, StoreError> {
    let rows: Vec<HeadRow> = agency_heads::table
        .order(agency_heads::agency_id)
        .load(conn)
        .await?;
    rows.into_iter().map(HeadRow::head).collect()
}

/// The columns of a [`PublishedRow`].
const PUBLISHED: (
    agency_heads::epoch,
    call_events::seq,
    call_events::call_id,
    call_events::recorded_at,
    call_events::event,
    call_events::subject_kind,
    call_events::subject_id,
) = (
    agency_heads::epoch,
    call_events::seq,
    call_events::call_id,
    call_events::recorded_at,
    call_events::event,
    call_events::subject_kind,
    call_events::subject_id,
);

/// The events after `seq`, oldest first, at most `limit`.
pub(crate) async fn since(
    conn: &mut Conn,
    agency: AgencyId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Published>, StoreError> {
    let with_head = call_events::agency_id.eq(agency_heads::agency_id);
    let rows: Vec<PublishedRow> = call_events::table
        .inner_join(agency_heads::table.on(with_head))
        .filter(call_events::agency_id.eq(agency.to_string()))
        .filter(call_events::seq.gt(seq))
        .order(call_events::seq)
        .select(PUBLISHED)
        .limit(limit)
        .load(conn)
        .await?;
    let rows = rows.into_iter();
    rows.map(|row| row.published(agency)).collect()
}

/// The timeline of one call: its retained events, oldest first.
pub(crate) async fn of_call(
    conn: &mut Conn,
    agency: AgencyId,
    call: CallId,
) -> Result<Vec<Published>, StoreError> {
    let with_head = call_events::agency_id.eq(agency_heads::agency_id);
    let rows: Vec<PublishedRow> = call_events::table
        .inner_join(agency_heads::table.on(with_head))
        .filter(call_events::agency_id.eq(agency.to_string()))
        .filter(call_events::call_id.eq(call.to_string()))
        .order(call_events::seq)
        .select(PUBLISHED)
        .load(conn)
        .await?;
    let rows = rows.into_iter();
    rows.map(|row| row.published(agency)).collect()
}

/// Removes at most `limit` of an agency's oldest events that were recorded before `before`, and
/// remembers up to where, so that a client from before then is told and not left with a gap.
pub(crate) async fn prune(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = prune_steps(conn, agency.to_string(), before, limit).await;
    end(conn, result).await
}

async fn prune_steps(
    conn: &mut Conn,
    agency: String,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let head = agency_heads::table.filter(agency_heads::agency_id.eq(&agency));
    let held: Vec<HeadRow> = locked!(head).load(conn).await?;
    if held.is_empty() {
        return Ok(0);
    }
    // Numbers follow time, so the oldest events are the lowest numbers; the first young one ends it.
    let oldest: Vec<(i64, i64)> = call_events::table
        .filter(call_events::agency_id.eq(&agency))
        .order(call_events::seq)
        .select((call_events::seq, call_events::recorded_at))
        .limit(limit)
        .load(conn)
        .await?;
    let old = oldest
        .into_iter()
        .take_while(|(_, recorded_at)| *recorded_at < before.micros());
    let Some((last, _)) = old.last() else {
        return Ok(0);
    };
    let removed = diesel::delete(
        call_events::table
            .filter(call_events::agency_id.eq(&agency))
            .filter(call_events::seq.le(last)),
    )
    .execute(conn)
    .await?;
    diesel::update(agency_heads::table.find(&agency))
        .set(agency_heads::pruned_seq.eq(last))
        .execute(conn)
        .await?;
    Ok(removed)
}

/// Gives every agency's numbering a new epoch and says how many there were.
pub(crate) async fn renew_epoch(conn: &mut Conn, epoch: String) -> Result<usize, StoreError> {
    // Each agency's is another: a position must not hold in the numbering of an agency that its
    // user is moved to.
    let begin = format!("{epoch}-").into_sql::<Text>();
    Ok(diesel::update(agency_heads::table)
        .set(agency_heads::epoch.eq(begin.concat(agency_heads::agency_id)))
        .execute(conn)
        .await?)
}
