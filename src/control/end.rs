//! A call is given back by whoever claimed it, or hung up by anyone of the agency.

use super::error::followed;
use super::{Agent, Control, ControlError, Over, named};
use crate::domain::{Actor, Call, ReleaseReason, Status};
use crate::journal::{Append, EndingAppend, ReleaseAppend};
use crate::providers::telnyx::command_id;
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
    pub async fn release(&self, agent: Agent, call_control_id: String) -> Result<(), ControlError> {
        let control = self.clone();
        self.see_through(async move { control.give_back(agent, call_control_id).await })
            .await
    }

    /// Hangs a call up. Once is as good as twice.
    ///
    /// # Errors
    /// When there is no such call, or the carrier failed.
    pub async fn end(&self, agent: Agent, call_control_id: String) -> Result<Ended, ControlError> {
        let control = self.clone();
        self.see_through(async move { control.hang_up(agent, call_control_id).await })
            .await
    }

    async fn call_to_act_on(
        &self,
        agent: &Agent,
        call_control_id: String,
    ) -> Result<Call, ControlError> {
        let call = self.0.store.call_of_leg(agent.agency, call_control_id);
        call.await?.ok_or(ControlError::NotFound)
    }

    async fn give_back(&self, agent: Agent, call_control_id: String) -> Result<(), ControlError> {
        let call = self.call_to_act_on(&agent, call_control_id).await?;
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

    async fn hang_up(&self, agent: Agent, call_control_id: String) -> Result<Ended, ControlError> {
        let call = self.call_to_act_on(&agent, call_control_id).await?;
        if call.status == Status::Ended {
            return Ok(Ended::AtTheCarrier);
        }
        let who = Actor {
            id: agent.user.id,
            name: agent.user.shown_name(),
        };
        // Before the command: the hangup may be heard of before the command's own answer.
        self.note_ending(&call, Some(who)).await?;
        let account = match self.account(agent.agency) {
            Ok(account) => account,
            Err(ControlError::Carrier(why)) => return self.end_on_the_board(&call, &why).await,
            Err(error) => return Err(error),
        };
        let handle = &call.call_control_id;
        let id = command_id(Uuid::new_v4(), "hangup", 1);
        match self.0.telnyx.hang_up(&account.key, handle, id).await {
            Ok(()) => {
                tracing::info!("{} hung up by user {}", named(call.id), agent.user.id);
                Ok(Ended::AtTheCarrier)
            }
            Err(error) if error.is_over() => {
                self.settle_as_over(agent.agency, handle, Over::Said(None))
                    .await?;
                Ok(Ended::AtTheCarrier)
            }
            Err(error) if error.is_about_key() || self.is_unasked(&call).await? => {
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
        let leg = self
            .0
            .store
            .leg(call.agency_id, call.call_control_id.clone());
        Ok(leg.await?.is_some_and(|leg| leg.unasked.is_some()))
    }

    /// The carrier cannot be told, and the call would stay on the board for ever.
    async fn end_on_the_board(&self, call: &Call, why: &str) -> Result<Ended, ControlError> {
        tracing::warn!("{} ended on the board alone: {why}", named(call.id));
        self.settle_as_over(call.agency_id, &call.call_control_id, Over::Presumed)
            .await?;
        let then = "The call has ended on the board alone; whoever is on the line still is";
        Ok(Ended::OnTheBoard(followed(why, then)))
    }

    async fn note_ending(&self, call: &Call, by: Option<Actor>) -> Result<(), ControlError> {
        let ending = EndingAppend {
            agency_id: call.agency_id,
            call_control_id: call.call_control_id.clone(),
            by,
            at: self.0.clock.now(),
        };
        self.record(Append::Ending(ending)).await?;
        Ok(())
    }
}
