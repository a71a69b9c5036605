//! The status machine: what a call is, given everything that is known of its legs and claims.
//!
//! A total function of the facts. It knows no clock, no order of arrival and no earlier status, and
//! this is why the same webhooks and claims leave the same call whatever order they came in.

use super::{
    AgencyId, Call, CallId, Claim, ClaimEnd, ClaimId, Leg, LegHandle, Recording, ReleaseReason,
    Status, Timestamp, value_of,
};
use std::collections::BTreeMap;

mod participants;

/// All that bears on one call.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The caller's leg: the call itself.
    pub caller: &'a Leg,
    /// The call's claims, oldest first.
    pub claims: &'a [Claim],
    /// The other legs of its session, and those that name one of its claims.
    pub legs: &'a [&'a Leg],
}

/// How a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds the call.
    Open,
    /// It let go of the call, for this reason.
    Released(ReleaseReason),
    /// Its agent got the call.
    Won,
    /// Its agent had the call, and a colleague's claim has it now.
    HandedOver {
        /// That claim.
        to: ClaimId,
    },
}

/// What follows from the facts of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    pub call: Call,
    /// How each of its claims stands.
    pub standings: Vec<Standing>,
    /// The handles of the agents' legs that nobody is to answer any more.
    pub unwanted: Vec<LegHandle>,
}

/// What these facts make. `None` while the caller's leg is not known to be a call.
#[must_use]
pub fn derive(id: CallId, agency_id: AgencyId, facts: Facts<'_>) -> Option<Derived> {
    let caller = facts.caller;
    if !caller.is_call() {
        return None;
    }
    let created_at = caller.initiated?.occurred;
    let ended_at = facts.over();
    let answer = facts.answer();
    let standings = facts.standings(answer);
    let status = match (ended_at, answer, standings.last()) {
        (Some(_), _, _) => Status::Ended,
        (_, Some(_), _) => Status::Answered,
        (_, _, Some(Standing::Open)) => Status::Answering,
        _ => Status::Incoming,
    };
    let holder = facts.holder(answer, &standings);
    let owned = |detail| value_of(detail).map(str::to_owned);
    let call = Call {
        id,
        agency_id,
        handle: caller.handle.clone(),
        call_session_id: owned(&caller.session),
        from_number: owned(&caller.from),
        to_number: owned(&caller.to),
        caller_name: owned(&caller.caller_name),
        status,
        answered_by: holder.map(|claim| claim.user_id),
        answered_by_name: holder.and_then(|claim| claim.user_name.clone()),
        caller_answered_at: caller.answered.map(|moment| moment.occurred),
        answered_at: answer.map(|answer| answer.at),
        ended_at,
        connected: status == Status::Answered && facts.connected(answer),
        hangup_cause: owned(&caller.hangup_cause),
        recordings: facts.recordings(),
        created_at,
        updated_at: created_at,
        participants: Some(facts.participants(answer, &standings)),
    };
    let unwanted = facts.unwanted(&standings);
    Some(Derived {
        call,
        standings,
        unwanted,
    })
}

/// The earliest answer, and the claim (by its place) whose answer it is, if it is one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    at: Timestamp,
    winner: Option<usize>,
}

impl<'a> Facts<'a> {
    /// When the call was over.
    fn over(&self) -> Option<Timestamp> {
        self.caller.end().map(|moment| moment.occurred)
    }

    /// The legs of claims that have let go, and all claims' legs once the call is over, as far as
    /// they are still there.
    fn unwanted(&self, standings: &[Standing]) -> Vec<LegHandle> {
        let over = self.over().is_some();
        (0..standings.len())
            .filter(|place| over || standings.get(*place).is_some_and(has_let_go))
            .flat_map(|place| self.legs_of(place))
            .filter(|leg| leg.is_known() && leg.end().is_none())
            .map(|leg| leg.handle.clone())
            .collect()
    }

