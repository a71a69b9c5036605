//! A claim: one agent's hold on one call, of which at most one is open.

use super::{CallId, ClaimId, ClientState, Timestamp, UserId, words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
    /// What an unanswered agent leg's `hangup_cause` means. Causes are open strings at Telnyx.
    #[must_use]
    pub fn from_hangup_cause(cause: Option<&str>) -> Self {
        match cause {
            Some("user_busy") => Self::Busy,
            Some("no_answer" | "timeout") => Self::NoAnswer,
            Some("call_rejected") => Self::Rejected,
            Some("originator_cancel" | "normal_clearing") => Self::Cancelled,
            _ => Self::CarrierError,
        }
    }
}

/// A claim that was won. Claims that were lost leave no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id, which also marks the agent's leg at the carrier.
    pub id: ClaimId,
    /// The call.
    pub call_id: CallId,
    /// 1 for a call's first claim, 2 for the next …
    pub ordinal: i32,
    /// Whose it is.
    pub user_id: UserId,
    /// That person's name at the time.
    pub user_name: Option<String>,
    /// When it was won, by our clock.
    pub claimed_at: Timestamp,
    /// When and why it was released by a command. A leg that hangs up unanswered releases too, but
    /// that follows from the leg and is not repeated here.
    pub released: Option<(Timestamp, ReleaseReason)>,
    /// The call was answered without a transfer: the caller's own answer is then the agent's.
    pub plain_answer: bool,
    /// When it is let go of if nobody has answered by then.
    pub deadline: Timestamp,
}

/// How long a claim may wait for its answer, in seconds.
pub const CLAIM_SECONDS: i64 = 45;

/// What our `client_state` begins with, before it is encoded.
const MARK: &str = "callboard:claim:";

/// The `client_state` that marks the agent's leg of a claim. Telnyx wants valid base64.
#[must_use]
pub fn client_state(claim: ClaimId) -> String {
    STANDARD.encode(format!("{MARK}{claim}"))
}

/// What a `client_state` that came back says.
#[must_use]
pub fn read_client_state(text: &str) -> ClientState {
    let decoded = STANDARD.decode(text.trim()).unwrap_or_default();
    let Some(claim) = decoded.strip_prefix(MARK.as_bytes()) else {
        return ClientState::Foreign;
    };
    let claim = std::str::from_utf8(claim).unwrap_or_default();
    ClientState::Ours(claim.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::ReleaseReason;

    #[test]
    fn a_cause_that_nobody_told_us_of_is_the_carriers_error() {
        for cause in [None, Some("unspecified"), Some("not_found"), Some("")] {
            let reason = ReleaseReason::from_hangup_cause(cause);
            assert_eq!(reason, ReleaseReason::CarrierError);
        }
    }
}
