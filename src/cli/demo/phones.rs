//! The phones of the demo's people: each is answered after a moment, unless a call wants it
//! otherwise. So whoever clicks on Answer, a simulated agent or a person at a board, gets the call.

use callboard_simulator::Caller;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// What somebody does whose phone rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    #[default]
    Answers,
    /// Is on another call.
    IsBusy,
    LetsRing,
}

/// What the simulation wants of the next phone that rings for a call.
#[derive(Debug, Default)]
pub(super) struct Phones(Mutex<HashMap<Uuid, Manner>>);

impl Phones {
    /// The next phone that rings for this call is met like this.
    pub(super) fn expect(&self, call: &Caller, manner: Manner) {
        self.wanted().insert(call.session(), manner);
    }

    /// Nothing in particular any more.
    pub(super) fn forget(&self, call: &Caller) {
        self.wanted().remove(&call.session());
    }

    pub(super) fn take(&self, session: Uuid) -> Manner {
        self.wanted().remove(&session).unwrap_or_default()
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<Uuid, Manner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
