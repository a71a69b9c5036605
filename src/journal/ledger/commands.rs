//! What agents and our own control do to calls: claims, releases, plain answers, ends.

use super::Ledger;
use crate::domain::{
    Actor, AgencyId, CLAIM_SECONDS, Call, CallId, Claim, ClaimEnd, ClaimId, CommandState, Errand,
    ErrandKind, EventType, Moment, Participant, Refusal, ReleaseReason, Standing, Status,
    Timestamp, UserId,
};
use crate::journal::append::{
    ClaimAnswer, ClaimAppend, CommandAppend, EndingAppend, LookedAppend, OverAppend,
    PlainAnswerAppend, ReleaseAppend,
};
use crate::store::StoreError;

impl Ledger {
    pub(super) fn claim(&mut self, append: &ClaimAppend) -> Result<ClaimAnswer, StoreError> {
        let handle = (append.agency_id, append.handle.clone());
        let call = self.index.call_of(&handle);
        let Some(call) = call.and_then(|id| self.calls.get(&id)).cloned() else {
            return Ok(ClaimAnswer::Gone);
        };
        let claims = self.claims.get(&call.id).into_iter().flatten();
        let had = claims.map(|claim| claim.id).any(|id| id == append.claim_id);
        match call.status {
            Status::Ended => Ok(ClaimAnswer::Gone),
            Status::Incoming if !had && self.may_hold_more(append) => self.win(call, append),
            Status::Incoming if !had => Ok(ClaimAnswer::Full),
            // This claim was won before and has let go since: its turn is over.
            Status::Incoming => Ok(ClaimAnswer::Taken {
                call: Box::new(call),
            }),
            Status::Answering | Status::Answered => {
                let call = Box::new(call);
                Ok(match self.holder(&call) {
                    Some(holder)
                        if holder.id == append.claim_id || holder.user_id == append.user_id =>
                    {
                        let claim_id = holder.id;
                        ClaimAnswer::Won { claim_id, call }
                    }
                    _ => ClaimAnswer::Taken { call },
                })
            }
        }
    }

