//! An agent takes a call. Of any number of agents, on any number of nodes, the journal lets one win.

use super::drive::Driven;
use super::{Agent, Control, ControlError, LEASE_S, Which, named};
use crate::domain::{Call, ClaimId};
use crate::journal::{Answer, Append, ClaimAnswer, ClaimAppend};
use std::num::NonZeroU32;
use uuid::Uuid;

impl Control {
    /// Claims the call and asks the carrier for it. Returns when the carrier has taken the command
    /// on; that the agent is connected, the board hears.
    ///
    /// # Errors
    /// When the call is gone, somebody else's, or the carrier failed or refused, in which case the
    /// claim has been released.
    pub async fn answer(&self, agent: Agent, which: Which) -> Result<Box<Call>, ControlError> {
        let control = self.clone();
        self.see_through(async move { control.take(agent, which).await })
            .await
    }

    async fn take(&self, agent: Agent, which: Which) -> Result<Box<Call>, ControlError> {
        // Looked at before the account is: whoever has no key still learns that a call is not there.
        let Call { handle, .. } = self.call_to_act_on(&agent, which).await?;
        let account = self.account(agent.agency, handle.carrier)?;
        if let Some(seconds) = account.retry_after_s() {
            return Err(ControlError::CarrierAway(seconds));
        }
        let at = self.0.clock.now();
        let mine = ClaimId(Uuid::new_v4());
        let most = self.0.calls.per_agent.map(NonZeroU32::get);
        let claim = ClaimAppend {
            agency_id: agent.agency,
            handle,
            claim_id: mine,
            user_id: agent.user.id,
            user_name: agent.user.shown_name(),
            at,
            most,
            driven_until: self.0.clock.steady().plus_seconds(LEASE_S),
        };
        let Answer::Claim(answer) = self.append(Append::Claim(claim)).await? else {
            return Err(ControlError::Unavailable);
        };
        match answer {
            // The winner asks again: the first request sees to the carrier.
            ClaimAnswer::Won { claim_id, call } if claim_id != mine => Ok(call),
            ClaimAnswer::Won { call, .. } => {
                let name = agent
                    .user
                    .shown_name()
                    .unwrap_or_else(|| agent.user.id.to_string());
                tracing::info!("{} claimed by {name}", named(call.id));
                match self.drive(agent.agency, call.handle.carrier, mine).await? {
                    Driven::Asked => Ok(call),
                    Driven::Gone => Err(ControlError::NotFound),
                }
            }
            ClaimAnswer::Taken { call } => Err(ControlError::Taken(call)),
            ClaimAnswer::Full => {
                let most = most.unwrap_or_default();
                let calls = if most == 1 {
                    "a call".into()
                } else {
                    format!("{most} calls")
                };
                Err(ControlError::Full(calls))
            }
            ClaimAnswer::Gone => Err(ControlError::NotFound),
        }
    }
}
