//! The agencies: who they are, what keys they have, and how those are kept.

mod directory;
mod profile;
pub mod seal;

pub use directory::Directory;
pub use profile::Profile;
