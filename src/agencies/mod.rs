//! The agencies: who they are, what keys they have, and how those are kept.

mod credentials;
mod directory;
mod key;
mod profile;
pub mod seal;
mod uses;
mod vault;

pub use credentials::Credentials;
pub use directory::Directory;
pub use key::{KeyHash, NewKey};
pub use profile::Profile;
pub use vault::{Held, Rotated, Vault, VaultError};
