//! What an event is of.

use super::{CallId, UserId};

/// What an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Call(CallId),
    /// A person who takes calls.
    Agent(UserId),
}

impl Subject {
    /// The word for its kind in the database.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Agent(_) => "agent",
        }
    }

    /// Its id in the database.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Call(call) => call.to_string(),
            Self::Agent(user) => user.to_string(),
        }
    }

    /// The subject that is written so; none of a kind that only a newer version knows, and of what is
    /// no id.
    #[must_use]
    pub fn read(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "call" => id.parse().ok().map(Self::Call),
            "agent" => id.parse().ok().map(Self::Agent),
            _ => None,
        }
    }
}
