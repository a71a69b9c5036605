//! An agent's phone, in the hands of a test.

use super::super::hangup::HangupCause;
use super::super::leg::Leg;
use super::caller::Caller;
use super::lives::plain;
use super::settings::Habit;
use super::switchboard::{Party, Switchboard};
use std::sync::Arc;

/// The phone at one address.
#[derive(Clone, Debug)]
pub struct Phone {
    board: Arc<Switchboard>,
    address: String,
}

impl Phone {
    pub(super) fn new(board: Arc<Switchboard>, address: &str) -> Self {
        let address = plain(address).to_owned();
        Self { board, address }
    }

    /// What it does from its next ringing on.
    pub fn set(&self, habit: Habit) {
        let mut operator = self.board.operator();
        operator.state.habits.insert(self.address.clone(), habit);
    }

    /// Whether it rings.
    #[must_use]
    pub fn is_ringing(&self) -> bool {
        let operator = self.board.operator();
        !operator.ids(|party| self.is_rung_by(party)).is_empty()
    }

    /// Waits until it rings, and takes that ringing in hand: each is given out once.
    pub async fn rings(&self) -> Ringing {
        let mut changed = self.board.changed.subscribe();
        loop {
            if let Some(leg) = self.take() {
                let board = Arc::clone(&self.board);
                return Ringing(Caller { board, leg });
            }
            // The sender is the board's own.
            let _ = changed.changed().await;
        }
    }

    fn take(&self) -> Option<Arc<Leg>> {
        let mut operator = self.board.operator();
        let ids = operator.ids(|party| self.is_rung_by(party) && !party.taken);
        let party = operator.party_mut(ids.first()?)?;
        party.taken = true;
        Some(Arc::clone(&party.leg))
    }

    fn is_rung_by(&self, party: &Party) -> bool {
        party.rings() && plain(&party.leg.to) == self.address
    }
}

/// A phone that rings, or rang.
#[derive(Clone, Debug)]
pub struct Ringing(Caller);

impl Ringing {
    #[must_use]
    pub fn leg(&self) -> &Leg {
        self.0.leg()
    }

    /// The number that its display shows.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.0.leg.from
    }

    /// Whether it still rings, or is in conversation; not when it was cancelled or timed out.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.is_alive()
    }

    /// Somebody answers; who can hang up later. Nothing happens when it rings no more.
    #[must_use]
    pub fn answers(&self) -> Caller {
        self.0.board.operator().picks_up(self.0.id());
        self.0.clone()
    }

    /// It says that it is on another call.
    pub fn is_busy(&self) {
        self.refuses(HangupCause::UserBusy);
    }

    /// It declines.
    pub fn rejects(&self) {
        self.refuses(HangupCause::CallRejected);
    }

    fn refuses(&self, cause: HangupCause) {
        self.0.board.operator().refuses(self.0.id(), cause);
    }
}
