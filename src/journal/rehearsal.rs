//! Proof that the database takes calls: one with nothing special about it, told from its ring to
//! its log in one transaction that is taken back.
//!
//! When the database refuses a webhook for its data, and takes this at the same moment, then it is
//! that webhook's data and no other's. When it refuses this too, the fault is the database's: a
//! column was altered, say, or a constraint added that nothing can meet.

use super::append::{Append, ClaimAppend, Meaning, WebhookAppend};
use super::batch::apply;
use crate::domain::{
    AgencyId, Carrier, ClaimId, Direction, KnownAgent, LegEvent, LegHandle, LegNews, Mark, Moment,
    Timestamp, UserId,
};
use crate::store::batch::{BatchKeys, Heads, Loaded, StoredWebhook};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use uuid::Uuid;

/// The caller's leg. No carrier gives such a handle.
const HANDLE: &str = "callboard:rehearsal-of-a-call-that-is-taken-back-at-its-end";

const NOBODY: UserId = UserId(Uuid::nil());
const WRAP_UP_S: i64 = 30;

/// Rehearses a call of that agency; nothing, where its head is not to be waited for and not free.
///
/// # Errors
/// What a call of anybody would meet now.
pub(super) async fn rehearse(
    store: &Store,
    agency: AgencyId,
    now: Timestamp,
    heads: Heads,
) -> Result<(), StoreError> {
    let appends = call(agency, now);
    let mut keys = BatchKeys {
        heads,
        ..BatchKeys::default()
    };
    for append in &appends {
        append.add_keys(&mut keys);
    }
    let apply = move |mut loaded: Loaded| {
        let somebody = KnownAgent::new(agency, NOBODY, now);
        loaded.agents.known.push((somebody, WRAP_UP_S));
        apply(loaded, &appends, now, now).map(|(writes, _)| writes)
    };
    store.rehearse(keys, now, apply).await
}

/// A call that rings, is taken by somebody, answered, and ends: it writes to every table that
/// calls are written to.
fn call(agency: AgencyId, now: Timestamp) -> Vec<Arc<Append>> {
    let claim = Append::Claim(ClaimAppend {
        agency_id: agency,
        handle: handle(),
        claim_id: ClaimId(Uuid::nil()),
        user_id: NOBODY,
        user_name: Some("Rehearsal".into()),
        at: now,
        most: None,
        driven_until: now,
    });
    let told = |event_type, news| Append::Webhook(webhook(agency, event_type, news, now));
    let over = LegNews::HungUp {
        cause: Some("normal_clearing".into()),
        source: Some("caller".into()),
    };
    let recorded = LegNews::Recorded {
        id: Some("callboard-rehearsal".into()),
        channels: Some("dual".into()),
        started_at: Some(now),
        ended_at: Some(now),
    };
    [
        told("call.initiated", LegNews::Initiated(Direction::Incoming)),
        claim,
        told("call.answered", LegNews::Answered),
        told("call.hangup", over),
        told("call.recording.saved", recorded),
    ]
    .map(Arc::new)
    .into()
}

/// Of any carrier: the database takes all of them alike.
fn handle() -> LegHandle {
    let [carrier, ..] = Carrier::ALL;
    LegHandle::new(carrier, HANDLE)
}

fn webhook(agency: AgencyId, event_type: &str, news: LegNews, now: Timestamp) -> WebhookAppend {
    WebhookAppend {
        webhook: StoredWebhook {
            agency_id: agency,
            carrier: handle().carrier,
            webhook_id: format!("callboard:rehearsal-{event_type}"),
            event_type: event_type.into(),
            leg: Some(handle()),
            connection_id: Some("1234567890123456789".into()),
            occurred_at: now,
            received_at: now,
            body: "{}".into(),
        },
        meaning: Meaning::Leg(LegEvent {
            handle: handle(),
            news,
            moment: Moment {
                occurred: now,
                received: now,
            },
            session: Some("00000000-0000-0000-0000-000000000000".into()),
            leg_id: Some("00000000-0000-0000-0000-000000000000".into()),
            from: Some("+15555550100".into()),
            to: Some("+15555550199".into()),
            caller_name: Some("Rehearsal".into()),
            mark: Mark::Absent,
        }),
    }
}
