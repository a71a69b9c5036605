//! What happened, in one shape: from the journal's transaction to the socket, and back from the
//! database.

use super::event::EventView;
use super::{AgentEventView, CallView, mask};
use crate::domain::{
    AgencyId, AgentEvent, AgentEventType, Audience, Event, Happened, Status, Subject, Timestamp,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// An event that has its number. Its text was written once, inside the journal's transaction; the
/// same text goes to the database, to every socket and into the timeline.
#[derive(Clone, Debug)]
pub struct Published {
    /// Whose it is.
    pub agency: AgencyId,
    /// The life of the numbering.
    pub epoch: String,
    /// Its number.
    pub seq: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What it is of; none where only a newer version knows what that is.
    pub subject: Option<Subject>,
    /// What it does to the board, where that is known from its making.
    row: Option<Row>,
    text: Arc<str>,
}

/// What an event does to the board's row of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The row is on the board.
    Stays {
        /// When its subject began, for the order of the board.
        began: Timestamp,
        /// Where its text is within the event's.
        place: Range<usize>,
    },
    /// It is not, or no more.
    Gone,
}

impl Published {
    /// The event of that number.
    ///
    /// # Errors
    /// None in practice: no field of an event can fail to be written.
    pub fn new(
        happened: &Happened,
        epoch: String,
        seq: i64,
        recorded_at: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        match happened {
            Happened::ToCall(event) => Self::of_call(event, epoch, seq, recorded_at),
            Happened::ToAgent(event) => Self::of_agent(event, epoch, seq, recorded_at),
        }
    }

    fn of_call(
        event: &Event,
        epoch: String,
        seq: i64,
        recorded_at: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let call = &event.call;
        let view = EventView::new(event, seq, recorded_at, CallView::of(call, Audience::Full));
        let text = serde_json::to_string(&view)?;
        let row = match call.status {
            Status::Ended => Some(Row::Gone),
            _ => row_at(&text, ",\"call\":").map(|place| Row::Stays {
                began: call.created_at,
                place,
            }),
        };
        Ok(Self {
            agency: call.agency_id,
            epoch,
            seq,
            recorded_at,
            subject: Some(Subject::Call(call.id)),
            row,
            text: text.into(),
        })
    }

    fn of_agent(
        event: &AgentEvent,
        epoch: String,
        seq: i64,
        recorded_at: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(&AgentEventView::new(event, seq, recorded_at))?;
        let row = match event.event_type {
            AgentEventType::Removed => Some(Row::Gone),
            AgentEventType::Updated => row_at(&text, ",\"agent\":").map(|place| Row::Stays {
                // Agents are in no order of time.
                began: Timestamp::default(),
                place,
            }),
        };
        Ok(Self {
            agency: event.agency_id,
            epoch,
            seq,
            recorded_at,
            subject: Some(Subject::Agent(event.agent.id)),
            row,
            text: text.into(),
        })
    }

    /// An event that is read back from the database.
    #[must_use]
    pub fn stored(
        agency: AgencyId,
        (epoch, seq): (String, i64),
        recorded_at: Timestamp,
        subject: Option<Subject>,
        text: String,
    ) -> Self {
        Self {
            agency,
            epoch,
            seq,
            recorded_at,
            subject,
            row: None,
            text: text.into(),
        }
    }

    /// Its JSON as that audience reads it.
    ///
    /// # Errors
    /// When it was read back and is no JSON, so that nothing in it can be masked.
    pub fn text(&self, audience: Audience) -> Result<Cow<'_, str>, serde_json::Error> {
        Ok(match audience {
            Audience::Full => Cow::Borrowed(self.unmasked()),
            Audience::Masked => Cow::Owned(mask::json(&self.text)?),
        })
    }

    /// Its JSON as it is stored, and as frames are made of it: for nobody who has an audience.
    #[must_use]
    pub fn unmasked(&self) -> &str {
        &self.text
    }

    /// What it does to the board.
    ///
    /// # Errors
    /// When its text is not that of an event.
    pub fn row(&self) -> Result<Row, serde_json::Error> {
        match (&self.row, self.subject) {
            (Some(row), _) => Ok(row.clone()),
            (None, Some(Subject::Call(_))) => row_of_call(&self.text),
            (None, Some(Subject::Agent(_))) => row_of_agent(&self.text),
            (None, None) => Ok(Row::Gone),
        }
    }
}

/// Where the text of the call, or of the agent, is, which comes last in an event that was written here.
/// No string of JSON has such quotation marks within.
fn row_at(text: &str, field: &str) -> Option<Range<usize>> {
    let start = text.find(field)? + field.len();
    Some(start..text.len().checked_sub(1)?)
}

/// Where a slice is in the text that it was borrowed from.
fn place_in(text: &str, slice: &str) -> Range<usize> {
    let start = slice.as_ptr().addr() - text.as_ptr().addr();
    start..start + slice.len()
}

/// An agent's row in a text that may be another version's.
fn row_of_agent(text: &str) -> Result<Row, serde_json::Error> {
    #[derive(Deserialize)]
    struct OfAgent<'a> {
        #[serde(rename = "type")]
        event_type: &'a str,
        #[serde(borrow)]
        agent: &'a RawValue,
    }
    let event: OfAgent<'_> = serde_json::from_str(text)?;
    if event.event_type == AgentEventType::Removed.name() {
        return Ok(Row::Gone);
    }
    Ok(Row::Stays {
        // Agents are in no order of time.
        began: Timestamp::default(),
        place: place_in(text, event.agent.get()),
    })
}

/// The same of a text that may be another version's.
fn row_of_call(text: &str) -> Result<Row, serde_json::Error> {
    #[derive(Deserialize)]
    struct OfCall<'a> {
        #[serde(borrow)]
        call: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Call<'a> {
        status: &'a str,
        created_at: &'a str,
    }
    let event: OfCall<'_> = serde_json::from_str(text)?;
    let row = event.call.get();
    let call: Call<'_> = serde_json::from_str(row)?;
    if call.status == Status::Ended.name() {
        return Ok(Row::Gone);
    }
    let began = Timestamp::parse(call.created_at)
        .ok_or_else(|| serde::de::Error::custom("created_at is no time"))?;
    let place = place_in(text, row);
    Ok(Row::Stays { began, place })
}
