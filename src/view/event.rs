//! An event in JSON: section 3 of `static/docs/contract.md`.

use super::CallView;
use super::rfc3339;
use super::words::{EventName, ReasonName, Time};
use crate::domain::{Actor, Event, Reason, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event as strangers read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView<'a> {
    #[serde(rename = "type")]
    #[schema(value_type = EventName)]
    event_type: &'static str,
    /// Its number: per agency, from 1, without gaps.
    seq: i64,
    /// By the carrier's clock, or ours for commands.
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    occurred_at: Timestamp,
    /// When our listener had it.
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    received_at: Timestamp,
    /// When it was committed.
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    recorded_at: Timestamp,
    /// The person who acted; null for the carrier.
    #[schema(required)]
    actor: Option<ActorView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ReasonName, required = false)]
    reason: Option<&'static str>,
    /// The whole call, as it is after the change.
    #[schema(value_type = CallView)]
    call: CallView<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorView<'a> {
    id: Uuid,
    #[schema(required)]
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

impl<'a> EventView<'a> {
    /// The event of that number.
    pub(super) fn new(
        event: &'a Event,
        seq: i64,
        recorded_at: Timestamp,
        call: CallView<'a>,
    ) -> Self {
        Self {
            event_type: event.event_type.name(),
            seq,
            occurred_at: event.moment.occurred,
            received_at: event.moment.received,
            recorded_at,
            actor: event.actor.as_ref().map(ActorView::from),
            reason: event.reason.map(Reason::name),
            call,
        }
    }
}
