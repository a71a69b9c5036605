//! The words of the trade and the rules of a call, with no input, no output and no clock.
//!
//! Nothing here derives serde: wire shapes live beside the stranger they serve.

mod credential;
mod id;
mod people;
mod time;

pub use credential::{
    CredentialError, CredentialKey, check as check_credential, parse_public_key,
    prefix as credential_prefix,
};
pub use id::{AgencyId, CallId, ClaimId, UserId};
pub use people::{Agency, Role, User};
pub use time::Timestamp;
