//! Ultravox's telephony endpoints, over real HTTP: what an account holds, the rules for what may be
//! put there, and the ways in which it says no.
//!
//! Paths, fields, statuses and limits are those of Ultravox's own OpenAPI file. That file documents
//! no error bodies; theirs are those of Django REST framework, on which the service is built:
//! `{"detail": …}`, lists of sentences by field, and a proxy's HTML in front of it all.

mod account;
mod fault;
mod rules;
mod server;

pub use account::Provider;
pub use fault::Fault;
pub use server::{Asked, Ultravox};

pub(super) use server::mount;
