//! The journal: the one way in which anything changes a call.
//!
//! [`Journal`] takes appends into a queue bounded by bytes; one task ([`Writer`]) commits what
//! arrived while the last batch was committing, answers each append after the commit, and hands the
//! events out in order. It does not know who listens.

mod append;
mod batch;
mod index;
mod ledger;
mod pulse;
mod rehearsal;
mod retention;
#[cfg(test)]
mod tests;
mod writer;

pub use append::{
    AgentAppend, Answer, Append, ClaimAnswer, ClaimAppend, CommandAppend, EndingAppend,
    LookedAppend, Meaning, OverAppend, PlainAnswerAppend, ReleaseAppend, Taken, WebhookAnswer,
    WebhookAppend,
};
pub use pulse::LastCommit;
pub use retention::Retention;
pub use writer::{Recorded, Writer};

use crate::clock::{Clock, Tick};
use crate::store::Store;
use crate::telemetry::{JournalFailure, Metrics};
use pulse::{Checkup, Pulse};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most bytes that wait to be committed. When it is full, appends are refused at once and the
/// carrier sends its webhook again later.
const QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Permits of the queue's semaphore are worth this many bytes.
const PERMIT_BYTES: usize = 1024;
/// How long an append may wait before it is answered with "not stored".
pub const DEADLINE: Duration = Duration::from_millis(1500);
/// How many committed batches may wait for whoever listens.
const RECORDED_BATCHES: usize = 1024;

/// Why an append was not recorded, as far as we know.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The queue is full.
    #[error("the journal's queue is full")]
    Overloaded,
    /// It was not committed in time. It may still be committed later.
    #[error("the journal did not commit within 1.5 s")]
    Late,
    /// The database is away.
    #[error("{0}")]
    Unavailable(String),
    /// The server is shutting down.
    #[error("the journal is closed")]
    Closed,
    /// There is no such agency.
    #[error("there is no such agency")]
    NoAgency,
}

/// The way into the journal. Clones lead to the same one.
#[derive(Clone)]
pub struct Journal {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    clock: Clock,
    metrics: Metrics,
    owed: Arc<Notify>,
    checkup: Checkup,
}

/// An append that waits for its batch.
struct Queued {
    append: Arc<Append>,
    deadline: Tick,
    answer: oneshot::Sender<Result<Answer, AppendError>>,
    /// Its share of the queue's bytes, given back when the append is answered.
    _room: OwnedSemaphorePermit,
}

impl Journal {
    /// A journal over this database: the way in, the task that must be run, and what comes out.
    #[must_use]
    pub fn open(
        store: Store,
        clock: Clock,
        metrics: Metrics,
    ) -> (Self, Writer, mpsc::Receiver<Recorded>) {
        let permits = QUEUE_BYTES / PERMIT_BYTES;
        // Each append takes at least one permit, so this many places can never run out first.
        let (queue, queued) = mpsc::channel(permits);
        let (recorded, out) = mpsc::channel(RECORDED_BATCHES);
        let owed = Arc::new(Notify::new());
        let pulse = Pulse::new(clock.clone());
        let (checkup, asked) = Checkup::new(pulse.clone());
        let writer = Writer::new(
            store,
            clock.clone(),
            metrics.clone(),
            queued,
            recorded,
            owed.clone(),
            (pulse, asked),
        );
        let journal = Self {
            queue,
            room: Arc::new(Semaphore::new(permits)),
            clock,
            metrics,
            owed,
            checkup,
        };
        (journal, writer, out)
    }

    /// Records `append` and says what became of it, after the commit.
    ///
    /// # Errors
    /// When it could not be recorded, or not in time.
    pub async fn append(&self, append: Append) -> Result<Answer, AppendError> {
        let permits = append.size().div_ceil(PERMIT_BYTES);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(permits) else {
            self.metrics.journal_failed(JournalFailure::Overloaded);
            return Err(AppendError::Overloaded);
        };
        let (answer, answered) = oneshot::channel();
        let deadline = self.clock.tick().plus(DEADLINE);
        let queued = Queued {
            append: Arc::new(append),
            deadline,
            answer,
            _room: room,
        };
        self.queue
            .try_send(queued)
            .map_err(|_| AppendError::Closed)?;
        self.metrics.journal_queued(self.queued_bytes());
        tokio::select! {
            answer = answered => answer.unwrap_or(Err(AppendError::Closed)),
            () = self.clock.sleep(DEADLINE) => {
                self.metrics.journal_failed(JournalFailure::Timeout);
                Err(AppendError::Late)
            }
        }
    }

    /// Resolves when something that is owed to the carrier at once has been written down here since
    /// the last time this was awaited.
    pub async fn owes(&self) {
        self.owed.notified().await;
    }

    /// How its last commit went and when; where there was none for a while, after a write that is
    /// taken back. Of any number of those who ask, one write a second comes at most.
    pub async fn last_commit(&self) -> LastCommit {
        self.checkup.last_commit().await
    }

    /// Resolves when the writer is seen to go on, whatever the database says to it; false when it has
    /// ended.
    pub async fn takes_turns(&self) -> bool {
        self.checkup.takes_turns().await
    }

    /// Whether it takes appends.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    fn queued_bytes(&self) -> usize {
        QUEUE_BYTES.saturating_sub(self.room.available_permits() * PERMIT_BYTES)
    }
}
