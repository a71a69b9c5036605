//! An agency's carrier in the agency's own Ultravox account: imports, settings, and how the two
//! sides agree. What is asked of Ultravox runs on the main runtime, to its end: an owner who closes
//! the page does not leave it half done.

mod account;
mod configs;
mod import;
mod status;

use serde_json::{Value, json};

pub(super) use configs::{CHANGE, CHANGE_WHOLE, READ, REMOVE};
pub(super) use import::{PLIVO, TELNYX, TELNYX_FUNCTION, TWILIO};
pub(super) use status::STATUS;

/// What the document says where Ultravox's own words are passed on.
const UPSTREAM: &str = "Ultravox refused, failed or did not answer; its own words";

/// The names of what is missing, beside the sentence.
fn missing_names() -> Value {
    json!({ "missing": { "type": "array", "items": { "type": "string" } } })
}
