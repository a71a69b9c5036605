//! The commands of the simulator in a build without it: taken with any arguments, so that the
//! answer is what to build and not that the command is unknown.

use clap::Args;
use std::ffi::OsString;

/// Any arguments.
#[derive(Args, Clone, Debug)]
pub struct LeftOut {
    #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
    _any: Vec<OsString>,
}
