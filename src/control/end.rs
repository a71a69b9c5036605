//! A call is given back by whoever claimed it, or hung up by anyone of the agency.

use super::error::followed;
use super::{Agent, Control, ControlError, Over, Which, named};
use crate::carriers::About;
use crate::domain::{Actor, Call, CommandId, ReleaseReason, Status};
use crate::journal::{Append, EndingAppend, ReleaseAppend};
use uuid::Uuid;

/// Where a call was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The carrier has hung it up, or says that it was over.
    AtTheCarrier,
    /// Here only, and why, in sentences.
    OnTheBoard(String),
}

impl Control {
    /// Gives a claimed call back: it rings again.
    ///
    /// # Errors
    /// When the call is gone, answered already, or not this agent's.
    pub async fn release(&self, agent: Agent, which: Which) -> Result<(), ControlError> {
        let control = self.clone();
        self.see_through(async move { control.give_back(agent, which).await })
            .await
    }

    /// Hangs a call up. Once is as good as twice.
    ///
    /// # Errors
    /// When there is no such call, or the carrier failed.
    pub async fn end(&self, agent: Agent, which: Which) -> Result<Ended, ControlError> {
        let control = self.clone();
        self.see_through(async move { control.hang_up(agent, which).await })
            .await
    }

    async fn give_back(&self, agent: Agent, which: Which) -> Result<(), ControlError> {
        let call = self.call_to_act_on(&agent, which).await?;
        match call.status {
            Status::Ended => return Err(ControlError::NotFound),
            Status::Answered => {
                let sentence = "The call is answered; hang it up instead";
                return Err(ControlError::Conflict(sentence));
            }
            Status::Incoming | Status::Answering => {}
        }
        let claim = self.0.store.open_claim(agent.agency, call.id).await?;
        let claim = claim.filter(|claim| claim.user_id == agent.user.id);
        let claim = claim.ok_or(ControlError::Conflict("You are not answering this call"))?;
        let release = ReleaseAppend {
            agency_id: agent.agency,
            claim_id: claim.id,
            reason: ReleaseReason::Cancelled,
            by: Some(agent.user.id),
            at: self.0.clock.now(),
        };
        if self.record(Append::Release(release)).await? {
            return Ok(());
        }
        let sentence = "The call was answered or let go of in this moment";
        Err(ControlError::Conflict(sentence))
    }

    async fn hang_up(&self, agent: Agent, which: Which) -> Result<Ended, ControlError> {
        let call = self.call_to_act_on(&agent, which).await?;
        if call.status == Status::Ended {
            return Ok(Ended::AtTheCarrier);
        }
        let who = Actor {
            id: agent.user.id,
            name: agent.user.shown_name(),
        };
        // Before the command: the hangup may be heard of before the command's own answer.
        self.note_ending(&call, Some(who)).await?;
        let account = match self.account(agent.agency, call.handle.carrier) {
            Ok(account) => account,
            Err(ControlError::Carrier(why)) => return self.end_on_the_board(&call, &why).await,
            Err(error) => return Err(error),
        };
        let handle = &call.handle;
        let id = CommandId::of(Uuid::new_v4(), "hangup", 1).0;
        match account.hang_up(handle, id).await {
            Ok(()) => {
                tracing::info!("{} hung up by user {}", named(call.id), agent.user.id);
                Ok(Ended::AtTheCarrier)
            }
            Err(error) if error.is_over() => {
                self.settle_as_over(agent.agency, handle, Over::Said(None))
                    .await?;
                Ok(Ended::AtTheCarrier)
            }
            Err(error) if error.is_about(About::Key) || self.is_unasked(&call).await? => {
                self.end_on_the_board(&call, &error.to_string()).await
            }
            Err(error) => {
                tracing::warn!("{} not hung up: {error}", named(call.id));
                self.note_ending(&call, None).await?;
                Err(ControlError::of_carrier(&error, "The call goes on"))
            }
        }
    }

    /// Whether the carrier could not be asked about the call before either.
    async fn is_unasked(&self, call: &Call) -> Result<bool, ControlError> {
        let leg = self.0.store.leg(call.agency_id, call.handle.clone());
        Ok(leg.await?.is_some_and(|leg| leg.unasked.is_some()))
    }

    /// The carrier cannot be told, and the call would stay on the board for ever.
    async fn end_on_the_board(&self, call: &Call, why: &str) -> Result<Ended, ControlError> {
        tracing::warn!("{} ended on the board alone: {why}", named(call.id));
        self.settle_as_over(call.agency_id, &call.handle, Over::Presumed)
            .await?;
        let then = "The call has ended on the board alone; whoever is on the line still is";
        Ok(Ended::OnTheBoard(followed(why, then)))
    }

    async fn note_ending(&self, call: &Call, by: Option<Actor>) -> Result<(), ControlError> {
        let ending = EndingAppend {
            agency_id: call.agency_id,
            handle: call.handle.clone(),
            by,
        };
        self.record(Append::Ending(ending)).await?;
        Ok(())
    }
}
