//! (being built)

pub mod conformance;
pub mod watch;
