//! Whether a call still lives.

use super::{Account, CommandError, Telnyx};
use crate::domain::Timestamp;

/// What Telnyx knows of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallState {
    /// Whether it has not ended.
    pub is_alive: bool,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
}

#[derive(serde::Deserialize)]
struct Call {
    is_alive: bool,
    #[serde(default)]
    end_time: Option<String>,
}

impl Telnyx {
    /// Looks at a leg. `None`: Telnyx does not know it (any more, ten minutes after its end).
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn look(&self, to: &Account, leg: &str) -> Result<Option<CallState>, CommandError> {
        let request = self.get(&["calls", leg]);
        let call = match self.read_if_known::<Call>(to, "look", request).await {
            Err(CommandError::Ended) => None,
            outcome => outcome?,
        };
        Ok(call.map(|call| CallState {
            is_alive: call.is_alive,
            ended_at: call.end_time.as_deref().and_then(Timestamp::parse),
        }))
    }
}
