//! The task that commits.

use super::append::{Answer, Append, WebhookAnswer};
use super::batch::{Committed, commit};
use super::{AppendError, Queued};
use crate::clock::Clock;
use crate::domain::AgencyId;
use crate::store::batch::NumberedEvent;
use crate::store::{Store, StoreError};
use crate::telemetry::{JournalFailure, Metrics};
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

/// What the journal hands out.
#[derive(Debug)]
pub enum Recorded {
    /// Committed events, in the order of their numbers.
    Events(Vec<(AgencyId, NumberedEvent)>),
    /// A commit's outcome was in doubt: these agencies' journals may hold events that were never
    /// handed out.
    InDoubt(Vec<AgencyId>),
}

/// The one writer of this node.
pub struct Writer {
    store: Store,
    clock: Clock,
    metrics: Metrics,
    queue: mpsc::Receiver<Queued>,
    out: mpsc::Sender<Recorded>,
    /// Told when something is owed to the carrier now.
    owed: Arc<Notify>,
    /// Agencies whose last commit failed in a way that may have succeeded.
    in_doubt: BTreeSet<AgencyId>,
}

impl Writer {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        metrics: Metrics,
        queue: mpsc::Receiver<Queued>,
        out: mpsc::Sender<Recorded>,
        owed: Arc<Notify>,
    ) -> Self {
        Self {
            store,
            clock,
            metrics,
            queue,
            out,
            owed,
            in_doubt: BTreeSet::new(),
        }
    }

    /// Commits until `stop`; then takes no more appends, commits those that wait, and ends.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                first = self.queue.recv() => first,
                () = stop.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            // Whoever is ready to append does so first: no time passes, and the batch is larger.
            tokio::task::yield_now().await;
            let batch = self.gather(first);
            self.record(batch).await;
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

    async fn record(&mut self, batch: Vec<Queued>) {
        let now = self.clock.tick();
        let (batch, late): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|queued| queued.deadline >= now);
        for queued in late {
            self.metrics.journal_failed(JournalFailure::Expired);
            let _ = queued.answer.send(Err(AppendError::Late));
        }
        // Halves that still wait, the earlier one on top, when data errors split the batch.
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match self.commit(&part).await {
                Ok(committed) => self.publish(part, committed).await,
                Err(error) if error.is_passing() => self.refuse(part, &error),
                Err(error) => self.split(part, &error, &mut parts).await,
            }
        }
    }

    async fn commit(&mut self, part: &[Queued]) -> Result<Committed, StoreError> {
        let appends: Vec<Arc<Append>> = part.iter().map(|q| Arc::clone(&q.append)).collect();
        self.commit_appends(appends).await
    }

    async fn commit_appends(&mut self, appends: Vec<Arc<Append>>) -> Result<Committed, StoreError> {
        let began = self.clock.tick();
        let size = appends.len();
        let agencies: Vec<AgencyId> = appends.iter().map(|append| append.agency_id()).collect();
        let mut result = commit(&self.store, appends.clone(), &self.clock).await;
        if result.as_ref().is_err_and(StoreError::is_passing) {
            self.metrics.journal_failed(JournalFailure::Connection);
            // The connection may have gone after the commit. Trying again is safe, since what was
            // committed is known by its ids, but events of the first try were not handed out.
            self.in_doubt.extend(agencies);
            if self.clock.tick().since(began) < RETRY_WITHIN {
                result = commit(&self.store, appends, &self.clock).await;
            }
        }
        if result.is_ok() {
            let took = self.clock.tick().since(began);
            self.metrics.batch_committed(size, took);
        }
        result
    }

    async fn publish(&mut self, part: Vec<Queued>, committed: Committed) {
        for (queued, answer) in part.into_iter().zip(committed.answers) {
            let _ = queued.answer.send(answer.ok_or(AppendError::NoAgency));
        }
        if committed.owes {
            self.owed.notify_one();
        }
        if !committed.events.is_empty() {
            for (_, event) in &committed.events {
                self.metrics.event_recorded(event.event.event_type.name());
                let received = event.event.moment.received;
                self.metrics.recorded(received, event.recorded_at);
            }
            let _ = self.out.send(Recorded::Events(committed.events)).await;
        }
        if !self.in_doubt.is_empty() {
            let agencies = std::mem::take(&mut self.in_doubt).into_iter().collect();
            let _ = self.out.send(Recorded::InDoubt(agencies)).await;
        }
    }

    fn refuse(&self, part: Vec<Queued>, error: &StoreError) {
        tracing::error!(appends = part.len(), "Batch not committed: {error}");
        for queued in part {
            let refused = AppendError::Unavailable(error.to_string());
            let _ = queued.answer.send(Err(refused));
        }
    }

    /// Halves a batch that the database refuses, until the bad append stands alone; that one is
    /// kept raw and acknowledged, since sending it again would change nothing.
    async fn split(
        &mut self,
        mut part: Vec<Queued>,
        error: &StoreError,
        parts: &mut Vec<Vec<Queued>>,
    ) {
        if part.len() > 1 {
            let later = part.split_off(part.len() / 2);
            parts.push(later);
            parts.push(part);
            return;
        }
        let Some(queued) = part.pop() else { return };
        self.metrics.journal_failed(JournalFailure::Data);
        let Append::Webhook(webhook) = queued.append.as_ref() else {
            tracing::error!("Command not recorded: {error}");
            let _ = queued
                .answer
                .send(Err(AppendError::Unavailable(error.to_string())));
            return;
        };
        let id = &webhook.webhook.webhook_id;
        tracing::error!("Webhook {id} kept raw as failed: {error}");
        let raw = Arc::new(Append::Webhook(webhook.unusable()));
        let answer = match self.commit_appends(vec![raw]).await {
            Ok(committed) => match committed.answers.into_iter().next().flatten() {
                Some(Answer::Webhook(answer)) => Ok(Answer::Webhook(answer)),
                _ => Err(AppendError::NoAgency),
            },
            Err(error) => Err(AppendError::Unavailable(error.to_string())),
        };
        if matches!(&answer, Ok(Answer::Webhook(WebhookAnswer::Repeat))) {
            tracing::debug!("Webhook {id} had been kept before");
        }
        let _ = queued.answer.send(answer);
    }
}
