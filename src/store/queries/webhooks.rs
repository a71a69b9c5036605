//! Reading raw webhooks back, and what retention removes of them.

use super::super::Conn;
use super::super::schema::{claims, inbound_calls, webhook_events};
use super::after;
use crate::domain::{AgencyId, Timestamp};
use crate::store::claim_rows::ClaimRow;
use crate::store::journal_rows::WebhookRow;
use crate::store::named::by_carrier;
use crate::store::rows::CallRow;
use crate::store::{KeptWebhook, Named, StoreError, ToCheck, WebhookTally, parse_agency};
use diesel::dsl::{count_star, max, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

/// The agency's webhooks after that one, in the order of keys, at most `limit`.
pub(crate) async fn kept(
    conn: &mut Conn,
    agency: AgencyId,
    after: Named,
    limit: i64,
) -> Result<Vec<KeptWebhook>, StoreError> {
    let rows: Vec<WebhookRow> = webhook_events::table
        .filter(webhook_events::agency_id.eq(agency.to_string()))
        .filter(after!(webhook_events, webhook_id, &after))
        .order((webhook_events::webhook_id, webhook_events::carrier))
        .limit(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(WebhookRow::kept).collect())
}

/// In these words, so that the index of those that failed is found to do.
fn is_failed() -> SqlLiteral<Bool> {
    sql("outcome = 'failed'")
}

/// Every agency's webhooks that could not be applied, after that one, at most `limit`.
pub(crate) async fn failed(
    conn: &mut Conn,
    (agency, after): (AgencyId, Named),
    limit: i64,
) -> Result<Vec<(AgencyId, KeptWebhook)>, StoreError> {
    let agency = agency.to_string();
    let same = webhook_events::agency_id.eq(agency.clone());
    let later = same.and(after!(webhook_events, webhook_id, &after));
    let rows: Vec<WebhookRow> = webhook_events::table
        .filter(is_failed())
        .filter(webhook_events::agency_id.gt(agency).or(later))
        .order((
            webhook_events::agency_id,
            webhook_events::webhook_id,
            webhook_events::carrier,
        ))
        .limit(limit)
        .load(conn)
        .await?;
    let rows = rows.into_iter();
    rows.map(|row| Ok((parse_agency(&row.agency_id)?, row.kept())))
        .collect()
}

/// How many of an agency's webhooks could not be applied.
pub(crate) async fn count_failed(conn: &mut Conn, agency: AgencyId) -> Result<i64, StoreError> {
    let failed = webhook_events::table
        .filter(is_failed())
        .filter(webhook_events::agency_id.eq(agency.to_string()));
    Ok(failed.count().get_result(conn).await?)
}

/// The agency's kept webhooks, counted by type and outcome.
pub(crate) async fn tally(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Vec<WebhookTally>, StoreError> {
    let rows: Vec<(String, String, i64, Option<i64>)> = webhook_events::table
        .filter(webhook_events::agency_id.eq(agency.to_string()))
        .group_by((webhook_events::event_type, webhook_events::outcome))
        .select((
            webhook_events::event_type,
            webhook_events::outcome,
            count_star(),
            max(webhook_events::received_at),
        ))
        .load(conn)
        .await?;
    let tally = rows
        .into_iter()
        .map(|(event_type, outcome, count, latest)| WebhookTally {
            event_type,
            outcome,
            count,
            latest: Timestamp::from_micros(latest.unwrap_or_default()),
        });
    Ok(tally.collect())
}

/// Every call of an agency since `since`, with its claims, for checking them against the webhooks.
pub(crate) async fn calls_with_claims(
    conn: &mut Conn,
    agency: AgencyId,
    since: Timestamp,
) -> Result<ToCheck, StoreError> {
    let calls: Vec<CallRow> = inbound_calls::table
        .filter(inbound_calls::agency_id.eq(agency.to_string()))
        .filter(inbound_calls::created_at.ge(since.micros()))
        .order((inbound_calls::created_at, inbound_calls::id))
        .load(conn)
        .await?;
    let held: Vec<ClaimRow> = claims::table
        .filter(claims::agency_id.eq(agency.to_string()))
        // A claim is never older than its call, our clock and the carrier's an hour apart at most.
        .filter(claims::claimed_at.ge(since.plus_seconds(-3600).micros()))
        .order((claims::call_id, claims::ordinal))
        .load(conn)
        .await?;
    let mut found = ToCheck::default();
    for row in calls {
        let handle = Named::of((row.call_control_id.clone(), row.carrier.clone()));
        match row.call() {
            Ok(call) => found.calls.push(call),
            Err(error) => found.unreadable.push((handle, error.to_string())),
        }
    }
    for row in held {
        let call = row.call_id.clone();
        match row.claim() {
            Ok((_, claim)) => found.claims.push(claim),
            Err(error) => found.leave_out(&call, &error),
        }
    }
    Ok(found)
}

/// Removes at most `limit` of an agency's raw webhooks that came before `before`. Those that still
/// wait for their `call.initiated` go too: it will not come any more.
pub(crate) async fn prune(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let old: Vec<(String, String)> = webhook_events::table
        .filter(webhook_events::agency_id.eq(agency.to_string()))
        .filter(webhook_events::received_at.lt(before.micros()))
        .order(webhook_events::received_at)
        .select((webhook_events::webhook_id, webhook_events::carrier))
        .limit(limit)
        .load(conn)
        .await?;
    let old: Vec<Named> = old.into_iter().map(Named::of).collect();
    let mut removed = 0;
    for (carrier, ids) in by_carrier(&old) {
        let gone = webhook_events::table
            .filter(webhook_events::agency_id.eq(agency.to_string()))
            .filter(webhook_events::carrier.eq(carrier))
            .filter(webhook_events::webhook_id.eq_any(ids));
        removed += diesel::delete(gone).execute(conn).await?;
    }
    Ok(removed)
}
