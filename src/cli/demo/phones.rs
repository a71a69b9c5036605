//! The phones of the demo's people: each is answered after a moment, unless a story wants it
//! otherwise. So whoever clicks on Answer, a story's agent or a person at a board, gets the call.

use super::identity::phone_of;
use super::stage::Stage;
use crate::domain::User;
use crate::simulator::{Caller, Phone};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How long a phone rings before it is answered.
const ANSWERED_AFTER: Duration = Duration::from_secs(2);
/// How long a phone takes to say that it is busy.
const BUSY_AFTER: Duration = Duration::from_millis(900);

/// What somebody does whose phone rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    /// Answers it.
    #[default]
    Answers,
    /// Is on another call.
    IsBusy,
    /// Lets it ring.
    LetsRing,
}

/// What the stories want of the next phone that rings for a call.
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

    fn take(&self, session: Uuid) -> Manner {
        self.wanted().remove(&session).unwrap_or_default()
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<Uuid, Manner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sits by this person's phone until the demo ends.
pub(super) async fn attend(stage: Arc<Stage>, person: User) {
    let Some(address) = phone_of(&person) else {
        return;
    };
    let phone: Phone = stage.exchange.phone(&address);
    let mut ringings = JoinSet::new();
    while let Some(ringing) = stage.stop.run_until_cancelled(phone.rings()).await {
        while ringings.try_join_next().is_some() {}
        let stage = Arc::clone(&stage);
        let manner = stage.phones.take(ringing.leg().call_session_id);
        ringings.spawn(async move {
            match manner {
                Manner::Answers => {
                    stage.wait(ANSWERED_AFTER).await?;
                    let _person = ringing.answers();
                }
                Manner::IsBusy => {
                    stage.wait(BUSY_AFTER).await?;
                    ringing.is_busy();
                }
                Manner::LetsRing => {}
            }
            Some(())
        });
    }
}
