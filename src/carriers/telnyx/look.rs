//! Whether a call still lives.

use super::{Account, Telnyx};
use crate::carriers::{CallState, CarrierError};
use crate::domain::Timestamp;

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
    pub async fn look(&self, to: &Account, leg: &str) -> Result<Option<CallState>, CarrierError> {
        let request = self.get(&["calls", leg]);
        let call = match self.read_if_known::<Call>(to, "look", request).await {
            Err(CarrierError::Ended(_)) => None,
            outcome => outcome?,
        };
        Ok(call.map(|call| CallState {
            is_alive: call.is_alive,
            ended_at: call.end_time.as_deref().and_then(Timestamp::parse),
        }))
    }
}
