//! The agencies: who they are, what keys they have, and how those are kept.

mod credentials;
mod directory;
mod profile;
pub mod seal;
mod vault;

pub use credentials::Credentials;
pub use directory::Directory;
pub use profile::Profile;
pub use vault::{Held, Rotated, Vault, VaultError};
