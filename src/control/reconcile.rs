//! Webhooks can be lost, and the carrier forgets a call ten minutes after its end. So a call of
//! which nothing was heard for long is asked about, first after two minutes, then less and less
//! often, and what is over ends here too.

use super::errands::Outcome;
use super::{Control, ControlError, Over, named};
use crate::carriers::CarrierError;
use crate::domain::{Call, Errand, Status, Timestamp};
use crate::journal::{Append, LookedAppend};

/// How long a call may be without news before it is looked at, in seconds.
const QUIET_S: i64 = 120;
/// Longest time between two looks, in seconds.
const LONGEST_S: i64 = 1800;
/// How often a leg that never became known is looked at before it is left alone.
const MOST_LOOKS: i32 = 6;

impl Control {
    /// Looks at a leg of which nothing was heard for long.
    pub(super) async fn reconcile(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let call = self
            .0
            .store
            .call_of_leg(errand.agency_id, errand.leg())
            .await?;
        match call {
            Some(call) if call.status == Status::Ended => Ok(Outcome::Done),
            Some(call) => self.reconcile_call(errand, &call).await,
            None => self.reconcile_stray_leg(errand).await,
        }
    }

    async fn reconcile_call(&self, errand: &Errand, call: &Call) -> Result<Outcome, ControlError> {
        // The news came by the wall clock, which may have been put back since.
        let quiet = self.0.clock.now().micros_since(call.updated_at).max(0);
        let left = (QUIET_S * 1_000_000).saturating_sub(quiet);
        let is_an_agents = call.status == Status::Answered && call.answered_by.is_some();
        let agent_has_left = is_an_agents && !call.connected;
        if left > 0 && !agent_has_left {
            // There was news: the waiting begins again.
            let rested = Errand {
                attempts: 0,
                command_n: 1,
                ..errand.clone()
            };
            let due = self.0.clock.steady().plus_micros(left);
            return Ok(Outcome::Later(rested, due));
        }
        let Some(account) = self.account_if_any(errand)? else {
            let why = format!("no {} API key is stored for its agency", errand.carrier);
            let next = self.look_later(errand);
            return self.stay_unasked(errand, call, &why, next).await;
        };
        let leg = &call.handle;
        match account.look(leg).await {
            Ok(Some(state)) if state.is_alive => {
                self.note_look(call, None).await?;
                let answered = Errand {
                    command_n: errand.command_n.saturating_add(1),
                    ..errand.clone()
                };
                Ok(self.look_later(&answered))
            }
            Ok(state) => {
                let since = state.and_then(|state| state.ended_at);
                self.settle_as_over(errand.agency_id, leg, Over::Said(since))
                    .await?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                let next = match error {
                    CarrierError::Refused { .. } => self.look_later(errand),
                    _ => self.later(errand.clone()),
                };
                self.stay_unasked(errand, call, &error.to_string(), next)
                    .await
            }
        }
    }

    /// The carrier could not be asked. It is asked again, but not for ever: what nobody can tell of
    /// ends when it has not been heard of for as long as a call may be.
    async fn stay_unasked(
        &self,
        errand: &Errand,
        call: &Call,
        why: &str,
        next: Outcome,
    ) -> Result<Outcome, ControlError> {
        tracing::warn!("{} not looked at: {why}", named(call.id));
        let now = self.0.clock.now();
        let handle = call.handle.clone();
        let leg = self.0.store.leg(call.agency_id, handle).await?;
        let since = match leg.and_then(|leg| leg.unasked) {
            Some(since) => since,
            None => {
                // With no answer since the news, that was the last that was heard.
                let never_answered = errand.command_n <= 1;
                let since = if never_answered { call.updated_at } else { now };
                self.note_look(call, Some(since)).await?;
                since
            }
        };
        let last = since.plus_seconds(self.0.calls.limit_s());
        if last <= now {
            self.settle_as_over(call.agency_id, &call.handle, Over::Presumed)
                .await?;
            return Ok(Outcome::Done);
        }
        Ok(match next {
            Outcome::Later(errand, due) => {
                let last = self.0.clock.steady().plus_micros(last.micros_since(now));
                Outcome::Later(errand, due.min(last))
            }
            next => next,
        })
    }

    /// Keeps whether the carrier could be asked, where that has changed.
    async fn note_look(&self, call: &Call, unasked: Option<Timestamp>) -> Result<(), ControlError> {
        let handle = call.handle.clone();
        let leg = self.0.store.leg(call.agency_id, handle.clone()).await?;
        if leg.is_none_or(|leg| leg.unasked == unasked) {
            return Ok(());
        }
        let looked = LookedAppend {
            agency_id: call.agency_id,
            handle,
            unasked,
        };
        self.record(Append::Looked(looked)).await?;
        Ok(())
    }

    /// A leg that events were heard of and whose `call.initiated` never came. It is no call, so
    /// there is nothing to settle; it is only remembered for as long as the carrier knows it.
    async fn reconcile_stray_leg(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        if errand.attempts >= MOST_LOOKS {
            return Ok(Outcome::Done);
        }
        let Some(account) = self.account_if_any(errand)? else {
            return Ok(Outcome::Done);
        };
        match account.look(&errand.leg()).await {
            Ok(Some(state)) if state.is_alive => Ok(self.look_later(errand)),
            Ok(_) | Err(CarrierError::Refused { .. }) => Ok(Outcome::Done),
            Err(error) => Err(ControlError::of_carrier(&error, "It is looked at again")),
        }
    }

    /// Twice as long as the last time, at random within an eighth, so that calls that rang together
    /// are not looked at together for ever.
    fn look_later(&self, errand: &Errand) -> Outcome {
        let doublings = u32::try_from(errand.attempts).unwrap_or(0).min(8);
        let seconds = QUIET_S.saturating_mul(2_i64.pow(doublings)).min(LONGEST_S);
        let spread = rand::random_range(0..=seconds / 8);
        let due = self.0.clock.steady().plus_seconds(seconds + spread);
        Outcome::Later(errand.clone(), due)
    }
}
