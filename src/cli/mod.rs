//! The command line: what can be asked for, one file per command, and all that is printed.

pub mod args;
pub mod conformance;
pub mod watch;
