//! Counting calls.

use super::super::schema::{call_legs, inbound_calls};
use super::super::{CALL_LOGS, Conn, SCHEMA};
use super::readable;
use crate::domain::{AgencyId, AgentCounts, AgentState, HourOfResult, Timestamp, UserId, Waiting};
use crate::store::rows::id;
use crate::store::{StoreError, log_rows, stats_sql};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

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

/// How a claim stands whose phone rang in vain.
const IN_VAIN: &str = "'released: no_answer', 'released: rejected', 'released: busy', \
     'released: timed_out'";

#[derive(QueryableByName)]
struct OfPerson {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

/// What was counted of each person of an agency since then: calls that began, phones that rang in vain,
/// and states that ended.
pub(crate) async fn by_agent(
    conn: &mut Conn,
    agency: AgencyId,
    since: Timestamp,
) -> Result<BTreeMap<UserId, AgentCounts>, StoreError> {
    let since = since.micros();
    let sql = format!(
        "SELECT answered_by AS user_id, 'answered' AS what, COUNT(*) AS count, \
         CAST(SUM(duration) * 1000000 AS BIGINT) AS micros FROM {CALL_LOGS} \
         WHERE agency_id = '{agency}' AND started_at >= {since} AND result = 'answered' \
         AND answered_by IS NOT NULL GROUP BY 1 \
         UNION ALL SELECT user_id, 'missed', COUNT(*), CAST(0 AS BIGINT) FROM {SCHEMA}claims \
         WHERE agency_id = '{agency}' AND claimed_at >= {since} AND standing IN ({IN_VAIN}) \
         GROUP BY 1 \
         UNION ALL SELECT user_id, state, COUNT(*), CAST(SUM(ended_at - \
         CASE WHEN began_at < {since} THEN {since} ELSE began_at END) AS BIGINT) \
         FROM {SCHEMA}agent_times WHERE agency_id = '{agency}' AND ended_at > {since} GROUP BY 1, 2"
    );
    let rows: Vec<OfPerson> = diesel::sql_query(sql).load(conn).await?;
    let mut counted: BTreeMap<UserId, AgentCounts> = BTreeMap::new();
    for row in rows {
        let of = counted.entry(id(&row.user_id, "a person of statistics")?);
        let counts = of.or_default();
        match (row.what.as_str(), AgentState::from_name(&row.what)) {
            ("answered", _) => {
                counts.answered += row.count;
                counts.talk_micros += row.micros;
            }
            ("missed", _) => counts.missed += row.count,
            (_, Some(state)) => *counts.times.entry(state).or_default() += row.micros,
            // A state that only a newer version knows.
            _ => {}
        }
    }
    Ok(counted)
}
