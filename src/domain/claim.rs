//! A claim: one agent's hold on one call, of which at most one is open.

use super::{CallId, ClaimId, ClientState, Timestamp, UserId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Why a call went back to ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseReason {
    /// The agent's phone was busy.
    Busy,
    /// The agent's phone rang out.
    NoAnswer,
    /// The agent's phone declined.
    Rejected,
    /// The carrier refused the command.
    Refused,
    /// Nothing was heard for 45 seconds.
    TimedOut,
    /// The carrier failed.
    CarrierError,
    /// The agent gave the call back, or the leg was cancelled.
    Cancelled,
}

impl ReleaseReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::Refused,
        Self::TimedOut,
        Self::CarrierError,
        Self::Cancelled,
    ];

    /// The word in events and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::CarrierError => "carrier_error",
            Self::Cancelled => "cancelled",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

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
    fn a_reason_is_found_by_its_name() {
        for reason in ReleaseReason::ALL {
            assert_eq!(ReleaseReason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(ReleaseReason::from_name("tired"), None);
    }

    #[test]
    fn a_cause_that_nobody_told_us_of_is_the_carriers_error() {
        for cause in [None, Some("unspecified"), Some("not_found"), Some("")] {
            let reason = ReleaseReason::from_hangup_cause(cause);
            assert_eq!(reason, ReleaseReason::CarrierError);
        }
    }
}
