//! Somebody is forgotten: each table of an agency is walked through, page by page.

use super::super::schema::{
    agency_heads, call_events, call_legs, call_logs, claims, inbound_calls, webhook_events,
};
use super::super::{BEGIN_WRITE, Conn, locked};
use super::{after, end};
use crate::domain::AgencyId;
use crate::store::forget::{
    CallTexts, ClaimTexts, Eraser, EventTexts, LegTexts, LogTexts, Page, WebhookTexts,
};
use crate::store::{Named, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::sync::Arc;

/// The rows after one, in the order of their key.
macro_rules! later {
    ($table:ident [$key:ident], $after:expr) => {
        $table::$key.gt($after)
    };
    ($table:ident [$key:ident, carrier], $after:expr) => {
        after!($table, $key, $after)
    };
}

/// The key of a row.
macro_rules! last {
    ($row:ident [$key:ident]) => {
        $row.$key.clone()
    };
    ($row:ident [$key:ident, carrier]) => {
        Named::of(($row.$key.clone(), $row.carrier.clone()))
    };
}

/// Two queries of a table: `$look` reads a page of its texts; `$erase` reads one and, where the
/// eraser finds something in it, does so again under the lock of the agency's head and writes what
/// is left. Boards hear of it by a new epoch, in the same transaction.
macro_rules! walked {
    ($look:ident, $erase:ident, $steps:ident, $table:ident as $row:ident by $kind:ident,
     key [$($key:ident),+]: $type:ty, reads [$($read:ident),*], writes [$($write:ident),+]) => {
        /// A page of an agency's rows after that one.
        pub(crate) async fn $look(
            conn: &mut Conn,
            agency: AgencyId,
            after: $type,
            limit: i64,
        ) -> Result<Vec<$row>, StoreError> {
            let page = $table::table
                .filter($table::agency_id.eq(agency.to_string()))
                .filter(later!($table [$($key),+], &after))
                .order(($($table::$key,)+))
                .select(($($table::$key,)+ $($table::$read,)* $($table::$write,)+))
                .limit(limit);
            Ok(page.load(conn).await?)
        }

        /// The same page, without whoever is forgotten.
        pub(crate) async fn $erase(
            conn: &mut Conn,
            agency: AgencyId,
            after: $type,
            limit: i64,
            eraser: Arc<Eraser>,
            epoch: String,
        ) -> Result<Page<$type>, StoreError> {
            let mut rows = $look(conn, agency, after.clone(), limit).await?;
            let last = rows.last().map(|row| last!(row [$($key),+]));
            let found = rows.iter_mut().map(|row| eraser.$kind(row));
            if !found.fold(false, |any, one| any | one) {
                return Ok(Page { last, erased: 0 });
            }
            conn.batch_execute(BEGIN_WRITE).await?;
            let result = $steps(conn, agency, after, limit, &eraser, &epoch).await;
            let erased = end(conn, result).await?;
            Ok(Page { last, erased })
        }

        async fn $steps(
            conn: &mut Conn,
            agency: AgencyId,
            after: $type,
            limit: i64,
            eraser: &Eraser,
            epoch: &str,
        ) -> Result<usize, StoreError> {
            new_epoch(conn, agency, epoch).await?;
            let mut erased = 0;
            for mut row in $look(conn, agency, after, limit).await? {
                if !eraser.$kind(&mut row) {
                    continue;
                }
                let place = $table::table
                    .filter($table::agency_id.eq(agency.to_string()))
                    $(.filter($table::$key.eq(&row.$key)))+;
                erased += diesel::update(place)
                    .set(($($table::$write.eq(&row.$write),)+))
                    .execute(conn)
                    .await?;
            }
            Ok(erased)
        }
    };
}

walked!(calls, erase_calls, call_steps, inbound_calls as CallTexts by call, key [id]: String,
    reads [call_control_id, call_session_id, carrier],
    writes [from_number, to_number, caller_name, answered_by, answered_by_name, recordings,
        participants]);
walked!(claims, erase_claims, claim_steps, claims as ClaimTexts by claim, key [id]: String,
    reads [], writes [user_id, user_name]);
walked!(legs, erase_legs, leg_steps, call_legs as LegTexts by leg,
    key [call_control_id, carrier]: Named, reads [call_session_id], writes [facts]);
walked!(events, erase_events, event_steps, call_events as EventTexts by event, key [seq]: i64,
    reads [], writes [call_id, event, subject_id]);
walked!(webhooks, erase_webhooks, webhook_steps, webhook_events as WebhookTexts by webhook,
    key [webhook_id, carrier]: Named, reads [event_type, call_control_id], writes [body]);
walked!(logs, erase_logs, log_steps, call_logs as LogTexts by log, key [id]: String,
    reads [], writes [caller_id, answered_by, answered_by_name, phone_number, from_number,
        to_number, caller_name, prospect_name, notes, outcome, recording_url]);

/// Holds the agency's head, so that no batch of the journal is in between, and lets its boards begin
/// again: what they show is true no more.
async fn new_epoch(conn: &mut Conn, agency: AgencyId, epoch: &str) -> Result<(), StoreError> {
    let agency = agency.to_string();
    let head = agency_heads::table
        .filter(agency_heads::agency_id.eq(&agency))
        .select(agency_heads::agency_id);
    let _: Vec<String> = locked!(head).load(conn).await?;
    diesel::update(agency_heads::table.find(&agency))
        .set(agency_heads::epoch.eq(epoch))
        .execute(conn)
        .await?;
    Ok(())
}
