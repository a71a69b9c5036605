//! Our mark as Telnyx carries it: the `client_state` of a leg, which must be valid base64.

use crate::domain::{ClaimId, Mark};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The `client_state` that marks the agent's leg of a claim.
#[must_use]
pub fn client_state(claim: ClaimId) -> String {
    STANDARD.encode(Mark::text(claim))
}

/// What a `client_state` that came back says.
pub(super) fn read(text: &str) -> Mark {
    Mark::read(&STANDARD.decode(text.trim()).unwrap_or_default())
}
