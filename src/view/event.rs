//! An event in JSON: section 3 of the contract. The text is written once, inside the journal's
//! transaction, and the same bytes go to the database, to every socket and into the timeline.

use super::rfc3339;
use crate::domain::{Actor, Event, Reason, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event as strangers read it.
#[derive(Debug, Serialize)]
pub struct EventView<'a> {
    #[serde(rename = "type")]
    event_type: &'static str,
    seq: i64,
    #[serde(serialize_with = "rfc3339")]
    occurred_at: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    received_at: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    recorded_at: Timestamp,
    actor: Option<ActorView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    call: &'a RawValue,
}

#[derive(Debug, Serialize)]
struct ActorView<'a> {
    id: Uuid,
    name: Option<&'a str>,
}

impl<'a> From<&'a Actor> for ActorView<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self {
            id: actor.id.0,
            name: actor.name.as_deref(),
        }
    }
}

/// The numbered event as JSON text, around the text of its call ([`super::call_json`]).
///
/// # Errors
/// When `call` is not JSON.
pub fn event_json(
    event: &Event,
    seq: i64,
    recorded_at: Timestamp,
    call: &str,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&EventView {
        event_type: event.event_type.name(),
        seq,
        occurred_at: event.moment.occurred,
        received_at: event.moment.received,
        recorded_at,
        actor: event.actor.as_ref().map(ActorView::from),
        reason: event.reason.map(Reason::name),
        call: serde_json::from_str(call)?,
    })
}
