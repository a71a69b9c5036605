//! A claim is brought to a definite outcome at the carrier: its phone rings, or its call is
//! answered, or it is let go of. What to ask is said by `domain::next`, from the call and what was
//! asked so far, which stands in the database: so another process may go on where one was lost. A
//! command that is sent again has the id it had, and the carrier ignores it.

use super::{Control, ControlError, Over, named};
use crate::carriers::{About, CarrierAccount, CarrierError, Dial};
use crate::config::TransferRefused;
use crate::domain::{
    Action, AgencyId, Call, Carrier, ClaimId, Command, CommandState, Refusal, ReleaseReason,
    Standing, Status, is_withheld, next,
};
use crate::journal::{Append, CommandAppend, PlainAnswerAppend, ReleaseAppend};
use crate::store::HeldClaim;

/// Most steps of one drive: a transfer, one with another `from`, an answer, and room to spare.
const MOST_STEPS: usize = 6;

/// What became of a claim.
pub(super) enum Driven {
    /// The carrier has taken the command on, or there was nothing to ask for.
    Asked,
    /// The call is over.
    Gone,
}

/// What is to be done after the carrier's answer.
enum Next {
    /// Look at the claim again: its command has changed.
    Again,
    Done(Driven),
}

impl Control {
    /// Asks the carrier for what a claim needs until that is taken on or has failed.
    pub(super) async fn drive(
        &self,
        agency: AgencyId,
        carrier: Carrier,
        claim: ClaimId,
    ) -> Result<Driven, ControlError> {
        let account = match self.account(agency, carrier) {
            Ok(account) => account,
            Err(error) => {
                self.let_go(agency, claim, ReleaseReason::CarrierError)
                    .await?;
                return Err(error);
            }
        };
        for _ in 0..MOST_STEPS {
            let held = self.0.store.claim(agency, claim).await?;
            let Some(held) = held.filter(|held| held.standing == Standing::Open) else {
                return Ok(Driven::Asked);
            };
            if held.call.status == Status::Ended {
                return Ok(Driven::Gone);
            }
            let Some(command) = next(&held.call, &held.claim, held.standing, &held.commands) else {
                return Ok(Driven::Asked);
            };
            let next = if !held.commands.contains(&command) {
                // A node of the previous release has left it to whoever sends it.
                self.note(&held, command, CommandState::Asked).await?
            } else {
                match command.action {
                    Action::Answer => self.ask_answer(&account, &held, command).await?,
                    Action::Transfer => self.ask_transfer(&account, &held, command).await?,
                }
            };
            if let Next::Done(driven) = next {
                return Ok(driven);
            }
        }
        self.let_go(agency, claim, ReleaseReason::Refused).await?;
        let sentence = "The carrier refused one command after another. The call rings again";
        Err(ControlError::Carrier(sentence.to_owned()))
    }

    async fn ask_transfer(
        &self,
        account: &CarrierAccount,
        held: &HeldClaim,
        command: Command,
    ) -> Result<Next, ControlError> {
        let Some(to) = self.phone_of(account, held.claim.user_id).await? else {
            return self.answer_plainly(held).await;
        };
        let is_refusal = |one: &Command| one.state == CommandState::Refused(Refusal::CallerId);
        let own_refused = held.commands.iter().any(is_refusal);
        let own = account.shown(held.call.from_number.as_deref(), own_refused);
        let dial = Dial {
            to,
            shown: own,
            name: name_of(&held.call),
            rings_s: account.ring_s(),
            claim: held.claim.id,
        };
        let leg = &held.call.handle;
        let asked = account.connect(leg, &dial, command.id.0).await;
        match asked {
            Ok(()) => self.note(held, command, CommandState::Accepted).await,
            Err(error) if error.is_over() => self.over(held).await,
            Err(CarrierError::NotAnswered(_)) => {
                let refused = CommandState::Refused(Refusal::NotAnswered);
                self.note(held, command, refused).await
            }
            Err(error) if error.is_about(About::ShownNumber) && !own_refused => {
                let refused = CommandState::Refused(Refusal::CallerId);
                self.note(held, command, refused).await
            }
            Err(CarrierError::Refused { .. })
                if self.0.calls.transfer_refused == TransferRefused::Answer =>
            {
                self.answer_plainly(held).await
            }
            Err(error) => self.failed(held, &error).await,
        }
    }

    async fn ask_answer(
        &self,
        account: &CarrierAccount,
        held: &HeldClaim,
        command: Command,
    ) -> Result<Next, ControlError> {
        if held.call.caller_answered_at.is_some() {
            return self.note(held, command, CommandState::Done).await;
        }
        let leg = &held.call.handle;
        match account.answer(leg, command.id.0).await {
            Ok(()) => self.note(held, command, CommandState::Accepted).await,
            Err(error) if error.is_over() => self.over(held).await,
            Err(error) => self.failed(held, &error).await,
        }
    }

    /// Writes down how the command stands, and with it what follows: another one, which is asked
    /// at once, or a wait for the carrier's webhooks.
    async fn note(
        &self,
        held: &HeldClaim,
        command: Command,
        state: CommandState,
    ) -> Result<Next, ControlError> {
        let noted = CommandAppend {
            agency_id: held.call.agency_id,
            command: command.now(state),
            at: self.0.clock.now(),
        };
        self.record(Append::Command(noted)).await?;
        Ok(match state.is_accepted() {
            true => Next::Done(Driven::Asked),
            false => Next::Again,
        })
    }

    async fn answer_plainly(&self, held: &HeldClaim) -> Result<Next, ControlError> {
        let plain = PlainAnswerAppend {
            agency_id: held.call.agency_id,
            claim_id: held.claim.id,
            at: self.0.clock.now(),
        };
        self.record(Append::PlainAnswer(plain)).await?;
        Ok(Next::Again)
    }

    async fn over(&self, held: &HeldClaim) -> Result<Next, ControlError> {
        let call = &held.call;
        self.settle_as_over(call.agency_id, &call.handle, Over::Said(None))
            .await?;
        Ok(Next::Done(Driven::Gone))
    }

    async fn failed(&self, held: &HeldClaim, error: &CarrierError) -> Result<Next, ControlError> {
        let reason = match error {
            CarrierError::Refused { .. } => ReleaseReason::Refused,
            _ => ReleaseReason::CarrierError,
        };
        tracing::warn!("{} released: {error}", named(held.call.id));
        self.let_go(held.call.agency_id, held.claim.id, reason)
            .await?;
        Err(ControlError::of_carrier(error, "The call rings again"))
    }

    /// Lets go of a claim, if it still holds its call.
    pub(super) async fn let_go(
        &self,
        agency_id: AgencyId,
        claim_id: ClaimId,
        reason: ReleaseReason,
    ) -> Result<bool, ControlError> {
        let release = ReleaseAppend {
            agency_id,
            claim_id,
            reason,
            by: None,
            at: self.0.clock.now(),
        };
        self.record(Append::Release(release)).await
    }
}

/// The caller's name; carriers repeat the number where there is none.
fn name_of(call: &Call) -> Option<String> {
    let name = call.caller_name.clone();
    name.filter(|name| Some(name) != call.from_number.as_ref() && !is_withheld(name))
}
