//! The carriers: everything that only one of them says or wants, behind words that are ours.
//!
//! | file | noun |
//! |---|---|
//! | `account` | an agency's account: what can be asked of its carrier |
//! | `asked` | what is asked, and why it failed, in our words |
//! | `webhook` | what a carrier sends: whose it is, whether to believe it, what it says, its answer |
//! | `heard` | what it says, in our words |
//! | `error` | why a webhook is not taken |
//! | `text` | texts of strangers, as they are kept |
//! | `telnyx` | Telnyx's words |
//!
//! Which carrier is meant is a [`Carrier`](crate::domain::Carrier), and each question is one `match`
//! over it: another carrier is another folder and another arm.

mod account;
mod asked;
mod error;
mod heard;
pub mod telnyx;
mod text;
mod webhook;

pub use account::{CarrierAccount, Carriers};
pub use asked::{
    About, CallState, CarrierError, Channels, Dial, NoAccount, Recording, RecordingLink,
};
pub use error::WebhookError;
pub use heard::{Disbelieved, Understood, Verified};
pub use webhook::{Proof, accepts, connection_id, document, understand};
