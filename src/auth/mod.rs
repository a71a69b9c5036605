//! Who is asking: access tokens verified, and the rule of who counts as a user.
//!
//! [`Verifier`] takes the text of a token and gives an [`Identity`] or the [`Refusal`]. Tokens
//! signed with the shared secret (HS256) are verified on the spot; for the others the issuer's
//! public keys are fetched, on the main runtime, and kept.
//!
//! Absent here: HTTP requests, agencies and roles. An identity is somebody who signed in; what
//! that person may do is looked up elsewhere.

mod claims;
mod error;
mod fetch;
mod issuer;
mod jwks;
mod mint;
pub mod oidc;
mod project;
mod token;
mod verifier;

pub use claims::{Identity, LEEWAY_SECONDS};
pub use error::{AuthError, Refusal};
pub use mint::mint;
pub use project::{Project, ProjectError, ProjectWays};
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
