//! Who is on a call as JSON, in the column `inbound_calls.participants`.

use super::StoreError;
use crate::domain::{Call, Participant, ParticipantKind, ParticipantState, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The column. A node of the previous release changes the row and leaves it as it was; `at`, the
/// row's `updated_at` when it was written, tells that it is out of date then.
#[derive(Serialize, Deserialize)]
struct Column {
    at: i64,
    all: Vec<ParticipantFact>,
}

#[derive(Serialize, Deserialize)]
struct ParticipantFact {
    id: Option<Uuid>,
    name: Option<String>,
    kind: String,
    state: String,
    joined_at: Option<i64>,
    left_at: Option<i64>,
}

/// The text of a call's participants.
pub(super) fn write(call: &Call) -> Result<Option<String>, StoreError> {
    let Some(all) = &call.participants else {
        return Ok(None);
    };
    let column = Column {
        at: call.updated_at.micros(),
        all: all.iter().map(ParticipantFact::from).collect(),
    };
    let text = serde_json::to_string(&column);
    text.map(Some)
        .map_err(|error| StoreError::Data(error.to_string()))
}

/// The participants in the column of that call's row, as far as they are known.
pub(super) fn read(
    column: Option<&str>,
    call: &str,
    updated_at: i64,
) -> Result<Option<Vec<Participant>>, StoreError> {
    let Some(text) = column else {
        return Ok(None);
    };
    let corrupt = |word: &str| {
        let what = "is not known here";
        StoreError::Corrupt(format!(
            "inbound_calls.participants of {call}: {word:?} {what}"
        ))
    };
    let column: Column = serde_json::from_str(text).map_err(|error| corrupt(&error.to_string()))?;
    if column.at != updated_at {
        return Ok(None);
    }
    let one = |fact: ParticipantFact| {
        Ok(Participant {
            id: fact.id.map(UserId),
            name: fact.name,
            kind: ParticipantKind::from_name(&fact.kind).ok_or_else(|| corrupt(&fact.kind))?,
            state: ParticipantState::from_name(&fact.state).ok_or_else(|| corrupt(&fact.state))?,
            joined_at: fact.joined_at.map(Timestamp::from_micros),
            left_at: fact.left_at.map(Timestamp::from_micros),
        })
    };
    let all: Result<Vec<Participant>, StoreError> = column.all.into_iter().map(one).collect();
    all.map(Some)
}

impl From<&Participant> for ParticipantFact {
    fn from(one: &Participant) -> Self {
        Self {
            id: one.id.map(|UserId(id)| id),
            name: one.name.clone(),
            kind: one.kind.name().into(),
            state: one.state.name().into(),
            joined_at: one.joined_at.map(Timestamp::micros),
            left_at: one.left_at.map(Timestamp::micros),
        }
    }
}
