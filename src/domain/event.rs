//! What a board hears: one event for each change of a call.

use super::{Actor, Call, Leg, Moment, ReleaseReason, Status, words};

words! {
    /// What happened.
    pub enum EventType {
        /// A call rings.
        Incoming = "call.incoming",
        /// An agent has claimed it.
        Answering = "call.answering",
        /// The claim fell; the call rings again.
        Released = "call.released",
        /// An agent is on it.
        Answered = "call.answered",
        /// It is over.
        Ended = "call.ended",
        /// A detail came late.
        Updated = "call.updated",
    }
}

/// Why, where an event has a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Of a `call.released`.
    Released(ReleaseReason),
    /// Of a `call.ended`: the carrier's hangup came.
    Hangup,
    /// Of a `call.ended`: no hangup came, the carrier said so when asked.
    Reconciled,
    /// Of a `call.ended`: no hangup came, and the carrier could not be asked.
    Unknown,
}

impl Reason {
    /// Every reason: those of a release, then those of an end.
    pub fn all() -> impl Iterator<Item = Self> {
        let releases = ReleaseReason::ALL.into_iter().map(Self::Released);
        releases.chain([Self::Hangup, Self::Reconciled, Self::Unknown])
    }

    /// How a call whose caller's leg this is came to be over.
    #[must_use]
    pub const fn of_end(caller: &Leg) -> Self {
        match (caller.hung_up, caller.presumed) {
            (Some(_), _) => Self::Hangup,
            (None, false) => Self::Reconciled,
            (None, true) => Self::Unknown,
        }
    }

    /// The word in the event.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Released(reason) => reason.name(),
            Self::Hangup => "hangup",
            Self::Reconciled => "reconciled",
            Self::Unknown => "unknown",
        }
    }
}

/// A change of a call, before it has its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// Why, for releases and ends.
    pub reason: Option<Reason>,
    /// When, by the carrier's clock (or ours for commands), and when our listener heard.
    pub moment: Moment,
    /// Who acted; absent where the carrier did.
    pub actor: Option<Actor>,
    /// The whole call, as it is after the change.
    pub call: Call,
}

impl EventType {
    /// What a board should hear when a call changes from `before` to `after`; `None` when there is
    /// nothing to tell.
    #[must_use]
    pub fn of_change(before: Option<&Call>, after: &Call) -> Option<Self> {
        let Some(before) = before else {
            return Some(Self::Incoming);
        };
        if before.status == after.status {
            return (!before.tells_the_same(after)).then_some(Self::Updated);
        }
        Some(match after.status {
            Status::Incoming => Self::Released,
            Status::Answering => Self::Answering,
            Status::Answered => Self::Answered,
            Status::Ended => Self::Ended,
        })
    }
}
