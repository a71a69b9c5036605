//! A finished call as people look back on it: how it came out, how long it waited, how long it was.

use super::{
    AgencyId, Call, CallId, HangupCause, Leg, LegHandle, Reason, Status, Timestamp, UserId,
    value_of, words,
};

words! {
    /// How a call came out.
    pub enum CallResult {
        /// Somebody was on it.
        Answered = "answered",
        /// The caller left before anybody was.
        Abandoned = "abandoned",
        /// Nobody was on it, and it ended otherwise: by time-out, say, or by an agent.
        Missed = "missed",
    }
}

impl CallResult {
    /// How a finished call came out, given its caller's leg.
    #[must_use]
    pub fn of(call: &Call, caller: &Leg) -> Self {
        if call.answered_at.is_some() {
            Self::Answered
        } else if caller_left(caller) {
            Self::Abandoned
        } else {
            Self::Missed
        }
    }
}

/// Whether it was the caller who hung up: the carrier says so or, where it does not say who, gives
/// a cause that callers have.
fn caller_left(caller: &Leg) -> bool {
    let said = |detail| value_of(detail).filter(|text| !text.is_empty());
    // Somebody here asked for the end, or nobody knows how it came about.
    if caller.ended_by.is_some() || caller.hung_up.is_none() {
        return false;
    }
    match said(&caller.hangup_source) {
        Some("caller") => true,
        Some("callee") => false,
        _ => matches!(
            caller.hangup(),
            HangupCause::Cancelled | HangupCause::Normal
        ),
    }
}

/// A finished call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLog {
    /// The call's own id.
    pub id: CallId,
    /// Whose numbers were called.
    pub agency_id: AgencyId,
    /// The caller's leg.
    pub handle: LegHandle,
    /// Who called, as sent.
    pub from_number: Option<String>,
    /// Who was called, as sent.
    pub to_number: Option<String>,
    /// The caller's name, where the network gave one.
    pub caller_name: Option<String>,
    /// How it came out.
    pub result: CallResult,
    /// Who answered; nobody of an unanswered call, whoever had claimed it.
    pub answered_by: Option<UserId>,
    /// That person's name at the time.
    pub answered_by_name: Option<String>,
    /// When it began to ring.
    pub started_at: Timestamp,
    /// When somebody was first on it.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why it ended, in the carrier's words; `reconciled` or `unknown` when its hangup never came.
    pub end_reason: Option<String>,
}

impl CallLog {
    /// What remains of a call, given its caller's leg; `None` before its end.
    #[must_use]
    pub fn of(call: &Call, caller: &Leg) -> Option<Self> {
        let ended_at = call.ended_at.filter(|_| call.status == Status::Ended)?;
        let answered = call.answered_at.is_some();
        Some(Self {
            id: call.id,
            agency_id: call.agency_id,
            handle: call.handle.clone(),
            from_number: call.from_number.clone(),
            to_number: call.to_number.clone(),
            caller_name: call.caller_name.clone(),
            result: CallResult::of(call, caller),
            answered_by: call.answered_by.filter(|_| answered),
            answered_by_name: call.answered_by_name.clone().filter(|_| answered),
            started_at: call.created_at,
            answered_at: call.answered_at,
            ended_at,
            end_reason: match &call.hangup_cause {
                None if caller.hung_up.is_none() => Some(Reason::of_end(caller).name().to_owned()),
                cause => cause.clone(),
            },
        })
    }

    /// Whole seconds from the answer to the end; 0 unanswered.
    #[must_use]
    pub fn duration_seconds(&self) -> i64 {
        let micros = self.answered_at.map(|at| self.ended_at.micros_since(at));
        micros.unwrap_or(0).max(0) / 1_000_000
    }

    /// Whole seconds of the wait.
    #[must_use]
    pub fn wait_seconds(&self) -> i64 {
        self.wait_micros() / 1_000_000
    }

    /// Microseconds from the ring to the answer, or to the end of a call that nobody answered.
    #[must_use]
    pub fn wait_micros(&self) -> i64 {
        let until = self.answered_at.unwrap_or(self.ended_at);
        until.micros_since(self.started_at).max(0)
    }
}

/// A finished call with what agents wrote about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// What the carrier and the claims made of it.
    pub log: CallLog,
    /// An agent's word for what came of it.
    pub outcome: Option<String>,
    /// Agents' notes.
    pub notes: Option<String>,
    /// When the row last changed, by our clock.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests;
