//! What is too old goes, in small steps between which the writer takes its turns. What is kept how
//! long stands in [`crate::store::kept`].

use crate::clock::Clock;
use crate::config::Limits;
use crate::domain::{AgencyId, Timestamp};
use crate::store::kept::{KEPT, Lease, Sweep};
use crate::store::{Named, Store, StoreError};
use crate::telemetry::{Metrics, Removed};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often retention runs.
const EVERY: Duration = Duration::from_secs(600);
/// Rows per step: a transaction of a few milliseconds.
const STEP: i64 = 200;
/// Calls per step, each with some rows that bear on it.
const CALLS: i64 = 50;
/// Legs that are looked at per step.
const LEGS: i64 = 1000;
/// The pause after each step, so that the writer is never kept waiting by two in a row.
const PAUSE: Duration = Duration::from_millis(50);
/// For how long a node sweeps without saying that it still does.
const LEASE_S: i64 = 60;

/// Removes what is kept no longer. Of several nodes one at a time does it.
#[derive(Clone)]
pub struct Retention {
    store: Store,
    clock: Clock,
    metrics: Metrics,
    limits: Limits,
    lease: Lease,
}

/// How far one agency has been swept.
struct Sweeping {
    agency: AgencyId,
    /// Legs are walked over once; the last one that was looked at.
    legs: Option<Named>,
}

impl Retention {
    /// As the settings say.
    #[must_use]
    pub fn new(store: Store, clock: Clock, metrics: Metrics, limits: Limits) -> Self {
        let lease = Lease {
            name: "retention",
            holder: Uuid::new_v4().to_string(),
            lasts_s: LEASE_S,
        };
        Self {
            store,
            clock,
            metrics,
            limits,
            lease,
        }
    }

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

    /// Removes all that is too old now, unless another node is at it.
    ///
    /// # Errors
    /// When the database is away; what was removed until then is removed.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        for (agency, _) in self.store.all_heads().await? {
            if !self.sweep_agency(agency).await? {
                tracing::debug!("Another node removes what is too old");
                return Ok(());
            }
        }
        if !self.store.empty_log().await? {
            tracing::debug!("What was removed stays in the database's log until the next time");
        }
        self.store.let_lease_go(self.lease.clone()).await
    }

    /// False when another node has taken over.
    async fn sweep_agency(&self, agency: AgencyId) -> Result<bool, StoreError> {
        let mut sweeping = Sweeping {
            agency,
            legs: Some(Named::default()),
        };
        loop {
            let now = self.clock.now();
            if !self.store.hold_lease(self.lease.clone(), now).await? {
                return Ok(false);
            }
            if !self.step(&mut sweeping, now).await? {
                return Ok(true);
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// A little of everything; false when there was nothing left.
    async fn step(&self, sweeping: &mut Sweeping, now: Timestamp) -> Result<bool, StoreError> {
        let mut any = false;
        for kept in &KEPT {
            let Some(days) = kept.term.days(&self.limits) else {
                continue;
            };
            // Those of calls go with their calls, so the rest is looked for after all of them.
            let is_early = kept.sweep == Sweep::Legs && any;
            any = is_early || self.sweep_table(kept.sweep, sweeping, now, days).await? || any;
        }
        Ok(any)
    }

    /// A little of one table; false when there was nothing.
    async fn sweep_table(
        &self,
        sweep: Sweep,
        sweeping: &mut Sweeping,
        now: Timestamp,
        days: u32,
    ) -> Result<bool, StoreError> {
        let (store, agency, before) = (&self.store, sweeping.agency, days_before(now, days));
        Ok(match sweep {
            Sweep::Events => {
                let events = store.prune_events(agency, before, STEP).await?;
                self.count(Removed::Events, events)
            }
            Sweep::Webhooks => {
                let webhooks = store.prune_webhooks(agency, before, STEP).await?;
                self.count(Removed::Webhooks, webhooks)
            }
            Sweep::CallLogs => {
                let logs = store.prune_call_logs(agency, before, STEP).await?;
                self.count(Removed::CallLogs, logs)
            }
            Sweep::AgentTimes => {
                let times = store.prune_agent_times(agency, before, STEP).await?;
                self.count(Removed::AgentTimes, times)
            }
            Sweep::Calls => {
                let swept = store.prune_calls(agency, before, CALLS).await?;
                self.count(Removed::Claims, swept.claims);
                self.count(Removed::Commands, swept.commands);
                self.count(Removed::Legs, swept.legs);
                self.count(Removed::Calls, swept.calls)
            }
            Sweep::Legs => self.stray_legs(sweeping, before).await?,
            Sweep::Errands => self.unknown_errands(agency, days).await?,
            Sweep::WithCalls | Sweep::People | Sweep::SignIns | Sweep::Presence | Sweep::Nobody => {
                false
            }
        })
    }

    async fn unknown_errands(&self, agency: AgencyId, days: u32) -> Result<bool, StoreError> {
        // What is due goes by a clock of its own.
        let before = days_before(self.clock.steady(), days);
        let errands = self.store.prune_errands(agency, before, STEP).await?;
        if errands > 0 {
            tracing::warn!(
                "Errands of a kind or a carrier that no node has known for as long as events are \
                 kept, given up: {errands}"
            );
        }
        Ok(self.count(Removed::Errands, errands))
    }

    /// Looks at a page of legs; false when all have been looked at.
    async fn stray_legs(
        &self,
        sweeping: &mut Sweeping,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(after) = sweeping.legs.take() else {
            return Ok(false);
        };
        let page = self.store.legs_page(sweeping.agency, after, LEGS).await?;
        sweeping.legs = page.last().map(|(leg, _)| leg.clone());
        let old = page
            .into_iter()
            .filter(|(_, changed)| *changed < before.micros());
        let old: Vec<Named> = old.map(|(leg, _)| leg).collect();
        for some in old.chunks(usize::try_from(STEP).unwrap_or(1)) {
            let some = some.to_vec();
            let legs = self.store.prune_legs(sweeping.agency, some, before).await?;
            self.count(Removed::Legs, legs);
        }
        Ok(sweeping.legs.is_some())
    }

    /// Whether there were any.
    fn count(&self, what: Removed, rows: usize) -> bool {
        self.metrics.retention_removed(what, rows as u64);
        rows > 0
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_seconds(-i64::from(days) * 24 * 3600)
}
