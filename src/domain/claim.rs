//! A claim: one agent's hold on one call, of which at most one is open.

use super::{CallId, ClaimId, HangupCause, Timestamp, UserId, words};

words! {
    /// Why a call went back to ringing.
    pub enum ReleaseReason {
        /// The agent's phone was busy.
        Busy = "busy",
        /// The agent's phone rang out.
        NoAnswer = "no_answer",
        /// The agent's phone declined.
        Rejected = "rejected",
        /// The carrier refused the command.
        Refused = "refused",
        /// Nothing was heard for 45 seconds.
        TimedOut = "timed_out",
        /// The carrier failed.
        CarrierError = "carrier_error",
        /// The agent gave the call back, or the leg was cancelled.
        Cancelled = "cancelled",
    }
}

impl ReleaseReason {
    /// What it means to a claim that its agent's leg ended unanswered.
    #[must_use]
    pub const fn of_hangup(cause: HangupCause) -> Self {
        match cause {
            HangupCause::Busy => Self::Busy,
            HangupCause::NoAnswer => Self::NoAnswer,
            HangupCause::Rejected => Self::Rejected,
            HangupCause::Cancelled | HangupCause::Normal => Self::Cancelled,
            HangupCause::Failed | HangupCause::Other => Self::CarrierError,
        }
    }
}

/// How a claim let go of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimEnd {
    /// The call went back to ringing.
    Released(ReleaseReason),
    /// A colleague's claim has the call from then on.
    HandedOver {
        /// That claim.
        to: ClaimId,
    },
}

/// A claim that was won. Claims that were lost leave no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id, which also marks the agent's leg at the carrier.
    pub id: ClaimId,
    pub call_id: CallId,
    /// 1 for a call's first claim, 2 for the next …
    pub ordinal: i32,
    /// Whose it is.
    pub user_id: UserId,
    /// That person's name at the time.
    pub user_name: Option<String>,
    /// When it was won, by our clock.
    pub claimed_at: Timestamp,
    /// When and how it let go by a command. A leg that hangs up unanswered releases too, but that
    /// follows from the leg and is not repeated here.
    pub ended: Option<(Timestamp, ClaimEnd)>,
    /// The call was answered without a transfer: the caller's own answer is then the agent's.
    pub plain_answer: bool,
    /// When it is let go of if nobody has answered by then.
    pub deadline: Timestamp,
}

/// How long a claim may wait for its answer, in seconds.
pub const CLAIM_SECONDS: i64 = 45;

#[cfg(test)]
mod tests {
    use super::ReleaseReason;
    use crate::domain::{Carrier, HangupCause};

    #[test]
    fn a_cause_that_nobody_told_us_of_is_the_carriers_error() {
        for word in [None, Some("unspecified"), Some("not_found"), Some("")] {
            let reason = ReleaseReason::of_hangup(HangupCause::of(Carrier::Telnyx, word));
            assert_eq!(reason, ReleaseReason::CarrierError);
        }
    }
}
