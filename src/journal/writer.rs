//! The task that commits.

mod proof;

use super::append::Append;
use super::batch::{Committed, commit};
use super::pulse::{Asked, Pulse};
use super::rehearsal::rehearse;
use super::{AppendError, Queued};
use crate::clock::Clock;
use crate::domain::AgencyId;
use crate::store::batch::Heads;
use crate::store::{Store, StoreError};
use crate::telemetry::{JournalFailure, Metrics};
use crate::view::Published;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// Most appends in one batch.
const BATCH_APPENDS: usize = 256;
/// Most bytes in one batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// A batch that failed within this time is tried once more, with a new connection.
const RETRY_WITHIN: Duration = Duration::from_millis(500);

/// How long until held heads are tried again while nothing else comes.
const AGAIN: Duration = Duration::from_millis(20);

/// What the journal hands out.
#[derive(Debug)]
pub enum Recorded {
    /// Committed events, in the order of their numbers.
    Events(Vec<Published>),
    /// Something is owed to the carrier now.
    Owed,
    /// A commit's outcome was in doubt: these agencies' journals may hold events that were never
    /// handed out.
    InDoubt(Vec<AgencyId>),
}

/// The one writer of this node.
pub struct Writer {
    pub(super) store: Store,
    pub(super) clock: Clock,
    metrics: Metrics,
    queue: mpsc::Receiver<Queued>,
    out: mpsc::Sender<Recorded>,
    /// Told when something is owed to the carrier now.
    owed: Arc<Notify>,
    /// Agencies whose last commit failed in a way that may have succeeded.
    in_doubt: BTreeSet<AgencyId>,
    /// Appends whose agencies' heads somebody else holds, in the order in which they came.
    waiting: Vec<Queued>,
    /// Those of the batch that is being committed.
    in_hand: Vec<AgencyId>,
    pub(super) pulse: Pulse,
    /// Those who want to know whether the database takes writes.
    asked: mpsc::Receiver<Asked>,
}

