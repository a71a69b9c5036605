//! An agency's carrier in the agency's own Ultravox account: imports, settings, and how the two
//! sides agree. What is asked of Ultravox runs on the main runtime, to its end: an owner who closes
//! the page does not leave it half done.

mod account;
mod configs;
mod import;
mod status;

pub(super) use configs::{change, change_whole, read, remove};
pub(super) use import::{plivo, telnyx, twilio};
pub(super) use status::{UltravoxStatus, status};
