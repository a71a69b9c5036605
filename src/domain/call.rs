//! A call as agents see it.

use super::{AgencyId, CallId, LegHandle, Participant, Recording, Timestamp, UserId, words};

words! {
    /// Where a call stands. It only moves forward, a release aside; `Ended` never changes.
    pub enum Status {
        /// It rings and nobody has it.
        Incoming = "incoming",
        /// An agent has claimed it; the agent's phone rings.
        Answering = "answering",
        /// Somebody is, or was, on it.
        Answered = "answered",
        /// The caller's leg is over.
        Ended = "ended",
    }
}

/// A call: what follows from the facts of its legs and claims, by [`super::derive`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Ours, for life.
    pub id: CallId,
    /// Whose numbers were called.
    pub agency_id: AgencyId,
    /// The carrier's handle of the caller's leg.
    pub handle: LegHandle,
    /// What all legs of the phone call share.
    pub call_session_id: Option<String>,
    /// Who calls, as sent: E.164, a SIP URI, `anonymous`, or nothing.
    pub from_number: Option<String>,
    /// Who is called, as sent.
    pub to_number: Option<String>,
    /// The caller's name, where the network gave one.
    pub caller_name: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Who has it, or had it.
    pub answered_by: Option<UserId>,
    /// That person's name at the time of the claim.
    pub answered_by_name: Option<String>,
    /// When the caller's own leg was answered: from then on the caller pays and hears us.
    pub caller_answered_at: Option<Timestamp>,
    /// When an agent was first on the call.
    pub answered_at: Option<Timestamp>,
    /// When the caller's leg ended.
    pub ended_at: Option<Timestamp>,
    /// An agent's leg is on the call.
    pub connected: bool,
    /// The carrier's word for why the caller's leg ended.
    pub hangup_cause: Option<String>,
    /// Saved recordings, oldest first.
    pub recordings: Vec<Recording>,
    /// When the call began, by the carrier's clock.
    pub created_at: Timestamp,
    /// When this row last changed, by ours.
    pub updated_at: Timestamp,
    /// Who is, or was, on it beside the caller, in the order of their claims. Not known of a call
    /// that a node of the previous release has changed last.
    pub participants: Option<Vec<Participant>>,
}

impl Call {
    /// Whether there is nothing new in `after`. That participants are known now where they were not
    /// is no news: they will be told with the next.
    #[must_use]
    pub fn tells_the_same(&self, after: &Self) -> bool {
        match self.participants {
            Some(_) => self == after,
            None => {
                *self
                    == Self {
                        participants: None,
                        ..after.clone()
                    }
            }
        }
    }
}
