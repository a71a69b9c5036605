//! A call in JSON: section 2 of `static/docs/contract.md`.

use super::words::{Inbound, ParticipantKindName, ParticipantStateName, StatusName, Time};
use super::{caller_name_for, number_for, rfc3339, rfc3339_or_null};
use crate::domain::{Audience, Call, Participant, Recording, Timestamp, UserId};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use uuid::Uuid;

/// A call as strangers read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallView<'a> {
    /// Ours, for the call's life.
    id: Uuid,
    /// The carrier's handle of the caller's leg; answering and hanging up name it.
    call_control_id: &'a str,
    /// What all legs of the phone call share.
    #[schema(required)]
    call_session_id: Option<&'a str>,
    /// As sent: E.164, a SIP URI, `anonymous`, empty, or null while it is not known. Masked, as in
    /// `+1•••••••34`, for people with a role for which the agency masks numbers.
    #[schema(required)]
    from_number: Option<Cow<'a, str>>,
    /// As sent.
    #[schema(required)]
    to_number: Option<&'a str>,
    /// Its digits are masked for the same people.
    #[schema(required)]
    caller_name: Option<Cow<'a, str>>,
    #[schema(value_type = Inbound)]
    direction: &'static str,
    #[schema(value_type = StatusName)]
    status: &'static str,
    /// Who claimed it; null again after a release.
    #[schema(required)]
    answered_by: Option<Uuid>,
    #[schema(required)]
    answered_by_name: Option<&'a str>,
    /// When the caller's leg was answered, which may be before an agent is on it.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    caller_answered_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    answered_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    ended_at: Option<Timestamp>,
    /// Whether an agent's leg is on the call.
    connected: bool,
    /// The carrier's word.
    #[schema(required)]
    hangup_cause: Option<&'a str>,
    /// Oldest first, never with a link.
    recordings: Vec<RecordingView<'a>>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    updated_at: Timestamp,
    /// Who is, or was, on the call beside the caller, in the order of their claims. Not in what was
    /// recorded before there was such a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<ParticipantView>, required = false)]
    participants: Option<Vec<ParticipantView<'a>>>,
}

/// Somebody on a call beside the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub(super) struct ParticipantView<'a> {
    /// An agent's; null for somebody of whom no claim tells.
    #[schema(required)]
    id: Option<Uuid>,
    #[schema(required)]
    name: Option<&'a str>,
    #[schema(value_type = ParticipantKindName)]
    kind: &'static str,
    #[schema(value_type = ParticipantStateName)]
    state: &'static str,
    /// Since when with the caller; null while the phone rings, and where it rang in vain.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    joined_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    left_at: Option<Timestamp>,
}

/// A recording as strangers read it: never with a link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub(crate) struct RecordingView<'a> {
    id: &'a str,
    /// `single` or `dual`, the carrier's word.
    #[schema(required)]
    channels: Option<&'a str>,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    started_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    ended_at: Option<Timestamp>,
}

impl<'a> CallView<'a> {
    /// The call as that audience reads it.
    #[must_use]
    pub fn of(call: &'a Call, audience: Audience) -> Self {
        let participants = call.participants.as_ref();
        Self {
            id: call.id.0,
            call_control_id: &call.handle.id,
            call_session_id: call.call_session_id.as_deref(),
            from_number: number_for(audience, call.from_number.as_deref()),
            to_number: call.to_number.as_deref(),
            caller_name: caller_name_for(audience, call.caller_name.as_deref()),
            direction: "inbound",
            status: call.status.name(),
            answered_by: call.answered_by.map(|UserId(id)| id),
            answered_by_name: call.answered_by_name.as_deref(),
            caller_answered_at: call.caller_answered_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            connected: call.connected,
            hangup_cause: call.hangup_cause.as_deref(),
            recordings: call.recordings.iter().map(RecordingView::from).collect(),
            created_at: call.created_at,
            updated_at: call.updated_at,
            participants: participants.map(|all| all.iter().map(ParticipantView::from).collect()),
        }
    }
}

impl<'a> From<&'a Participant> for ParticipantView<'a> {
    fn from(one: &'a Participant) -> Self {
        Self {
            id: one.id.map(|UserId(id)| id),
            name: one.name.as_deref(),
            kind: one.kind.name(),
            state: one.state.name(),
            joined_at: one.joined_at,
            left_at: one.left_at,
        }
    }
}

impl<'a> From<&'a Recording> for RecordingView<'a> {
    fn from(recording: &'a Recording) -> Self {
        Self {
            id: &recording.id,
            channels: recording.channels.as_deref(),
            started_at: recording.started_at,
            ended_at: recording.ended_at,
        }
    }
}

/// The whole text of a call's row on the board.
///
/// # Errors
/// None in practice: no field of a call can fail to be written.
pub fn call_row(call: &Call) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&CallView::of(call, Audience::Full))
}
