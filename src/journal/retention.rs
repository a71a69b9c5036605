//! What is too old goes, in small steps between which the writer takes its turns.

use crate::clock::Clock;
use crate::domain::{AgencyId, Timestamp};
use crate::store::{Store, StoreError};
use crate::telemetry::{Metrics, Removed};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often retention runs.
const EVERY: Duration = Duration::from_secs(600);
/// Rows per step: a transaction of a few milliseconds.
const STEP: i64 = 200;
/// The pause after each step, so that the writer is never kept waiting by two in a row.
const PAUSE: Duration = Duration::from_millis(50);

/// Removes events and raw webhooks beyond the retention time.
#[derive(Clone)]
pub struct Retention {
    /// The database.
    pub store: Store,
    /// The clock that says what is old.
    pub clock: Clock,
    /// Counts what was removed.
    pub metrics: Metrics,
    /// How many days are kept.
    pub days: u32,
}

impl Retention {
    /// Runs every ten minutes until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(EVERY) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.sweep() => if let Err(error) = result {
                    tracing::warn!("Retention stopped half-way and will go on in ten minutes: {error}");
                }
            }
        }
    }

    /// Removes all that is too old now.
    ///
    /// # Errors
    /// When the database is away; what was removed until then is removed.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let seconds = i64::from(self.days) * 24 * 3600;
        let before = self.clock.now().plus_seconds(-seconds);
        for (agency, _) in self.store.all_heads().await? {
            self.sweep_agency(agency, before).await?;
        }
        Ok(())
    }

    async fn sweep_agency(&self, agency: AgencyId, before: Timestamp) -> Result<(), StoreError> {
        loop {
            let events = self.store.prune_events(agency, before, STEP).await?;
            let webhooks = self.store.prune_webhooks(agency, before, STEP).await?;
            self.metrics
                .retention_removed(Removed::Events, events as u64);
            self.metrics
                .retention_removed(Removed::Webhooks, webhooks as u64);
            if events == 0 && webhooks == 0 {
                return Ok(());
            }
            self.clock.sleep(PAUSE).await;
        }
    }
}
