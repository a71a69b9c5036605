//! Webhooks that could not be applied are not the end of the story: they are taken up again, after
//! each start and from time to time, since what refused them may have been mended.

use crate::agencies::Directory;
use crate::carriers::understand;
use crate::clock::{Clock, Tick};
use crate::domain::AgencyId;
use crate::journal::{
    Answer, Append, AppendError, Journal, Meaning, Taken, WebhookAnswer, WebhookAppend,
};
use crate::store::batch::{StoredWebhook, WebhookOutcome};
use crate::store::{KeptWebhook, Named, Store, StoreError};
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often they are looked for.
const EVERY: Duration = Duration::from_secs(5);
/// How many are read at a time: their bodies may have a mebibyte each.
const PAGE: i64 = 20;
/// The longest pause between two tries of one, in seconds.
const LONGEST_S: u64 = 3600;
/// How many are remembered to have been tried. More are tried sooner than they should be.
const REMEMBERED: usize = 10_000;

type Key = (AgencyId, Named);

/// Takes up again what could not be applied.
#[derive(Clone)]
pub(crate) struct Retake {
    store: Store,
    journal: Journal,
    directory: Directory,
    clock: Clock,
    /// When each was tried last and how long it then rests, in seconds.
    tried: HashMap<Key, (Tick, u64)>,
}

impl Retake {
    /// One that has tried nothing yet.
    #[must_use]
    pub(crate) fn new(store: Store, journal: Journal, directory: Directory, clock: Clock) -> Self {
        Self {
            store,
            journal,
            directory,
            clock,
            tried: HashMap::new(),
        }
    }

    /// Looks at once, and then every five seconds until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.sweep() => if let Err(error) = result {
                    tracing::warn!("Webhooks kept as failed were not looked for: {error}");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(EVERY) => {}
            }
        }
    }

    async fn sweep(&mut self) -> Result<(), StoreError> {
        let mut after = (AgencyId(uuid::Uuid::nil()), Named::default());
        loop {
            let page = self.store.failed_webhooks(after, PAGE).await?;
            let Some((agency, last)) = page.last() else {
                return Ok(());
            };
            after = (*agency, last.key.clone());
            for (agency, kept) in page {
                // The database is away: the rest waits too.
                if !self.take_up(agency, kept).await {
                    return Ok(());
                }
            }
        }
    }

    /// Tries one, unless it still rests; says whether the journal took it.
    async fn take_up(&mut self, agency: AgencyId, kept: KeptWebhook) -> bool {
        let now = self.clock.tick();
        let id = kept.key.name.clone();
        let key = (agency, kept.key.clone());
        let rest = match self.tried.get(&key) {
            Some((at, rest)) if now.since(*at).as_secs() < *rest => return true,
            Some((_, rest)) => (rest * 2).min(LONGEST_S),
            None => 10,
        };
        let Some(append) = self.append_of(agency, kept) else {
            self.rests(key, now, rest);
            return true;
        };
        match self.journal.append(Append::Webhook(append)).await {
            Ok(Answer::Webhook(WebhookAnswer {
                taken: Taken::Now(WebhookOutcome::Failed),
                ..
            }))
            | Err(AppendError::NoAgency) => self.rests(key, now, rest),
            Ok(_) => {
                self.tried.remove(&key);
                tracing::info!("Webhook {id}, kept as failed until now, has been applied");
            }
            // The journal's trouble says nothing of the webhook: its pauses do not grow by it.
            Err(error) => {
                tracing::warn!("Webhook {id}, kept as failed, was not taken up again: {error}");
                return false;
            }
        }
        true
    }

    fn rests(&mut self, key: Key, since: Tick, seconds: u64) {
        if self.tried.len() >= REMEMBERED {
            self.tried.clear();
        }
        self.tried.insert(key, (since, seconds));
    }

    /// What it means as it is read now; `None` when it cannot be read, or its agency is gone.
    fn append_of(&self, agency: AgencyId, kept: KeptWebhook) -> Option<WebhookAppend> {
        let profile = self.directory.agency(agency)?;
        // Else it waits for a program that knows its carrier.
        let carrier = kept.carrier()?;
        let understood = understand(carrier, &kept.body, kept.received_at);
        let understood = understood.inspect_err(|error| {
            tracing::warn!("Webhook {} cannot be read: {error}", kept.key.name);
        });
        let understood = understood.ok()?;
        let meaning = if profile.counts(carrier, understood.connection_id.as_deref()) {
            understood.news.map_or(Meaning::Nothing, Meaning::Leg)
        } else {
            Meaning::OtherConnection
        };
        Some(WebhookAppend {
            webhook: StoredWebhook {
                agency_id: agency,
                carrier,
                webhook_id: kept.key.name,
                event_type: understood.event_type,
                leg: understood.leg,
                connection_id: understood.connection_id,
                occurred_at: understood.occurred_at,
                received_at: kept.received_at,
                body: kept.body,
            },
            meaning,
        })
    }
}
