//! Why something could not be done to a call.

use crate::carriers::CarrierError;
use crate::domain::Call;
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
    #[error("You already have {0}; finish or give back first")]
    Full(String),
    /// It is not the agent's to give back.
    #[error("{0}")]
    Conflict(&'static str),
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
    pub(super) fn of_carrier(error: &CarrierError, then: &str) -> Self {
        match error {
            CarrierError::CircuitOpen { retry_after_s, .. } => Self::CarrierAway(*retry_after_s),
            error => Self::Carrier(followed(&error.to_string(), then)),
        }
    }
}

/// What somebody said, and what that means: two sentences, however the first one ends.
pub(super) fn followed(said: &str, then: &str) -> String {
    let said = said.trim_end_matches(['.', ' ']);
    let stop = if said.ends_with(['!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{said}{stop} {then}")
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        tracing::warn!("Call control without the database: {error}");
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use super::followed;

    #[test]
    fn two_sentences_have_two_full_stops_at_most() {
        for (said, both) in [
            ("It failed", "It failed. Go on"),
            ("It failed.", "It failed. Go on"),
            ("It failed...", "It failed. Go on"),
            ("Was it there?", "Was it there? Go on"),
            ("It was cut…", "It was cut… Go on"),
        ] {
            assert_eq!(followed(said, "Go on"), both);
        }
    }
}
