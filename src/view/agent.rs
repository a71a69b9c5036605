//! Those who take calls, in JSON, and what happened to them: section 8 of `static/docs/contract.md`.

use super::event::ActorView;
use super::rfc3339;
use super::words::{AgentEventName, AgentPhoneName, AgentStateName, Time};
use crate::domain::{Agent, AgentEvent, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A person as colleagues see them: whether they are there to take a call. Nothing of a caller stands
/// in it, so every audience reads the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentView<'a> {
    id: Uuid,
    #[schema(required)]
    name: Option<&'a str>,
    #[schema(value_type = AgentStateName)]
    state: &'static str,
    /// Why, of who is away: one of the agency's reasons.
    #[schema(required)]
    reason: Option<&'a str>,
    /// Since when it is this state, for this reason.
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    since: Timestamp,
    #[schema(value_type = AgentPhoneName)]
    phone: &'static str,
}

/// Something that happened to one of the agency's people. Numbered among the events of calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentEvent)]
pub struct AgentEventView<'a> {
    #[serde(rename = "type")]
    #[schema(value_type = AgentEventName)]
    event_type: &'static str,
    /// Its number: per agency, from 1, without gaps, together with those of calls.
    seq: i64,
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
    /// The person who acted; null where it followed from something else.
    #[schema(required)]
    actor: Option<ActorView<'a>>,
    /// The whole agent, as it is after the change; as it was, of one who is gone.
    agent: AgentView<'a>,
}

impl<'a> From<&'a Agent> for AgentView<'a> {
    fn from(agent: &'a Agent) -> Self {
        Self {
            id: agent.id.0,
            name: agent.name.as_deref(),
            state: agent.state.name(),
            reason: agent.reason.as_deref(),
            since: agent.since,
            phone: agent.phone.name(),
        }
    }
}

impl<'a> AgentEventView<'a> {
    /// The event of that number.
    pub(super) fn new(event: &'a AgentEvent, seq: i64, recorded_at: Timestamp) -> Self {
        Self {
            event_type: event.event_type.name(),
            seq,
            occurred_at: event.moment.occurred,
            received_at: event.moment.received,
            recorded_at,
            actor: event.actor.as_ref().map(ActorView::from),
            agent: AgentView::from(&event.agent),
        }
    }
}

/// The whole text of an agent's row on the board.
///
/// # Errors
/// None in practice: no field of an agent can fail to be written.
pub fn agent_row(agent: &Agent) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&AgentView::from(agent))
}