    /// The legs that belong to the claim at `place`: those that name it, and those without a
    /// mark that went out in the call's session while it was open.
    fn legs_of(&self, place: usize) -> impl Iterator<Item = &'a Leg> {
        let claims = self.claims;
        let session = self.caller.session.as_ref().map(super::Reported::value);
        self.legs.iter().copied().filter(move |leg| {
            let Some(claim) = claims.get(place) else {
                return false;
            };
            if leg.ours {
                return leg.claim == Some(claim.id);
            }
            let same_session =
                session.is_some() && leg.session.as_ref().map(super::Reported::value) == session;
            same_session
                && !leg.foreign
                && leg.direction == Some(super::Direction::Outgoing)
                && leg
                    .initiated
                    .is_some_and(|moment| was_open(claims, place, moment.occurred))
        })
    }

    /// When and how the claim at `place` let go: by a command, by a leg that hung up unanswered, or
    /// at the latest when the next claim was won.
    fn release_of(&self, place: usize) -> Option<(Timestamp, ClaimEnd)> {
        let by_command = self.claims.get(place).and_then(|claim| claim.ended);
        let by_leg = self.released_by_leg(place);
        let by_next = self
            .claims
            .get(place + 1)
            .map(|next| (next.claimed_at, ReleaseReason::Cancelled));
        let released = by_leg.or(by_next);
        by_command.or(released.map(|(at, reason)| (at, ClaimEnd::Released(reason))))
    }

    /// The claim that has the call: the one that won it, or whoever it was handed over to since.
    fn has(&self, answer: Option<Answer>) -> Option<usize> {
        let mut place = answer?.winner?;
        // No more steps than claims, whatever they say of each other.
        for _ in self.claims {
            let to = self.claims.get(place).and_then(handed_to);
            let next = self.claims.iter().position(|claim| Some(claim.id) == to);
            let Some(next) = next else { break };
            place = next;
        }
        Some(place)
    }

    /// A claim that answers plainly no longer waits for a phone, so no phone lets it fall.
    fn released_by_leg(&self, place: usize) -> Option<(Timestamp, ReleaseReason)> {
        if self.claims.get(place)?.plain_answer {
            return None;
        }
        self.legs_of(place)
            .filter(|leg| leg.picked_up().is_none())
            .filter_map(|leg| {
                let reason = ReleaseReason::of_hangup(leg.hangup());
                leg.hung_up.map(|moment| (moment.occurred, reason))
            })
            .min_by_key(|(at, _)| *at)
    }

    /// The answer of the call: the earliest that counts. Whose it is, the claims' own legs say
    /// first; a bridge on the caller's side falls to whoever held the call then.
    fn answer(&self) -> Option<Answer> {
        let counts = |at: &Timestamp| self.over().is_none_or(|over| *at <= over);
        let by_claims = (0..self.claims.len())
            .filter_map(|place| self.answer_of(place).map(|at| (at, place)))
            .filter(|(at, _)| counts(at))
            .min();
        let by_bridge = self
            .caller
            .bridged
            .map(|moment| moment.occurred)
            .filter(counts);
        let unclaimed = self.caller.answered.map(|moment| moment.occurred);
        let unclaimed = unclaimed.filter(|at| self.claims.is_empty() && counts(at));

        let at = [by_claims.map(|(at, _)| at), by_bridge, unclaimed]
            .into_iter()
            .flatten()
            .min()?;
        let winner = by_claims
            .map(|(_, place)| place)
            .or_else(|| by_bridge.and_then(|at| self.held_at(at)));
        Some(Answer { at, winner })
    }

    /// When the claim at `place` got its answer: its agent's leg was picked up while nobody else
    /// held the call, or it answered plainly, is not released, and the caller's leg was answered.
    fn answer_of(&self, place: usize) -> Option<Timestamp> {
        let claim = self.claims.get(place)?;
        let by_leg = self
            .legs_of(place)
            .flat_map(Leg::pick_ups)
            .filter(|at| self.could_win_at(place, *at))
            .min();
        let plain = claim.plain_answer && self.release_of(place).is_none();
        let by_caller = self
            .caller
            .answered
            .filter(|_| plain)
            .map(|moment| moment.occurred);
        [by_leg, by_caller].into_iter().flatten().min()
    }

    /// Whether a pick-up at `moment` may win for the claim at `place`: for the last claim always,
    /// for one before it once the last has let go. Only the last is asked, since it was won when
    /// all before it had let go; asking what their legs say now could take an answer back.
    fn could_win_at(&self, place: usize, moment: Timestamp) -> bool {
        let last = self.claims.len().saturating_sub(1);
        // Nobody hands over what he has not won.
        let has_won = self.claims.get(place).and_then(handed_to).is_some();
        place == last || has_won || self.release_of(last).is_some_and(|(at, _)| at <= moment)
    }

    /// The claim that held the call at `moment`; failing that, the last one if it still holds.
    fn held_at(&self, moment: Timestamp) -> Option<usize> {
        let last = self.claims.len().checked_sub(1)?;
        (0..self.claims.len())
            .rev()
            .find(|place| {
                let claimed = self.claims.get(*place).map(|claim| claim.claimed_at);
                let released = self.release_of(*place).map(|(at, _)| at);
                claimed.is_some_and(|at| at <= moment) && released.is_none_or(|at| moment <= at)
            })
            .or_else(|| self.release_of(last).is_none().then_some(last))
    }

    fn standings(&self, answer: Option<Answer>) -> Vec<Standing> {
        let has = self.has(answer);
        (0..self.claims.len())
            .map(|place| match self.release_of(place) {
                _ if has == Some(place) => Standing::Won,
                Some((_, ClaimEnd::Released(reason))) => Standing::Released(reason),
                Some((_, ClaimEnd::HandedOver { to })) => Standing::HandedOver { to },
                None => Standing::Open,
            })
            .collect()
    }

    /// Whose name stands on the call: that of whoever has it; before an answer the last claim's, unless it was
    /// released. A leg that fell only after the caller had gone released nothing.
    fn holder(&self, answer: Option<Answer>, standings: &[Standing]) -> Option<&'a Claim> {
        if answer.is_some() {
            return self.has(answer).and_then(|place| self.claims.get(place));
        }
        let place = self.claims.len().checked_sub(1)?;
        let last = self.claims.get(place)?;
        let over = self.over();
        let fell_afterwards = last.ended.is_none()
            && over.is_some_and(|over| {
                self.released_by_leg(place)
                    .is_some_and(|(at, _)| at >= over)
            });
        (standings.get(place) == Some(&Standing::Open) || fell_afterwards).then_some(last)
    }

    /// Whether an agent's leg is on the call: one of those of the claim that has it. Where no leg is
    /// known, the caller's bridge says that somebody is there.
    fn connected(&self, answer: Option<Answer>) -> bool {
        if answer.is_none() {
            return false;
        }
        let mut legs = self.talked_on(self.has(answer)).peekable();
        if legs.peek().is_some() {
            return legs.any(|leg| leg.hung_up.is_none());
        }
        self.caller.bridged.is_some()
    }

    /// The legs on which a claim's agent was with the caller. Of a leg whose hangup alone was heard,
    /// the caller's bridge says that it had been there.
    fn talked_on(&self, place: Option<usize>) -> impl Iterator<Item = &'a Leg> {
        let bridged = self.caller.bridged.map(|moment| moment.occurred);
        let left_after_bridge = move |leg: &Leg| {
            let left = leg.hung_up.map(|moment| moment.occurred);
            left.zip(bridged).is_some_and(|(left, at)| left >= at)
        };
        let legs = place.into_iter().flat_map(|place| self.legs_of(place));
        legs.filter(move |leg| leg.picked_up().is_some() || left_after_bridge(leg))
    }

    fn recordings(&self) -> Vec<Recording> {
        let of_claims = (0..self.claims.len()).flat_map(|place| self.legs_of(place));
        let mut by_id: BTreeMap<&str, &Recording> = BTreeMap::new();
        for leg in std::iter::once(self.caller).chain(of_claims) {
            for (id, recording) in &leg.recordings {
                let known = by_id.entry(id).or_insert(recording);
                *known = recording.min(known);
            }
        }
        let mut recordings: Vec<Recording> = by_id.into_values().cloned().collect();
        // Stable, so that recordings of one moment stay in the order of their ids.
        recordings
            .sort_by_key(|recording| recording.started_at.unwrap_or(recording.saved.occurred));
        recordings
    }
}

/// Whether the claim at `place` held the call at `moment`, going by claims and commands alone: what
/// legs say may not decide here, since this decides whose the legs are.
fn was_open(claims: &[Claim], place: usize, moment: Timestamp) -> bool {
    let Some(claim) = claims.get(place) else {
        return false;
    };
    let next = claims.get(place + 1).map(|next| next.claimed_at);
    let until = claim.ended.map(|(at, _)| at).or(next);
    claim.claimed_at <= moment && until.is_none_or(|until| moment < until)
}

fn handed_to(claim: &Claim) -> Option<ClaimId> {
    match claim.ended?.1 {
        ClaimEnd::HandedOver { to } => Some(to),
        ClaimEnd::Released(_) => None,
    }
}

/// Whether nobody waits for the claim's legs any more.
fn has_let_go(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Released(_) | Standing::HandedOver { .. }
    )
}

#[cfg(test)]
mod tests;
