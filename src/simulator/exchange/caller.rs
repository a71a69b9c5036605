//! A caller, in the hands of a test.

use super::super::leg::{Direction, Leg};
use super::switchboard::{Party, Switchboard};
use std::sync::Arc;
use uuid::Uuid;

/// What somebody hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hears {
    /// The carrier's ringing: nobody has answered.
    Ringing,
    /// Nothing: answered, and alone.
    Silence,
    /// What is played: the address of the audio, or its name.
    Audio(String),
    /// Another leg, by its address or number.
    Party(String),
    /// The call is over.
    Nothing,
}

/// A leg whose person a test plays. Clones are the same.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) board: Arc<Switchboard>,
    pub(super) leg: Arc<Leg>,
}

impl Caller {
    #[must_use]
    pub fn leg(&self) -> &Leg {
        &self.leg
    }

    /// Its handle.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.leg.call_control_id
    }

    /// What the legs of this call share.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.leg.call_session_id
    }

    /// Hangs up; nothing when the call is over.
    pub fn hangs_up(&self) {
        self.board.operator().person_hangs_up(self.id());
    }

    /// What there is to hear now.
    #[must_use]
    pub fn hears(&self) -> Hears {
        let operator = self.board.operator();
        let Some(party) = operator.party(self.id()).filter(|party| party.is_alive()) else {
            return Hears::Nothing;
        };
        let partner = party.partner.as_deref().and_then(|id| operator.party(id));
        match (partner, &party.audio) {
            (Some(partner), _) => Hears::Party(match partner.leg.direction {
                Direction::Outgoing => partner.leg.to.clone(),
                Direction::Incoming => partner.leg.from.clone(),
            }),
            (None, Some(audio)) => Hears::Audio(audio.name.clone()),
            (None, None) if party.is_answered() => Hears::Silence,
            (None, None) => Hears::Ringing,
        }
    }

    /// Whether the leg goes on.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.leg.ended_at.get().is_none()
    }

    /// Whether it is recorded now.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        let operator = self.board.operator();
        operator.party(self.id()).is_some_and(Party::is_recorded)
    }
}
