//! Who is, or was, on a call beside its caller.

use super::{Claim, Timestamp, UserId, words};

words! {
    /// What sort of party somebody is.
    pub enum ParticipantKind {
        /// One of the agency's people.
        Agent = "agent",
        /// Somebody of whom the board knows nothing: no claim tells who.
        Outside = "outside",
        /// A program that talks.
        Ai = "ai",
    }
}

words! {
    /// What somebody does on a call.
    pub enum ParticipantState {
        /// The phone rings.
        Ringing = "ringing",
        /// Has the caller.
        Talking = "talking",
        /// Has put the caller on hold.
        Holding = "holding",
        /// Talks with a colleague while the caller waits.
        Consulting = "consulting",
        Listening = "listening",
        /// Is not there any more, or never was.
        Left = "left",
    }
}

/// Somebody beside the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The person, where a claim tells who it is.
    pub id: Option<UserId>,
    /// That person's name at the time of the claim.
    pub name: Option<String>,
    /// Which sort.
    pub kind: ParticipantKind,
    /// What this one does.
    pub state: ParticipantState,
    /// Since when with the caller; never for a phone that rang in vain.
    pub joined_at: Option<Timestamp>,
    /// When this one left, or gave the call back.
    pub left_at: Option<Timestamp>,
}

impl Participant {
    /// The agent of a claim, whose phone rings.
    #[must_use]
    pub fn ringing(claim: &Claim) -> Self {
        Self {
            id: Some(claim.user_id),
            name: claim.user_name.clone(),
            kind: ParticipantKind::Agent,
            state: ParticipantState::Ringing,
            joined_at: None,
            left_at: None,
        }
    }

    /// The same one, who is with the caller, or was until `left`.
    #[must_use]
    pub fn joined(self, at: Timestamp, left: Option<Timestamp>) -> Self {
        Self {
            state: match left {
                Some(_) => ParticipantState::Left,
                None => ParticipantState::Talking,
            },
            joined_at: Some(at),
            left_at: left,
            ..self
        }
    }

    /// The same one, gone at `at` without having been with the caller.
    #[must_use]
    pub fn gone(self, at: Timestamp) -> Self {
        Self {
            state: ParticipantState::Left,
            left_at: Some(at),
            ..self
        }
    }

    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn outside() -> Self {
        Self {
            id: None,
            name: None,
            kind: ParticipantKind::Outside,
            state: ParticipantState::Ringing,
            joined_at: None,
            left_at: None,
        }
    }

    /// Adds somebody. Who never joined and rings once more is not told twice.
    pub fn add(self, to: &mut Vec<Self>) {
        to.retain(|other| other.joined_at.is_some() || other.id != self.id);
        to.push(self);
    }
}
