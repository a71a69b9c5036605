//! Finished calls: what the journal writes, pages, and agents' words.

use super::super::schema::call_logs;
use super::super::{Conn, Line, upsert_rows};
use super::readable;
use crate::domain::{AgencyId, CallId, CallLog, LoggedCall, Timestamp};
use crate::store::log_rows::{CallLogRow, LoggedCallRow, logged_columns};
use crate::store::numbers::holds_number;
use crate::store::{LogFilter, LogWords, StoreError, WordsWritten};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

/// The page that a filter asks for, its results and its number aside.
macro_rules! narrowed {
    ($agency:expr, $filter:expr) => {{
        let mut query = call_logs::table
            .filter(call_logs::agency_id.eq($agency.to_string()))
            .order((call_logs::started_at.desc(), call_logs::id.desc()))
            .limit($filter.limit)
            .select(logged_columns!())
            .into_boxed();
        if let Some(outcome) = &$filter.outcome {
            query = query.filter(call_logs::outcome.eq(outcome.clone()));
        }
        if let Some(since) = $filter.since {
            query = query.filter(call_logs::started_at.ge(since.micros()));
        }
        if let Some(until) = $filter.until {
            query = query.filter(call_logs::started_at.lt(until.micros()));
        }
        if let Some(user) = $filter.answered_by {
            query = query.filter(call_logs::caller_id.eq(user.to_string()));
        }
        if let Some((started_at, CallId(id))) = $filter.before {
            let earlier = call_logs::started_at.lt(started_at.micros());
            let same = call_logs::started_at.eq(started_at.micros());
            let below = call_logs::id.lt(id.to_string());
            // The first condition is implied by the second; it lets the index find the place.
            query = query
                .filter(call_logs::started_at.le(started_at.micros()))
                .filter(earlier.or(same.and(below)));
        }
        query
    }};
}

/// Writes the rows of finished calls, inside the journal's transaction. What agents wrote stays.
pub(crate) async fn put(
    mut line: Line<'_>,
    logs: &[CallLog],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<CallLogRow> = logs.iter().map(|log| CallLogRow::of(log, now)).collect();
    upsert_rows!(
        &mut line,
        call_logs,
        &rows,
        stays |_: &CallLogRow| false,
        key [id],
        keep [agency_id, carrier, call_sid, direction, created_at],
        moves [],
        goes_on [
            caller_id,
            phone_number,
            from_number,
            to_number,
            caller_name,
            result,
            duration,
            started_at,
            answered_at,
            ended_at,
            wait,
            end_reason,
            answered_by,
            answered_by_name,
            updated_at
        ]
    );
    Ok(())
}

/// One page of an agency's finished calls, newest first.
///
/// Several results, and the two ends of a number, are looked for one by one and the pages made one:
/// so each is read off its own index in the order of pages, whatever the planner thinks. A page is
/// as long as was asked for also where rows are left out.
pub(crate) async fn page(
    conn: &mut Conn,
    agency: AgencyId,
    mut filter: LogFilter,
) -> Result<Vec<LoggedCall>, StoreError> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut logs = Vec::new();
    loop {
        let rows = rows(conn, agency, &filter).await?;
        let last = rows.last().filter(|_| rows.len() >= limit);
        filter.before = last.and_then(LoggedCallRow::position);
        logs.extend(readable(rows.into_iter().map(LoggedCallRow::logged)));
        if logs.len() >= limit || filter.before.is_none() {
            logs.truncate(limit);
            return Ok(logs);
        }
    }
}

async fn rows(
    conn: &mut Conn,
    agency: AgencyId,
    filter: &LogFilter,
) -> Result<Vec<LoggedCallRow>, StoreError> {
    let results: Vec<Option<&str>> = match &filter.results {
        Some(results) => results.iter().map(|result| Some(result.name())).collect(),
        None => vec![None],
    };
    let mut rows: Vec<LoggedCallRow> = Vec::new();
    for result in results {
        let narrowed = || {
            let query = narrowed!(agency, filter);
            match result {
                Some(result) => query.filter(call_logs::result.eq(result)),
                None => query,
            }
        };
        let Some(number) = &filter.number else {
            rows.extend(narrowed().load::<LoggedCallRow>(conn).await?);
            continue;
        };
        let from = narrowed().filter(holds_number!("from_number", number));
        rows.extend(from.load::<LoggedCallRow>(conn).await?);
        let to = narrowed().filter(holds_number!("to_number", number));
        rows.extend(to.load::<LoggedCallRow>(conn).await?);
    }
    rows.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// One finished call of an agency.
pub(crate) async fn one(
    conn: &mut Conn,
    agency: AgencyId,
    call: CallId,
) -> Result<Option<LoggedCall>, StoreError> {
    let row: Option<LoggedCallRow> = call_logs::table
        .filter(call_logs::agency_id.eq(agency.to_string()))
        .filter(call_logs::id.eq(call.to_string()))
        .select(logged_columns!())
        .first(conn)
        .await
        .optional()?;
    row.map(LoggedCallRow::logged).transpose()
}

#[derive(AsChangeset)]
#[diesel(table_name = call_logs)]
struct Words {
    notes: Option<Option<String>>,
    outcome: Option<Option<String>>,
}

/// Writes an agent's words; with `read`, only into the row that was last changed then.
pub(crate) async fn write_words(
    conn: &mut Conn,
    agency: AgencyId,
    call: CallId,
    words: LogWords,
    read: Option<Timestamp>,
    now: Timestamp,
) -> Result<WordsWritten, StoreError> {
    let read = read.map(Timestamp::micros);
    let (first, last) = (read.unwrap_or(i64::MIN), read.unwrap_or(i64::MAX));
    // Each change has a time of its own, two in one microsecond too, and after a step back of the
    // clock: whoever has read the row before it must not take the row for the one that was read.
    let now = now.micros().into_sql::<BigInt>();
    let changed_at =
        case_when(call_logs::updated_at.lt(now), now).otherwise(call_logs::updated_at + 1_i64);
    let row: Option<LoggedCallRow> = diesel::update(
        call_logs::table
            .filter(call_logs::agency_id.eq(agency.to_string()))
            .filter(call_logs::id.eq(call.to_string()))
            .filter(call_logs::updated_at.between(first, last)),
    )
    .set((
        Words {
            notes: words.notes,
            outcome: words.outcome,
        },
        call_logs::updated_at.eq(changed_at),
    ))
    .returning(logged_columns!())
    .get_result(conn)
    .await
    .optional()?;
    if let Some(row) = row {
        return Ok(WordsWritten::Written(row.logged()?));
    }
    let stands = one(conn, agency, call).await?;
    Ok(stands.map_or(WordsWritten::NoSuchCall, WordsWritten::Changed))
}
