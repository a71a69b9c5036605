//! Whether the journal can do its work: how its last commit went, and when.

use crate::clock::{Clock, Tick};
use crate::store::StoreError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long a commit speaks for the database.
const FRESH: Duration = Duration::from_secs(5);
/// How long a failure does: not longer, so that a database which is back is used at once.
const FAILED: Duration = Duration::from_secs(1);
/// How long a try may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who waits for a try.
pub(super) type Asked = oneshot::Sender<()>;

/// How the journal's last commit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCommit {
    /// It was committed.
    pub ok: bool,
    /// How long ago.
    pub age: Duration,
}

/// The writer's side: what it knows of its commits. Clones are the same one.
#[derive(Clone)]
pub(super) struct Pulse {
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    last: Option<(Tick, bool)>,
    /// A commit failed, and no try has gone well since. One that needs less may go well where the
    /// next fails: a full disk has room for the end of a call, say, and none for a new one.
    in_doubt: bool,
}

impl Pulse {
    pub(super) fn new(clock: Clock) -> Self {
        let known = Arc::default();
        Self { clock, known }
    }

    /// A commit went well, or failed by no fault of what was to be committed.
    pub(super) fn beat(&self, outcome: Result<(), &StoreError>) {
        let mut known = self.known();
        let last = (self.clock.tick(), outcome.is_ok());
        let before = known.last.replace(last);
        known.in_doubt |= outcome.is_err();
        drop(known);
        let was_well = before.is_none_or(|(_, ok)| ok);
        match outcome {
            Err(error) if was_well => tracing::error!("The database takes no writes: {error}"),
            Ok(()) if !was_well => tracing::info!("The database takes writes again"),
            _ => {}
        }
    }

    /// A try went well or failed.
    pub(super) fn is_tried(&self, outcome: Result<(), &StoreError>) {
        self.known().in_doubt = false;
        self.beat(outcome);
    }

    /// The last commit, unless it is in doubt whether another would go as it did.
    fn last_commit(&self) -> Option<LastCommit> {
        let known = self.known();
        let (at, ok) = known.last?;
        let age = self.clock.tick().since(at);
        let speaks_for_others = !(ok && known.in_doubt);
        speaks_for_others.then_some(LastCommit { ok, age })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everyone else's side: asks for a try when nothing was committed for a while.
#[derive(Clone)]
pub(super) struct Checkup {
    pulse: Pulse,
    ask: mpsc::Sender<Asked>,
    /// One try at a time, however many ask.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Checkup {
    pub(super) fn new(pulse: Pulse) -> (Self, mpsc::Receiver<Asked>) {
        let (ask, asked) = mpsc::channel(1);
        let turn = Arc::default();
        (Self { pulse, ask, turn }, asked)
    }

    /// How the last commit went, after a try if that was long ago.
    pub(super) async fn last_commit(&self) -> LastCommit {
        if let Some(last) = self.known() {
            return last;
        }
        let tried = tokio::time::timeout(PATIENCE, self.try_once()).await;
        if tried.is_err() {
            let late = format!("nothing was committed within {} s", PATIENCE.as_secs());
            self.pulse.beat(Err(&StoreError::Unavailable(late)));
        }
        let last = self.pulse.last_commit();
        last.unwrap_or(LastCommit {
            ok: false,
            age: Duration::ZERO,
        })
    }

    /// Resolves when the writer has tried, or has lately committed something or failed to; false when
    /// it is gone.
    pub(super) async fn takes_turns(&self) -> bool {
        let lately = || {
            let beat = self.pulse.known().last;
            beat.is_some_and(|(at, _)| self.pulse.clock.tick().since(at) < FRESH)
        };
        let _turn = self.turn.lock().await;
        if lately() {
            return true;
        }
        let (answer, answered) = oneshot::channel();
        self.ask.send(answer).await.is_ok() && answered.await.is_ok()
    }

    /// What still speaks for the database.
    fn known(&self) -> Option<LastCommit> {
        let last = self.pulse.last_commit()?;
        let speaks_for = if last.ok { FRESH } else { FAILED };
        (last.age < speaks_for).then_some(last)
    }

    async fn try_once(&self) {
        let _turn = self.turn.lock().await;
        if self.known().is_some() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        if self.ask.send(answer).await.is_ok() {
            // Should the writer die over it, whoever asks next will know.
            let _ = answered.await;
        }
    }
}
