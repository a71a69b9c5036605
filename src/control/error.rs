//! Why something could not be done to a call.

use crate::domain::Call;
use crate::providers::telnyx::CommandError;
use crate::store::StoreError;

/// Why something could not be done to a call, in sentences that an agent reads.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such call, or it is over.
    #[error("Call not found or already ended")]
    NotFound,
    /// The carrier does not have such a recording.
    #[error("Recording not found")]
    NoRecording,
    /// Somebody else has it.
    #[error("Call is already being answered")]
    Taken(Box<Call>),
    /// The agent has as many calls as one may.
    #[error("You already have {0}; hang up or give one back first")]
    Full(String),
    /// It is not the agent's to give back.
    #[error("{0}")]
    NotYours(&'static str),
    /// The carrier failed or refused; the sentence says what that means for the call.
    #[error("{0}")]
    Carrier(String),
    /// The carrier has failed so often that it is left alone for a while, in seconds.
    #[error("The carrier is not answering; try again in {0} s")]
    CarrierAway(u64),
    /// The database is away.
    #[error("The database is unavailable; try again soon")]
    Unavailable,
}

impl ControlError {
    /// What the carrier's failure means, with what becomes of the call.
    pub(super) fn of_carrier(error: &CommandError, then: &str) -> Self {
        match error {
            CommandError::CircuitOpen { retry_after_s } => Self::CarrierAway(*retry_after_s),
            error => Self::Carrier(format!("{error}. {then}")),
        }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        tracing::warn!("Call control without the database: {error}");
        Self::Unavailable
    }
}
