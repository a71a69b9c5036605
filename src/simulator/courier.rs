//! Takes webhooks to the customer one after the other, makes the trouble asked for, and counts.

use super::carrier::Carrier;
use super::delivery::{Attempt, Outcome};
use super::losses::Losses;
use super::totals::Tally;
use super::traffic::Repeat;
use super::webhook::Webhook;
use crate::clock::Timestamp;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;

/// A webhook that the receiver acknowledged: from then on it must not be lost. A repeat that is
/// acknowledged is told again; the same `data_id` gives it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its `data.event_type`.
    pub event_type: String,
    /// The leg it is about.
    pub call_control_id: String,
    pub data_id: Uuid,
    /// Its `data.occurred_at`.
    pub occurred_at: Timestamp,
    /// Its `data.payload`.
    pub payload: Map<String, Value>,
}

/// One way of one carrier's webhooks to its customer. Clones count together and lose together.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    carrier: Arc<Carrier>,
    round: Arc<Round>,
}

#[derive(Debug, Default)]
struct Round {
    tally: Tally,
    losses: Losses,
    witness: OnceLock<mpsc::Sender<Acknowledged>>,
}

impl Courier {
    pub(super) fn new(carrier: Arc<Carrier>) -> Self {
        let round = Arc::default();
        Self { carrier, round }
    }

    /// The same round for another carrier's webhooks.
    pub(super) fn of(&self, carrier: Arc<Carrier>) -> Self {
        let round = Arc::clone(&self.round);
        Self { carrier, round }
    }

    /// Tells of each acknowledged webhook. The first witness stays.
    pub(super) fn is_witnessed_by(&self, witness: mpsc::Sender<Acknowledged>) {
        let _ = self.round.witness.set(witness);
    }

    pub(super) fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.round.tally
    }

    pub(super) fn losses(&self) -> &Losses {
        &self.round.losses
    }

    /// Sends a webhook on its way and comes back when its first attempt is over.
    pub(super) async fn leave(
        &self,
        webhook: Webhook,
        repeat: Repeat,
        deliveries: &mut JoinSet<()>,
    ) {
        if self.round.losses.takes(&webhook) {
            self.round.tally.webhooks.count();
            self.round.tally.lost.count();
            return;
        }
        let (tried, first_attempt) = oneshot::channel();
        let courier = self.clone();
        deliveries.spawn(async move {
            match repeat {
                Repeat::Never => courier.deliver(&webhook, Some(tried)).await,
                Repeat::AtOnce => {
                    let first = courier.deliver(&webhook, Some(tried));
                    tokio::join!(first, courier.repeat(&webhook));
                }
                Repeat::Afterwards => {
                    courier.deliver(&webhook, Some(tried)).await;
                    courier.repeat(&webhook).await;
                }
            }
        });
        // An error means that the delivery is over, one way or another.
        let _ = first_attempt.await;
    }

    async fn repeat(&self, webhook: &Webhook) {
        self.round.tally.repeats.count();
        self.deliver(webhook, None).await;
    }

    async fn deliver(&self, webhook: &Webhook, mut tried: Option<oneshot::Sender<()>>) {
        self.round.tally.webhooks.count();
        let watch = |attempt: &Attempt| {
            if attempt.number > 1 {
                self.round.tally.retries.count();
            }
            if let Some(tried) = tried.take() {
                // Nobody waits when the call was dropped.
                let _ = tried.send(());
            }
        };
        let delivery = self.carrier.deliver_watched(webhook, watch).await;
        match delivery.outcome {
            Outcome::Acknowledged => {
                self.round.tally.acknowledged.count();
                self.tell(webhook).await;
            }
            Outcome::Refused => {
                self.round.tally.refused.count();
                let (event, status) = (&webhook.event_type, delivery.status);
                tracing::debug!(%event, id = %webhook.id, status, "Webhook refused");
            }
            Outcome::GaveUp => {
                self.round.tally.lost.count();
                let (event, attempts) = (&webhook.event_type, delivery.attempts);
                tracing::warn!(%event, id = %webhook.id, attempts, "Webhook given up");
            }
        }
    }

    async fn tell(&self, webhook: &Webhook) {
        if let Some(witness) = self.round.witness.get() {
            let acknowledged = Acknowledged {
                event_type: webhook.event_type.clone(),
                call_control_id: webhook.call_control_id().to_owned(),
                data_id: webhook.id,
                occurred_at: webhook.occurred_at,
                payload: webhook.payload.clone(),
            };
            // A witness that left wants no more.
            let _ = witness.send(acknowledged).await;
        }
    }
}
