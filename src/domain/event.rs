//! What a board hears: one event for each change of a call or of an agent.

use super::{Actor, AgencyId, Agent, Call, Leg, Moment, ReleaseReason, Status, words};

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

words! {
    /// What happened to somebody who takes calls.
    pub enum AgentEventType {
        /// They are something else now, or another name or phone is theirs.
        Updated = "agent.updated",
        /// They are nobody of the agency's any more.
        Removed = "agent.removed",
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

/// A change of an agent, before it has its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentEvent {
    pub agency_id: AgencyId,
    /// What happened.
    pub event_type: AgentEventType,
    pub moment: Moment,
    /// Who acted; absent where it followed from something else.
    pub actor: Option<Actor>,
    /// The whole agent, as it is after the change; as it was, of one who is gone.
    pub agent: Agent,
}

/// Something that gets a number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // Nearly all are of calls.
pub enum Happened {
    ToCall(Event),
    ToAgent(AgentEvent),
}

impl Happened {
    /// The word for what happened.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ToCall(event) => event.event_type.name(),
            Self::ToAgent(event) => event.event_type.name(),
        }
    }

    /// When.
    #[must_use]
    pub const fn moment(&self) -> Moment {
        match self {
            Self::ToCall(event) => event.moment,
            Self::ToAgent(event) => event.moment,
        }
    }
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
