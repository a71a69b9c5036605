//! The exchange's webhooks on their way: of each session one after the other, as they occurred.

use super::super::courier::Courier;
use super::super::dice::Dice;
use super::super::traffic::Repeat;
use super::super::webhook::Webhook;
use super::settings::ExchangeSettings;
use crate::clock::Clock;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Webhooks of one session that may wait for the customer; further ones are lost.
const WAITING: usize = 1_000;

/// The way out.
#[derive(Debug)]
pub(super) struct Post {
    runtime: Handle,
    clock: Clock,
    closed: CancellationToken,
    queues: Mutex<HashMap<Uuid, Queue>>,
    /// Sessions that have a webhook waiting or under way.
    busy: watch::Sender<usize>,
    dice: Dice,
    duplicates: u8,
    reorder: u8,
    held_back: Duration,
}

#[derive(Debug, Default)]
struct Queue {
    letters: VecDeque<Letter>,
    came: Arc<Notify>,
}

#[derive(Debug)]
struct Letter {
    courier: Courier,
    webhook: Webhook,
    repeat: Repeat,
    held_back: bool,
    tried: Option<oneshot::Sender<()>>,
}

impl Post {
    pub(super) fn new(
        settings: &ExchangeSettings,
        runtime: Handle,
        clock: Clock,
        closed: CancellationToken,
    ) -> Self {
        Self {
            runtime,
            clock,
            closed,
            queues: Mutex::default(),
            busy: watch::Sender::new(0),
            dice: Dice::seeded(settings.seed.wrapping_add(1)),
            duplicates: settings.duplicates,
            reorder: settings.reorder,
            held_back: settings.held_back,
        }
    }

    /// Sends a webhook after those of its session that wait. Tells when its first attempt is over.
    pub(super) fn send(
        self: &Arc<Self>,
        session: Uuid,
        courier: &Courier,
        webhook: Webhook,
        tried: Option<oneshot::Sender<()>>,
    ) {
        let repeat = match (self.dice.percent(self.duplicates), self.dice.percent(50)) {
            (false, _) => Repeat::Never,
            (true, true) => Repeat::AtOnce,
            (true, false) => Repeat::Afterwards,
        };
        let letter = Letter {
            courier: courier.clone(),
            webhook,
            repeat,
            held_back: self.dice.percent(self.reorder),
            tried,
        };
        let mut queues = self.queues();
        let idle = !queues.contains_key(&session);
        let queue = queues.entry(session).or_default();
        if queue.letters.len() >= WAITING {
            tracing::warn!(%session, "Webhook lost: too many of its session wait");
            courier.tally().webhooks.count();
            courier.tally().lost.count();
            return;
        }
        queue.letters.push_back(letter);
        queue.came.notify_one();
        if idle {
            self.busy.send_modify(|busy| *busy += 1);
            let post = Arc::clone(self);
            self.runtime.spawn(async move {
                let closed = post.closed.clone();
                closed.run_until_cancelled(post.work(session)).await;
                post.busy.send_modify(|busy| *busy = busy.saturating_sub(1));
            });
        }
    }

    /// Waits until nothing is waiting or under way.
    pub(super) async fn settled(&self) {
        // The sender is this post's own.
        let _ = self.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    async fn work(&self, session: Uuid) {
        let mut deliveries = JoinSet::new();
        while let Some(letter) = self.next_or_leave(session) {
            if letter.held_back
                && let Some(next) = self.overtaking(session).await
            {
                next.courier.tally().out_of_order.count();
                next.leave(&mut deliveries).await;
            }
            letter.leave(&mut deliveries).await;
        }
        while deliveries.join_next().await.is_some() {}
    }

    /// The next one; when there is none, the queue is given up under the same lock.
    fn next_or_leave(&self, session: Uuid) -> Option<Letter> {
        let mut queues = self.queues();
        let letter = queues.get_mut(&session)?.letters.pop_front();
        if letter.is_none() {
            queues.remove(&session);
        }
        letter
    }

    /// The one that overtakes, if one comes in time.
    async fn overtaking(&self, session: Uuid) -> Option<Letter> {
        let until = self.clock.now().plus_micros(micros(self.held_back));
        loop {
            let came = {
                let mut queues = self.queues();
                let queue = queues.get_mut(&session)?;
                if let Some(letter) = queue.letters.pop_front() {
                    return Some(letter);
                }
                Arc::clone(&queue.came)
            };
            tokio::select! {
                () = came.notified() => {}
                () = self.clock.sleep_until(until) => return None,
            }
        }
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<Uuid, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Letter {
    async fn leave(self, deliveries: &mut JoinSet<()>) {
        self.courier
            .leave(self.webhook, self.repeat, deliveries)
            .await;
        if let Some(tried) = self.tried {
            // Whoever asked may have stopped waiting.
            let _ = tried.send(());
        }
    }
}

/// A length of time as the timestamps count it.
pub(super) fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
