//! The facts of a leg as JSON, in the column `call_legs.facts`.

use super::StoreError;
use crate::domain::{
    Actor, ClaimId, Direction, Leg, LegHandle, Moment, Recording, Reported, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct LegFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Uuid>,
    #[serde(default)]
    ours: bool,
    #[serde(default)]
    foreign: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leg_id: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller_name: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    initiated: Option<MomentFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<MomentFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bridged: Option<MomentFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hung_up: Option<MomentFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hangup_cause: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hangup_source: Option<ReportedFact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recordings: Vec<RecordingFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<MomentFact>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    presumed: bool,
    /// Looked for by its name in `queries::stats`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unasked: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_by: Option<ActorFact>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unwanted: bool,
}

#[derive(Serialize, Deserialize)]
struct ActorFact {
    id: Uuid,
    name: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ReportedFact {
    value: String,
    at: i64,
    by_initiated: bool,
}

#[derive(Serialize, Deserialize)]
struct MomentFact {
    occurred: i64,
    received: i64,
}

/// A recording as it lies in the database, in a leg's facts and in a call's row.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordingFact {
    id: String,
    channels: Option<String>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    saved: MomentFact,
}

/// The text of a leg's facts.
pub(super) fn write(leg: &Leg) -> Result<String, StoreError> {
    let facts = LegFacts {
        direction: leg.direction.map(|direction| match direction {
            Direction::Incoming => "incoming".into(),
            Direction::Outgoing => "outgoing".into(),
        }),
        claim: leg.claim.map(|ClaimId(id)| id),
        ours: leg.ours,
        foreign: leg.foreign,
        session: leg.session.as_ref().map(ReportedFact::from),
        leg_id: leg.leg_id.as_ref().map(ReportedFact::from),
        from: leg.from.as_ref().map(ReportedFact::from),
        to: leg.to.as_ref().map(ReportedFact::from),
        caller_name: leg.caller_name.as_ref().map(ReportedFact::from),
        initiated: leg.initiated.map(MomentFact::from),
        answered: leg.answered.map(MomentFact::from),
        bridged: leg.bridged.map(MomentFact::from),
        hung_up: leg.hung_up.map(MomentFact::from),
        hangup_cause: leg.hangup_cause.as_ref().map(ReportedFact::from),
        hangup_source: leg.hangup_source.as_ref().map(ReportedFact::from),
        recordings: leg.recordings.values().map(RecordingFact::from).collect(),
        over: leg.over.map(MomentFact::from),
        presumed: leg.presumed,
        unasked: leg.unasked.map(Timestamp::micros),
        ended_by: leg.ended_by.as_ref().map(|actor| ActorFact {
            id: actor.id.0,
            name: actor.name.clone(),
        }),
        unwanted: leg.unwanted,
    };
    serde_json::to_string(&facts).map_err(|error| StoreError::Data(error.to_string()))
}

/// The leg of that handle whose facts are `text`.
pub(super) fn read(handle: LegHandle, text: &str) -> Result<Leg, StoreError> {
    let corrupt =
        |error: String| StoreError::Corrupt(format!("call_legs.facts of {handle}: {error}"));
    let facts: LegFacts = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let direction = match facts.direction.as_deref() {
        None => None,
        Some("incoming") => Some(Direction::Incoming),
        Some("outgoing") => Some(Direction::Outgoing),
        Some(other) => return Err(corrupt(format!("no direction is called {other}"))),
    };
    let mut leg = Leg::unknown(handle);
    leg.direction = direction;
    leg.claim = facts.claim.map(ClaimId);
    leg.ours = facts.ours;
    leg.foreign = facts.foreign;
    leg.session = facts.session.map(Reported::from);
    leg.leg_id = facts.leg_id.map(Reported::from);
    leg.from = facts.from.map(Reported::from);
    leg.to = facts.to.map(Reported::from);
    leg.caller_name = facts.caller_name.map(Reported::from);
    leg.initiated = facts.initiated.map(Moment::from);
    leg.answered = facts.answered.map(Moment::from);
    leg.bridged = facts.bridged.map(Moment::from);
    leg.hung_up = facts.hung_up.map(Moment::from);
    leg.hangup_cause = facts.hangup_cause.map(Reported::from);
    leg.hangup_source = facts.hangup_source.map(Reported::from);
    leg.recordings = facts
        .recordings
        .into_iter()
        .map(|fact| (fact.id.clone(), fact.into()))
        .collect();
    leg.over = facts.over.map(Moment::from);
    leg.presumed = facts.presumed;
    leg.unasked = facts.unasked.map(Timestamp::from_micros);
    leg.ended_by = facts.ended_by.map(|actor| Actor {
        id: UserId(actor.id),
        name: actor.name,
    });
    leg.unwanted = facts.unwanted;
    Ok(leg)
}

impl From<&Reported> for ReportedFact {
    fn from(told: &Reported) -> Self {
        Self {
            value: told.value().to_owned(),
            at: told.at().micros(),
            by_initiated: told.by_initiated(),
        }
    }
}

impl From<ReportedFact> for Reported {
    fn from(fact: ReportedFact) -> Self {
        Self::new(
            fact.value,
            Timestamp::from_micros(fact.at),
            fact.by_initiated,
        )
    }
}

impl From<Moment> for MomentFact {
    fn from(moment: Moment) -> Self {
        Self {
            occurred: moment.occurred.micros(),
            received: moment.received.micros(),
        }
    }
}

impl From<MomentFact> for Moment {
    fn from(fact: MomentFact) -> Self {
        Self {
            occurred: Timestamp::from_micros(fact.occurred),
            received: Timestamp::from_micros(fact.received),
        }
    }
}

impl From<&Recording> for RecordingFact {
    fn from(recording: &Recording) -> Self {
        Self {
            id: recording.id.clone(),
            channels: recording.channels.clone(),
            started_at: recording.started_at.map(Timestamp::micros),
            ended_at: recording.ended_at.map(Timestamp::micros),
            saved: recording.saved.into(),
        }
    }
}

impl From<RecordingFact> for Recording {
    fn from(fact: RecordingFact) -> Self {
        Self {
            id: fact.id,
            channels: fact.channels,
            started_at: fact.started_at.map(Timestamp::from_micros),
            ended_at: fact.ended_at.map(Timestamp::from_micros),
            saved: fact.saved.into(),
        }
    }
}
