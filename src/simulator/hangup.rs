//! Why a leg ended.

/// The carrier's `hangup_cause`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangupCause {
    /// Somebody hung up after the conversation.
    NormalClearing,
    /// The one who called gave up before an answer.
    OriginatorCancel,
    /// The one called is on another call.
    UserBusy,
    /// The one called declined.
    CallRejected,
    /// The one called did not answer and said so.
    NoAnswer,
    /// Nobody answered within the time that a command gave.
    Timeout,
    /// The conversation reached its time limit.
    TimeLimit,
    /// There is nobody at that address.
    NotFound,
    /// The carrier does not say.
    Unspecified,
    /// A cause that the carrier has not documented (yet).
    Other(&'static str),
}

impl HangupCause {
    /// The word in the payload.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NormalClearing => "normal_clearing",
            Self::OriginatorCancel => "originator_cancel",
            Self::UserBusy => "user_busy",
            Self::CallRejected => "call_rejected",
            Self::NoAnswer => "no_answer",
            Self::Timeout => "timeout",
            Self::TimeLimit => "time_limit",
            Self::NotFound => "not_found",
            Self::Unspecified => "unspecified",
            Self::Other(name) => name,
        }
    }

    /// The SIP status that usually goes with it; a text in the payload.
    #[must_use]
    pub const fn sip(self) -> &'static str {
        match self {
            Self::NormalClearing | Self::TimeLimit => "200",
            Self::NotFound => "404",
            Self::NoAnswer | Self::Timeout => "480",
            Self::UserBusy => "486",
            Self::OriginatorCancel => "487",
            Self::CallRejected => "603",
            Self::Unspecified | Self::Other(_) => "unspecified",
        }
    }

    /// The side that usually brings it about.
    #[must_use]
    pub const fn source(self) -> HangupSource {
        match self {
            Self::NormalClearing | Self::OriginatorCancel => HangupSource::Caller,
            Self::UserBusy | Self::CallRejected | Self::NoAnswer => HangupSource::Callee,
            _ => HangupSource::Unknown,
        }
    }
}

/// The carrier's `hangup_source`, seen from the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangupSource {
    /// The side that made the leg's call.
    Caller,
    /// The side that was called.
    Callee,
    /// The carrier itself, or nobody knows.
    Unknown,
}

impl HangupSource {
    /// The word in the payload.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Unknown => "unknown",
        }
    }
}