impl Writer {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        metrics: Metrics,
        queue: mpsc::Receiver<Queued>,
        out: mpsc::Sender<Recorded>,
        owed: Arc<Notify>,
        (pulse, asked): (Pulse, mpsc::Receiver<Asked>),
    ) -> Self {
        Self {
            store,
            clock,
            metrics,
            queue,
            out,
            owed,
            in_doubt: BTreeSet::new(),
            waiting: Vec::new(),
            in_hand: Vec::new(),
            pulse,
            asked,
        }
    }

    /// Commits until `stop`; then takes no more appends, commits those that wait, and ends.
    #[cfg(feature = "proving")]
    pub async fn run(mut self, stop: CancellationToken) {
        self.write_until(stop).await;
    }

    /// The same, again where it once broke off: what it had in hand then may have been committed.
    pub async fn write_until(&mut self, stop: CancellationToken) {
        self.in_doubt.extend(self.in_hand.drain(..));
        self.tell_of_doubt().await;
        loop {
            let first = tokio::select! {
                biased;
                first = self.queue.recv() => first,
                () = a_moment(), if !self.waiting.is_empty() => {
                    self.record(Vec::new()).await;
                    continue;
                }
                Some(asked) = self.asked.recv() => {
                    self.prove_itself(asked).await;
                    continue;
                }
                () = stop.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            let Some(first) = first else {
                return self.see_out_those_that_wait().await;
            };
            // Whoever is ready to append does so first: no time passes, and the batch is larger.
            tokio::task::yield_now().await;
            let batch = self.gather(first);
            self.record(batch).await;
        }
    }

    async fn see_out_those_that_wait(&mut self) {
        while !self.waiting.is_empty() {
            a_moment().await;
            self.record(Vec::new()).await;
        }
    }

    /// What has arrived by now: a batch does not wait to grow.
    fn gather(&mut self, first: Queued) -> Vec<Queued> {
        let mut bytes = first.append.size();
        let mut batch = vec![first];
        while batch.len() < BATCH_APPENDS && bytes < BATCH_BYTES {
            let Ok(next) = self.queue.try_recv() else {
                break;
            };
            bytes += next.append.size();
            batch.push(next);
        }
        batch
    }

    /// As long as some head is held, no batch waits for one.
    fn with_those_that_wait(&mut self, batch: Vec<Queued>) -> Vec<Queued> {
        let mut all = std::mem::take(&mut self.waiting);
        all.extend(batch);
        all
    }

    async fn record(&mut self, batch: Vec<Queued>) {
        let heads = match self.waiting.is_empty() {
            true => Heads::All,
            false => Heads::Free,
        };
        // Halves that still wait, the earlier one on top, when errors split the batch.
        let mut parts = vec![self.with_those_that_wait(batch)];
        while let Some(part) = parts.pop() {
            let mut part = self.in_time(part);
            if part.is_empty() {
                continue;
            }
            match self.commit(&part, heads).await {
                Ok(committed) => self.publish(part, committed).await,
                Err(error @ (StoreError::Unavailable(_) | StoreError::Trouble(_))) => {
                    self.refuse(part, &error);
                }
                // Some append of these, or what it touches, may be at fault alone.
                Err(_) if part.len() > 1 => {
                    let later = part.split_off(part.len() / 2);
                    parts.push(later);
                    parts.push(part);
                }
                Err(StoreError::Data(error)) => self.keep_raw(part, error).await,
                Err(error) => self.refuse(part, &error),
            }
        }
    }

    /// Those whose senders still wait for an answer.
    fn in_time(&self, part: Vec<Queued>) -> Vec<Queued> {
        let now = self.clock.tick();
        let (part, late): (Vec<_>, Vec<_>) =
            part.into_iter().partition(|queued| queued.deadline >= now);
        for queued in late {
            self.metrics.journal_failed(JournalFailure::Expired);
            let _ = queued.answer.send(Err(AppendError::Late));
        }
        part
    }

    async fn commit(&mut self, part: &[Queued], heads: Heads) -> Result<Committed, StoreError> {
        let appends: Vec<Arc<Append>> = part.iter().map(|q| Arc::clone(&q.append)).collect();
        self.commit_appends(appends, heads).await
    }

    async fn commit_appends(
        &mut self,
        appends: Vec<Arc<Append>>,
        heads: Heads,
    ) -> Result<Committed, StoreError> {
        let began = self.clock.tick();
        let size = appends.len();
        let agencies: Vec<AgencyId> = appends.iter().map(|append| append.agency_id()).collect();
        self.in_hand.clone_from(&agencies);
        let mut result = commit(&self.store, appends.clone(), heads, &self.clock).await;
        if let Err(error) = &result
            && error.is_the_connections()
        {
            self.metrics.journal_failed(JournalFailure::Connection);
            // The connection may have gone after the commit. Trying again is safe, since what was
            // committed is known by its ids, but events of the first try were not handed out.
            self.in_doubt.extend(agencies);
            // Several that are refused for an unknown reason are tried again in halves anyway.
            let in_halves = size > 1 && matches!(error, StoreError::Unproven(_));
            if !in_halves && self.clock.tick().since(began) < RETRY_WITHIN {
                result = commit(&self.store, appends, Heads::Free, &self.clock).await;
            }
        }
        if result.is_ok() {
            let took = self.clock.tick().since(began);
            self.metrics.batch_committed(size, took);
        }
        match &result {
            Ok(_) => self.pulse.beat(Ok(())),
            // Of several it is not known yet whose fault it is.
            Err(StoreError::Unproven(_)) if size > 1 => {}
            Err(error) if error.is_the_connections() => self.pulse.beat(Err(error)),
            Err(_) => {}
        }
        result
    }

    async fn publish(&mut self, part: Vec<Queued>, committed: Committed) {
        for (queued, answer) in part.into_iter().zip(committed.answers) {
            if committed.held.contains(&queued.append.agency_id()) {
                self.waiting.push(queued);
                continue;
            }
            let _ = queued.answer.send(answer.ok_or(AppendError::NoAgency));
        }
        if committed.owes {
            self.owed.notify_one();
            let _ = self.out.send(Recorded::Owed).await;
        }
        if !committed.events.is_empty() {
            for ((name, received), event) in committed.heard.iter().zip(&committed.events) {
                self.metrics.event_recorded(name);
                self.metrics.recorded(*received, event.recorded_at);
            }
            let _ = self.out.send(Recorded::Events(committed.events)).await;
        }
        self.in_hand.clear();
        self.tell_of_doubt().await;
    }

    async fn tell_of_doubt(&mut self) {
        if !self.in_doubt.is_empty() {
            let agencies = std::mem::take(&mut self.in_doubt).into_iter().collect();
            let _ = self.out.send(Recorded::InDoubt(agencies)).await;
        }
    }

    fn refuse(&self, part: Vec<Queued>, error: &StoreError) {
        tracing::error!(appends = part.len(), "Batch not committed: {error}");
        if matches!(error, StoreError::Corrupt(_)) {
            self.metrics.journal_failed(JournalFailure::Unreadable);
        }
        for queued in part {
            let refused = AppendError::Unavailable(error.to_string());
            let _ = queued.answer.send(Err(refused));
        }
    }

    /// One append that the database refuses for its data. A webhook is kept raw and acknowledged,
    /// since sending it again would change nothing, once it is proven that the fault is its own.
    async fn keep_raw(&mut self, part: Vec<Queued>, error: String) {
        let Some(queued) = part.first() else { return };
        let Append::Webhook(webhook) = queued.append.as_ref() else {
            self.metrics.journal_failed(JournalFailure::Data);
            return self.refuse(part, &StoreError::Data(error));
        };
        let agency = webhook.webhook.agency_id;
        let now = self.clock.now();
        if let Err(proof) = rehearse(&self.store, agency, now, Heads::All).await {
            self.pulse.beat(Err(&proof));
            self.metrics.journal_failed(JournalFailure::Connection);
            tracing::error!("A call with nothing special about it is refused too: {proof}");
            return self.refuse(part, &StoreError::Unproven(error));
        }
        self.metrics.journal_failed(JournalFailure::Data);
        let id = &webhook.webhook.webhook_id;
        tracing::error!("Webhook {id} kept raw as failed, to be tried again: {error}");
        let raw = Arc::new(Append::Webhook(webhook.unusable()));
        match self.commit_appends(vec![raw], Heads::All).await {
            Ok(committed) => self.publish(part, committed).await,
            Err(error) => self.refuse(part, &error),
        }
    }
}

/// By the machine's time, whatever the clock says: it is another process that is waited for.
async fn a_moment() {
    let _ = tokio::time::timeout(AGAIN, std::future::pending::<()>()).await;
}
