//! What a carrier is asked for, and what comes of it, in no carrier's words.

use crate::domain::{Carrier, ClaimId, Timestamp};
use secrecy::SecretString;
use std::fmt;

/// Somebody to be rung and connected with a leg.
#[derive(Clone)]
pub struct Dial {
    /// A SIP address or a number in E.164.
    pub to: String,
    /// The number that the called one is to see; the carrier chooses, when left out.
    pub shown: Option<String>,
    /// The name beside it.
    pub name: Option<String>,
    /// How long it rings, in seconds.
    pub rings_s: u16,
    /// The claim for which it rings: the new leg carries its mark.
    pub claim: ClaimId,
}

/// No numbers: they are logged at debug level only, and by those who mean to.
impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").finish_non_exhaustive()
    }
}

/// Whether the two sides of a call are recorded apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Both in one channel.
    Single,
    /// The recorded leg left, everyone else right.
    Dual,
}

/// What a carrier knows of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallState {
    /// Whether it has not ended.
    pub is_alive: bool,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
}

/// A recording as a carrier has it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// Whether it can be listened to.
    pub is_completed: bool,
    /// Where, for a while. Only ever an https address.
    pub link: Option<RecordingLink>,
}

/// A link that opens a recording for whoever has it. It is to be fetched without our key, which
/// would go to a stranger, who would refuse it.
#[derive(Clone, Debug)]
pub struct RecordingLink {
    /// The address.
    pub url: SecretString,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The agency has no key to an account with the carrier, in a sentence that says what mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAccount(pub &'static str);

/// Why a command was not carried out, or a question not answered. The texts hold no key and no
/// telephone number, and may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// The call is over.
    #[error("{0} says that the call has ended")]
    Ended(Carrier),
    /// The leg must be answered first.
    #[error("{0} says that the call has not been answered yet")]
    NotAnswered(Carrier),
    /// There is no sound to record yet.
    #[error("{0} cannot record yet: the call has no sound so far")]
    TooEarly(Carrier),
    /// Refused for another reason; asking again will not help.
    #[error("{carrier} refused ({status}): {sentence}")]
    Refused {
        /// Who refused.
        carrier: Carrier,
        /// The HTTP status, 4xx.
        status: u16,
        /// What it is about, as far as that decides what is done next.
        about: About,
        /// The carrier's reason in words.
        sentence: String,
    },
    /// No answer, or none that settles it: 5xx, 408, 425, 429, nonsense.
    #[error("{sentence}")]
    Failed {
        /// What happened.
        sentence: String,
        /// Whether the command may have been carried out all the same.
        in_doubt: bool,
    },
    /// Not sent: the carrier has not been answering for this agency.
    #[error("{carrier} has not been answering; it is asked again in {retry_after_s} s")]
    CircuitOpen {
        /// Who has not.
        carrier: Carrier,
        /// When to come again, in seconds.
        retry_after_s: u64,
    },
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The key, which the carrier does not accept.
    Key,
    /// The number that the called one was to see.
    ShownNumber,
    /// What was asked about: the carrier does not know it, or not any more.
    Unknown,
    /// Anything else.
    Else,
}

impl CarrierError {
    /// Whether this is the carrier's own and final word on the command: another try needs another
    /// id.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Ended(_) | Self::NotAnswered(_) | Self::TooEarly(_) | Self::Refused { .. } => {
                true
            }
            Self::Failed { .. } | Self::CircuitOpen { .. } => false,
        }
    }

    /// Whether the carrier says that the leg is over: it has ended, or is not known any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Ended(_)) || self.is_about(About::Unknown)
    }

    /// Whether it is a refusal about that.
    #[must_use]
    pub fn is_about(&self, what: About) -> bool {
        matches!(self, Self::Refused { about, .. } if *about == what)
    }
}
