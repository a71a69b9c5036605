//! Counting calls.

use super::super::schema::{call_legs, inbound_calls};
use super::super::{CALL_LOGS, Conn};
use super::readable;
use crate::domain::{AgencyId, HourOfResult, Timestamp, Waiting};
use crate::store::{StoreError, log_rows, stats_sql};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

/// How many callers wait, and since when; read off the index of statuses, so that ended calls cost
/// nothing. Of a call that the carrier cannot be asked about nobody knows whether its caller is
/// still there: it does not count as the longest wait.
pub(crate) async fn waiting(conn: &mut Conn, agency: AgencyId) -> Result<Waiting, StoreError> {
    let waiting = || {
        inbound_calls::table
            .filter(inbound_calls::agency_id.eq(agency.to_string()))
            .filter(inbound_calls::status.eq_any(["incoming", "answering"]))
    };
    let calls: i64 = waiting().select(count_star()).first(conn).await?;
    let is_its_leg = call_legs::agency_id
        .eq(inbound_calls::agency_id)
        .and(call_legs::carrier.eq(inbound_calls::carrier))
        .and(call_legs::call_control_id.eq(inbound_calls::call_control_id));
    // No text within the JSON can hold quotes that are not escaped.
    let is_unasked = call_legs::facts.like(r#"%"unasked":%"#);
    let since: Option<i64> = waiting()
        .left_join(call_legs::table.on(is_its_leg.and(is_unasked)))
        .filter(call_legs::call_control_id.is_null())
        .select(min(inbound_calls::created_at))
        .first(conn)
        .await?;
    Ok(Waiting {
        calls,
        longest_since: since.map(Timestamp::from_micros),
    })
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    hour: i64,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = BigInt)]
    wait_micros: i64,
    #[diesel(sql_type = BigInt)]
    within_20_s: i64,
    #[diesel(sql_type = BigInt)]
    as_promised: i64,
}

/// The finished calls that began at or after `since`, by hour and result.
pub(crate) async fn by_hour(
    conn: &mut Conn,
    agency: AgencyId,
    since: Timestamp,
    service_level_s: u16,
) -> Result<Vec<HourOfResult>, StoreError> {
    let sql = stats_sql(CALL_LOGS, agency, since, service_level_s);
    let rows: Vec<Counted> = diesel::sql_query(sql).load(conn).await?;
    Ok(readable(rows.into_iter().map(|row| {
        Ok(HourOfResult {
            hour: row.hour,
            result: log_rows::result(row.result.as_deref(), "a finished call")?,
            calls: row.calls,
            wait_micros: row.wait_micros,
            within_20_s: row.within_20_s,
            as_promised: row.as_promised,
        })
    })))
}
