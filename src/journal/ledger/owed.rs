//! What follows for us from a change: what we owe the carrier, written down with the change itself.

use super::{Handle, Ledger};
use crate::domain::{Call, Derived, Errand, ErrandKind, Standing, Status, Timestamp};

/// How long a call may be without news before the carrier is asked, in seconds.
pub(in crate::journal) const LOOK_AFTER_S: i64 = 120;
/// How long after an agent has left an answered call the carrier is asked about the caller, in
/// seconds: the hangup of the other side usually comes by itself.
const LOOK_SOON_S: i64 = 5;
/// How long a connected leg may take to end by itself once the call is over, in seconds.
const HANG_UP_AFTER_S: i64 = 2;

impl Ledger {
    /// Owes what follows from a call becoming what `derived` says; to be called before the call is
    /// replaced.
    pub(super) fn owe(&mut self, handle: &Handle, derived: &Derived) {
        let call = &derived.call;
        for kind in self.follows(call, &derived.standings) {
            let seconds = match kind {
                ErrandKind::Look if self.calls.contains_key(&call.id) => LOOK_SOON_S,
                ErrandKind::Look => LOOK_AFTER_S,
                _ => 0,
            };
            self.owe_about(handle, kind, self.steady.plus_seconds(seconds));
        }
        // What the carrier is to be asked in consequence is for anybody to ask.
        let standing = derived.standings.last();
        if let Some(claim) = standing.and_then(|standing| self.plan(call, *standing)) {
            let (agency, carrier, kind) = (handle.0, handle.1.carrier, ErrandKind::Drive);
            let errand = Errand::of_claim(agency, carrier, claim, kind, self.steady);
            self.writes.errands.push(errand);
        }
        for leg in &derived.unwanted {
            self.owe_hang_up(&(handle.0, leg.clone()), call.status == Status::Ended);
        }
    }

    /// A leg that nobody knows has been heard of: should its `call.initiated` never come, it is
    /// looked at.
    pub(super) fn owe_a_look(&mut self, handle: &Handle) {
        let due = self.steady.plus_seconds(LOOK_AFTER_S);
        self.owe_about(handle, ErrandKind::Look, due);
    }

    fn owe_about(&mut self, handle: &Handle, kind: ErrandKind, due: Timestamp) {
        let errand = Errand::of_leg(handle.0, &handle.1, kind, due);
        self.writes.errands.push(errand);
    }

    fn follows(&self, call: &Call, standings: &[Standing]) -> Vec<ErrandKind> {
        let before = self.calls.get(&call.id);
        let was = before.map(|call| call.status);
        let mut kinds = Vec::new();
        if before.is_none() && call.status != Status::Ended {
            kinds.push(ErrandKind::Look);
        }
        match call.status {
            Status::Answered if was != Some(Status::Answered) => {
                kinds.push(ErrandKind::Record);
                if before.is_some_and(|before| waited_answered(before, call, standings)) {
                    kinds.push(ErrandKind::Quiet);
                }
            }
            Status::Answered
                if before.is_some_and(|before| before.connected) && !call.connected =>
            {
                kinds.push(ErrandKind::Look);
            }
            // Let go of, or answered only after that: the carrier was slow to do what it was asked.
            Status::Incoming
                if call.caller_answered_at.is_some()
                    && before.is_some_and(|before| {
                        before.status == Status::Answering || before.caller_answered_at.is_none()
                    }) =>
            {
                kinds.push(ErrandKind::Ring);
            }
            _ => {}
        }
        kinds
    }

    /// Owes the hangup of a leg, once.
    fn owe_hang_up(&mut self, handle: &Handle, call_is_over: bool) {
        let Some(leg) = self.index.leg(handle).filter(|leg| !leg.unwanted) else {
            return;
        };
        let mut leg = leg.clone();
        leg.unwanted = true;
        // Of a connected leg the carrier itself lets go when the other side has hung up.
        let ends_by_itself = call_is_over && leg.picked_up().is_some();
        let seconds = if ends_by_itself { HANG_UP_AFTER_S } else { 0 };
        self.index.put_leg(handle.0, leg);
        self.changed_legs.insert(handle.clone());
        self.owe_about(
            handle,
            ErrandKind::HangUp,
            self.steady.plus_seconds(seconds),
        );
    }
}

/// Whether the caller, once answered, has waited for somebody: a claim was let go of before this
/// answer. A caller who was answered together with the agent has not waited.
fn waited_answered(before: &Call, call: &Call, standings: &[Standing]) -> bool {
    let released = standings
        .iter()
        .any(|standing| matches!(standing, Standing::Released(_)));
    let had_been_answered = before.caller_answered_at.is_some();
    released && had_been_answered && call.caller_answered_at <= call.answered_at
}
