//! A finished call in JSON.

use super::words::{Inbound, ResultName, Time};
use super::{caller_name_for, number_for, rfc3339, rfc3339_or_null};
use crate::domain::{Audience, LoggedCall, Timestamp, UserId};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use uuid::Uuid;

/// A finished call as strangers read it. Its id is the call's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallLog)]
pub struct CallLogView<'a> {
    id: Uuid,
    call_control_id: &'a str,
    /// Masked for the same people as in a call.
    #[schema(required)]
    from_number: Option<Cow<'a, str>>,
    #[schema(required)]
    to_number: Option<&'a str>,
    #[schema(required)]
    caller_name: Option<Cow<'a, str>>,
    #[schema(value_type = Inbound)]
    direction: &'static str,
    /// `answered`; `abandoned`: the caller left unanswered; `missed`: unanswered otherwise.
    #[schema(value_type = ResultName)]
    result: &'static str,
    /// Who answered; null of an unanswered call, whoever had claimed it.
    #[schema(required)]
    answered_by: Option<Uuid>,
    #[schema(required)]
    answered_by_name: Option<&'a str>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    started_at: Timestamp,
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    answered_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    ended_at: Timestamp,
    /// Whole seconds from the ring to the answer, or to the end where nobody answered.
    wait: i64,
    /// Whole seconds from the answer to the end; 0 unanswered.
    duration: i64,
    /// The carrier's word.
    #[schema(required)]
    end_reason: Option<&'a str>,
    /// An agent's word.
    #[schema(required)]
    outcome: Option<&'a str>,
    #[schema(required)]
    notes: Option<&'a str>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    updated_at: Timestamp,
}

impl<'a> CallLogView<'a> {
    /// The row as that audience reads it.
    #[must_use]
    pub fn of(row: &'a LoggedCall, audience: Audience) -> Self {
        let log = &row.log;
        Self {
            id: log.id.0,
            call_control_id: &log.handle.id,
            from_number: number_for(audience, log.from_number.as_deref()),
            to_number: log.to_number.as_deref(),
            caller_name: caller_name_for(audience, log.caller_name.as_deref()),
            direction: "inbound",
            result: log.result.name(),
            answered_by: log.answered_by.map(|UserId(id)| id),
            answered_by_name: log.answered_by_name.as_deref(),
            started_at: log.started_at,
            answered_at: log.answered_at,
            ended_at: log.ended_at,
            wait: log.wait_seconds(),
            duration: log.duration_seconds(),
            end_reason: log.end_reason.as_deref(),
            outcome: row.outcome.as_deref(),
            notes: row.notes.as_deref(),
            updated_at: row.updated_at,
        }
    }
}
