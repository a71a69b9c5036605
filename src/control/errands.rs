//! What is owed to the carrier is seen to when it is due, by whichever node takes it up first.

use super::drive::Driven;
use super::{Control, ControlError, LEASE_S};
use crate::domain::{Errand, ErrandKind, ReleaseReason, Timestamp};
use crate::journal::{AgentAppend, Append};
use crate::store::StoreError;
use crate::telemetry::ErrandOutcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How often a node looks for what is due. What it wrote down itself it takes up at once, and what
/// another node did a moment later.
const POLL: Duration = Duration::from_secs(1);
/// How often the deadlines are compared with the clock that all nodes have in common.
const TIME_CHECK: Duration = Duration::from_secs(60);
/// Errands that one node sees to at once; more wait in the database.
const AT_ONCE: usize = 64;

/// What becomes of an errand.
pub(super) enum Outcome {
    /// There is nothing left to do.
    Done,
    /// The carrier refuses it for good.
    Refused,
    /// It failed too often.
    GivenUp,
    /// To be taken up again, as it is now, not before that moment.
    Later(Errand, Timestamp),
}

impl Outcome {
    fn counted(&self) -> ErrandOutcome {
        match self {
            Self::Done => ErrandOutcome::Done,
            Self::Refused => ErrandOutcome::Refused,
            Self::GivenUp => ErrandOutcome::GivenUp,
            Self::Later(..) => ErrandOutcome::PutOff,
        }
    }
}

impl Control {
    /// Keeps the deadlines that are written down comparable: with other nodes, by the database's
    /// clock, and with those that a clock which was wrong has written. Until `stop`.
    pub async fn keep_time(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.look_at_the_time().await {
                tracing::warn!("The deadlines of errands not looked at: {error}");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.clock.sleep(TIME_CHECK) => {}
            }
        }
    }

    async fn look_at_the_time(&self) -> Result<(), StoreError> {
        let (store, clock) = (&self.0.store, &self.0.clock);
        if let Some(time) = store.common_time().await? {
            clock.steady_by(time);
        }
        let changed = store.rein_in_errands(clock.steady(), LEASE_S).await?;
        if changed > 0 {
            tracing::warn!(
                "Errands whose deadlines a wrong clock had set too far ahead: {changed}, brought near"
            );
        }
        Ok(())
    }

    /// Sees to errands until `stop`. What is in hand then is left to its lease.
    pub async fn run_errands(self, stop: CancellationToken) {
        if let Err(error) = self.0.store.free_errands().await {
            tracing::warn!("Errands of an earlier process wait for their leases: {error}");
        }
        let room = Arc::new(Semaphore::new(AT_ONCE));
        while !stop.is_cancelled() {
            match self.take_up(&room).await {
                // There may be more.
                Ok(taken) if taken > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!("Errands not read: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.journal.owes() => {}
                () = self.0.relay.due() => {}
                () = self.0.clock.sleep(POLL) => self.count_waiting().await,
            }
        }
    }

    /// Counts what still waits, once a poll: with other nodes it is the same number.
    async fn count_waiting(&self) {
        let now = self.0.clock.steady();
        // Where it cannot be counted, it cannot be taken up either, which is said there.
        if let Ok((due, oldest)) = self.0.store.errands_due(now).await {
            let oldest_s = oldest.map_or(0, |oldest| now.micros_since(oldest).max(0) / 1_000_000);
            self.0.metrics.errands_wait(due, oldest_s);
        }
    }

    async fn take_up(&self, room: &Arc<Semaphore>) -> Result<usize, StoreError> {
        let free = room.available_permits();
        if free == 0 {
            return Ok(0);
        }
        let now = self.0.clock.steady();
        let limit = i64::try_from(free).unwrap_or(1);
        let store = &self.0.store;
        let errands = store
            .take_errands(now, now.plus_seconds(LEASE_S), limit)
            .await?;
        let taken = errands.len();
        for errand in errands {
            let Ok(permit) = Arc::clone(room).try_acquire_owned() else {
                break;
            };
            let control = self.clone();
            self.0.runtime.spawn(async move {
                control.see_to(errand).await;
                drop(permit);
            });
        }
        Ok(taken)
    }

    async fn see_to(&self, errand: Errand) {
        let outcome = match self.outcome_of(&errand).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let (kind, subject) = (errand.kind.name(), &errand.subject);
                tracing::warn!("Errand {kind} of {subject} put off: {error}");
                self.later(errand.clone())
            }
        };
        self.0
            .metrics
            .errand_seen_to(errand.kind, outcome.counted());
        let written = match outcome {
            Outcome::Done | Outcome::Refused | Outcome::GivenUp => {
                self.0.store.finish_errand(errand).await
            }
            Outcome::Later(errand, due) => self.0.store.put_off_errand(errand, due).await,
        };
        if let Err(error) = written {
            tracing::warn!("Errand stays until its lease is over: {error}");
        }
    }

    async fn outcome_of(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        match errand.kind {
            ErrandKind::Drive => self.drive_again(errand).await,
            ErrandKind::Expire => self.expire(errand).await,
            ErrandKind::HangUp => self.hang_up_leg(errand).await,
            ErrandKind::Record => self.start_recording(errand).await,
            ErrandKind::Ring => self.let_ring(errand).await,
            ErrandKind::Quiet => self.stop_ringing(errand).await,
            ErrandKind::Look => self.reconcile(errand).await,
            ErrandKind::WrapUp => self.end_wrap_up(errand).await,
        }
    }

    /// Again after a while that grows with every try: 1, 2, 4 … 60 s.
    pub(super) fn later(&self, errand: Errand) -> Outcome {
        let doublings = u32::try_from(errand.attempts.saturating_sub(1)).unwrap_or(0);
        let seconds = 2_i64.saturating_pow(doublings.min(6)).min(60);
        Outcome::Later(errand, self.0.clock.steady().plus_seconds(seconds))
    }

    /// Goes on where another process, or another moment, has left off.
    async fn drive_again(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let Ok(claim) = errand.subject.parse() else {
            return Ok(Outcome::Done);
        };
        let held = self.0.store.claim(errand.agency_id, claim).await?;
        if held.is_some_and(|held| held.claim.deadline <= self.0.clock.steady()) {
            // Too late to let a phone ring: nobody was there to see to it in time.
            return self.expire(errand).await;
        }
        match self.drive(errand.agency_id, errand.carrier, claim).await {
            Ok(Driven::Asked | Driven::Gone) => Ok(Outcome::Done),
            Err(ControlError::Unavailable) => Err(ControlError::Unavailable),
            // The claim has been released; there is nobody to tell but the board, which has heard.
            Err(error) => {
                tracing::warn!("Claim {claim} not seen through: {error}");
                Ok(Outcome::Done)
            }
        }
    }

    /// The journal looks at the agent, whose time after a call is over unless there was another since.
    async fn end_wrap_up(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let Ok(user_id) = errand.subject.parse() else {
            return Ok(Outcome::Done);
        };
        let look = AgentAppend {
            agency_id: errand.agency_id,
            user_id,
            choice: None,
            is_here: false,
            at: self.0.clock.now(),
        };
        self.append(Append::Agent(look)).await?;
        Ok(Outcome::Done)
    }

    async fn expire(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let Ok(claim) = errand.subject.parse() else {
            return Ok(Outcome::Done);
        };
        let reason = ReleaseReason::TimedOut;
        if self.let_go(errand.agency_id, claim, reason).await? {
            tracing::info!("Claim {claim} released: nobody answered within 45 s");
        }
        Ok(Outcome::Done)
    }
}
