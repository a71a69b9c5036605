//! Errands with one command each: hanging up a leg, recording a call, letting a caller hear ringing.

use super::errands::Outcome;
use super::{Control, ControlError};
use crate::carriers::{CarrierAccount, CarrierError, Channels};
use crate::config::Recording;
use crate::domain::{AgencyId, Call, CommandId, Errand, Leg, Standing, Status};
use uuid::Uuid;

/// Tries after which a command that keeps failing is given up: about ten minutes.
const MOST_TRIES: i32 = 15;

impl Control {
    /// Hangs up a leg that nobody is to answer, unless it has ended, or has won the call meanwhile.
    pub(super) async fn hang_up_leg(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let agency = errand.agency_id;
        let leg = self.0.store.leg(agency, errand.leg()).await?;
        let Some(leg) = leg.filter(|leg| leg.end().is_none()) else {
            return Ok(Outcome::Done);
        };
        if self.is_on_a_call(agency, &leg).await? {
            return Ok(Outcome::Done);
        }
        let Some(account) = self.account_if_any(errand)? else {
            return Ok(Outcome::Done);
        };
        let id = id_of(errand, "hangup");
        // Once: should the phone be answered and win before the next try, there must be none.
        let asked = account.hang_up_once(&errand.leg(), id).await;
        Ok(self.after(errand, asked))
    }

    /// Whether this leg's claim has won a call that is not over.
    async fn is_on_a_call(&self, agency: AgencyId, leg: &Leg) -> Result<bool, ControlError> {
        let Some(claim) = leg.claim else {
            return Ok(false);
        };
        let held = self.0.store.claim(agency, claim).await?;
        Ok(held.is_some_and(|held| {
            held.standing == Standing::Won && held.call.status == Status::Answered
        }))
    }

    /// Starts the recording of an answered call, again and again while there is no audio yet.
    pub(super) async fn start_recording(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        let channels = match self.0.calls.recording {
            Recording::Dual => Channels::Dual,
            Recording::Single => Channels::Single,
            Recording::Off => return Ok(Outcome::Done),
        };
        let Some((account, call)) = self.call_of(errand, Status::Answered).await? else {
            return Ok(Outcome::Done);
        };
        let id = id_of(errand, "record_start");
        let asked = account.record(&call.handle, channels, id).await;
        Ok(self.after(errand, asked))
    }

    /// Lets a caller who was answered, and whom nobody has now, hear ringing instead of silence.
    pub(super) async fn let_ring(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        if let Some((account, call)) = self.call_of(errand, Status::Incoming).await? {
            let id = id_of(errand, "playback_start");
            let asked = account.ring(&call.handle, id).await;
            if asked.is_err() {
                return Ok(self.after(errand, asked));
            }
        } else if errand.attempts <= 1 {
            return Ok(Outcome::Done);
        }
        // Somebody may have come while it was asked for, and stopped what had not yet begun.
        self.stop_playback(errand, "playback_stop_again").await
    }

    /// Stops that ringing: somebody is there.
    pub(super) async fn stop_ringing(&self, errand: &Errand) -> Result<Outcome, ControlError> {
        self.stop_playback(errand, "playback_stop").await
    }

    async fn stop_playback(
        &self,
        errand: &Errand,
        action: &'static str,
    ) -> Result<Outcome, ControlError> {
        let Some((account, call)) = self.call_of(errand, Status::Answered).await? else {
            return Ok(Outcome::Done);
        };
        let id = id_of(errand, action);
        let asked = account.quiet(&call.handle, id).await;
        Ok(self.after(errand, asked))
    }

    /// The call that the errand is about, with its agency's account, if it still stands like that.
    async fn call_of(
        &self,
        errand: &Errand,
        status: Status,
    ) -> Result<Option<(CarrierAccount, Call)>, ControlError> {
        let call = self
            .0
            .store
            .call_of_leg(errand.agency_id, errand.leg())
            .await?;
        let Some(call) = call.filter(|call| call.status == status) else {
            return Ok(None);
        };
        Ok(self.account_if_any(errand)?.map(|account| (account, call)))
    }

    /// The agency's account; none for an agency without a key, which can ask the carrier for nothing.
    pub(super) fn account_if_any(
        &self,
        errand: &Errand,
    ) -> Result<Option<CarrierAccount>, ControlError> {
        match self.account(errand.agency_id, errand.carrier) {
            Ok(account) => Ok(Some(account)),
            Err(ControlError::Carrier(_) | ControlError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the carrier's answer means for an errand: what it refuses for good is not asked again.
    fn after(&self, errand: &Errand, asked: Result<(), CarrierError>) -> Outcome {
        let (kind, subject) = (errand.kind.name(), &errand.subject);
        match asked {
            Ok(()) => Outcome::Done,
            Err(error) if error.is_over() => Outcome::Done,
            Err(error @ CarrierError::Refused { .. }) => {
                tracing::warn!("Errand {kind} of {subject} refused: {error}");
                Outcome::Refused
            }
            Err(error) if errand.attempts >= MOST_TRIES => {
                tracing::warn!("Errand {kind} of {subject} given up: {error}");
                Outcome::GivenUp
            }
            // No audio yet, too many requests, or an outage.
            Err(error) => {
                tracing::debug!("Errand {kind} of {subject} put off: {error}");
                let answered = i32::from(error.is_definite());
                self.later(Errand {
                    command_n: errand.command_n.saturating_add(answered),
                    ..errand.clone()
                })
            }
        }
    }
}

/// The id of an errand's command.
fn id_of(errand: &Errand, action: &str) -> Uuid {
    let request = Uuid::new_v5(&errand.agency_id.0, errand.subject.as_bytes());
    CommandId::of(request, action, errand.command_n).0
}
