//! A committed event, ready for every socket.

use super::per_audience::PerAudience;
use crate::domain::{CallId, Subject, Timestamp, UserId};
use std::sync::Arc;

/// A row's place on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// Calls stand in the order in which they began.
    Call(Timestamp, CallId),
    /// Then come those who may take one, in no order that means anything.
    Agent(UserId),
}

impl RowKey {
    /// The place of a subject that began then.
    #[must_use]
    pub const fn of(subject: Subject, began: Timestamp) -> Self {
        match subject {
            Subject::Call(call) => Self::Call(began, call),
            Subject::Agent(user) => Self::Agent(user),
        }
    }

    /// What the row is of.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::Call(_, call) => Subject::Call(call),
            Self::Agent(user) => Subject::Agent(user),
        }
    }
}

/// What an event does to the board.
#[derive(Clone, Debug)]
pub enum Change {
    /// The row is this now.
    Puts(RowKey, Arc<PerAudience>),
    /// There is no row of it, or none any more.
    Removes(Subject),
    /// Only a newer version knows.
    Unknown,
}

/// A committed event, ready for every socket.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The life of the numbering.
    pub epoch: String,
    /// Its number.
    pub seq: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The whole WebSocket frame.
    pub frame: Arc<PerAudience>,
    /// What it does to the board; a row is a slice of the frame.
    pub change: Change,
}