    /// Whether this person holds fewer calls than one may.
    fn may_hold_more(&self, append: &ClaimAppend) -> bool {
        let Some(most) = append.most else { return true };
        let held = self.calls.values().filter(|call| {
            call.agency_id == append.agency_id
                && call.answered_by == Some(append.user_id)
                && matches!(call.status, Status::Answering | Status::Answered)
        });
        held.count() < usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// The claim that holds the call, or won it.
    fn holder(&self, call: &Call) -> Option<&Claim> {
        let claims = self.claims.get(&call.id)?;
        if call.status == Status::Answering {
            return claims.last();
        }
        let handle = (call.agency_id, call.handle.clone());
        let derived = self.derive(call.id, &handle)?;
        let mut claims = claims.iter().zip(derived.standings);
        claims
            .find(|(_, standing)| *standing == Standing::Won)
            .map(|(claim, _)| claim)
    }

    fn win(&mut self, call: Call, append: &ClaimAppend) -> Result<ClaimAnswer, StoreError> {
        let id = call.id;
        self.takes_a_call((append.agency_id, append.user_id));
        let claims = self.claims.entry(id).or_default();
        let claim = Claim {
            id: append.claim_id,
            call_id: id,
            ordinal: i32::try_from(claims.len())
                .unwrap_or(i32::MAX)
                .saturating_add(1),
            user_id: append.user_id,
            user_name: append.user_name.clone(),
            claimed_at: append.at,
            ended: None,
            plain_answer: false,
            deadline: self.steady.plus_seconds(CLAIM_SECONDS),
        };
        let ringing = Participant::ringing(&claim);
        claims.push(claim);
        self.index.put_claim(append.agency_id, append.claim_id, id);
        self.owe_for_claim(append);
        let actor = Actor {
            id: append.user_id,
            name: append.user_name.clone(),
        };
        // The claim is told as such, even when what its legs have done since is known already.
        let mut answering = Call {
            status: Status::Answering,
            answered_by: Some(append.user_id),
            answered_by_name: append.user_name.clone(),
            ..call
        };
        if let Some(participants) = &mut answering.participants {
            ringing.add(participants);
        }
        let moment = command_moment(append.at);
        self.record(EventType::Answering, None, answering, moment, Some(actor))?;
        self.plan_on(id);
        self.settle(id, moment, None)?;
        Ok(match self.calls.get(&id) {
            Some(call) => ClaimAnswer::Won {
                claim_id: append.claim_id,
                call: Box::new(call.clone()),
            },
            None => ClaimAnswer::Gone,
        })
    }

    /// Whoever won drives the claim; should that process die, another does. And nobody waits longer
    /// than a claim may.
    fn owe_for_claim(&mut self, append: &ClaimAppend) {
        let carrier = append.handle.carrier;
        let owed =
            |kind, due| Errand::of_claim(append.agency_id, carrier, append.claim_id, kind, due);
        let deadline = self.steady.plus_seconds(CLAIM_SECONDS);
        let drive = owed(ErrandKind::Drive, self.steady).leased(append.driven_until);
        let expire = owed(ErrandKind::Expire, deadline);
        self.writes.errands.extend([drive, expire]);
    }

    /// A claim lets go, if it still holds a call that nobody has answered.
    pub(super) fn release(&mut self, append: &ReleaseAppend) -> Result<bool, StoreError> {
        let Some((call, claim)) = self.holding(append.agency_id, append.claim_id) else {
            return Ok(false);
        };
        claim.ended = Some((append.at, ClaimEnd::Released(append.reason)));
        let claim = claim.clone();
        if append.reason == ReleaseReason::Refused {
            self.hear_that_latest(append.agency_id, &claim, REFUSED);
        }
        let actor = append.by.map(|by| actor_of(&claim, by));
        self.settle(call, command_moment(append.at), actor)?;
        Ok(true)
    }

    /// A claim answers plainly, unless the carrier has taken on what it was asked before.
    pub(super) fn plain_answer(&mut self, append: &PlainAnswerAppend) -> Result<bool, StoreError> {
        let Some((call, claim)) = self.holding(append.agency_id, append.claim_id) else {
            return Ok(false);
        };
        if !claim.plain_answer {
            let before = claim.clone();
            if self.latest_command(&before).state.is_accepted() {
                return Ok(false);
            }
            self.hear_that_latest(append.agency_id, &before, REFUSED);
            if let Some((_, claim)) = self.holding(append.agency_id, append.claim_id) {
                claim.plain_answer = true;
            }
            self.plan_on(call);
        }
        self.settle(call, command_moment(append.at), None)?;
        Ok(true)
    }

    /// What is heard of a command. As long as its claim holds the call, the next one follows.
    pub(super) fn command(&mut self, append: &CommandAppend) -> Result<bool, StoreError> {
        let (agency, command) = (append.agency_id, append.command);
        let call = command
            .by
            .and_then(|claim| self.index.call_of_claim(agency, claim));
        if call != Some(command.call) {
            return Ok(false);
        }
        let is_news = self.hear_of(agency, command);
        let Some((call, _)) = command.by.and_then(|claim| self.holding(agency, claim)) else {
            return Ok(is_news);
        };
        // Who was refused asks the next thing at once; what the carrier has taken on is waited for.
        if !command.state.is_accepted() {
            self.plan_on(call);
        }
        self.settle(call, command_moment(append.at), None)?;
        Ok(true)
    }

    /// Who asks for the end of a call that is not over.
    pub(super) fn ending(&mut self, append: &EndingAppend) -> bool {
        let handle = (append.agency_id, append.handle.clone());
        let Some(leg) = self.index.leg(&handle).filter(|leg| leg.end().is_none()) else {
            return false;
        };
        let mut leg = leg.clone();
        leg.ended_by.clone_from(&append.by);
        self.index.put_leg(append.agency_id, leg);
        self.changed_legs.insert(handle);
        true
    }

    /// Whether the carrier could be asked about a leg.
    pub(super) fn looked(&mut self, append: &LookedAppend) -> bool {
        let handle = (append.agency_id, append.handle.clone());
        let Some(leg) = self.index.leg(&handle).filter(|leg| leg.end().is_none()) else {
            return false;
        };
        let mut leg = leg.clone();
        leg.unasked = append.unasked;
        self.index.put_leg(append.agency_id, leg);
        self.changed_legs.insert(handle);
        true
    }

    /// A call is over whose hangup has not come.
    pub(super) fn over(&mut self, append: &OverAppend) -> Result<bool, StoreError> {
        let handle = (append.agency_id, append.handle.clone());
        let Some(id) = self.index.call_of(&handle) else {
            return Ok(false);
        };
        let Some(leg) = self.index.leg(&handle).filter(|leg| leg.end().is_none()) else {
            return Ok(false);
        };
        let mut leg = leg.clone();
        let moment = Moment {
            occurred: append.since,
            received: append.at,
        };
        leg.learn_over(moment);
        leg.presumed = append.presumed;
        self.index.put_leg(append.agency_id, leg);
        self.changed_legs.insert(handle);
        self.settle(id, moment, None)?;
        Ok(true)
    }

    /// The claim of that id and its call, if it holds the call at this moment.
    fn holding(&mut self, agency: AgencyId, claim: ClaimId) -> Option<(CallId, &mut Claim)> {
        let id = self.index.call_of_claim(agency, claim)?;
        let answering = self.calls.get(&id)?.status == Status::Answering;
        let last = self.claims.get_mut(&id)?.last_mut()?;
        (answering && last.id == claim).then_some((id, last))
    }
}

/// A command that has no chance any more.
const REFUSED: CommandState = CommandState::Refused(Refusal::ForGood);

fn actor_of(claim: &Claim, by: UserId) -> Actor {
    Actor {
        id: by,
        name: claim.user_name.clone().filter(|_| claim.user_id == by),
    }
}

/// A command happens, is received and is ours in one moment.
fn command_moment(at: Timestamp) -> Moment {
    Moment {
        occurred: at,
        received: at,
    }
}
