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

#[cfg(test)]
mod tests {
    use super::LeftOut;
    use clap::Parser;

    /// A command of another build.
    #[derive(Parser)]
    struct Other {
        #[command(flatten)]
        _args: LeftOut,
    }

    #[test]
    fn any_arguments_are_taken() {
        for line in [
            "",
            "--once",
            "--port 3002 --torture",
            "-x",
            "--seed=1 file -- --more",
        ] {
            let words = ["demo"].into_iter().chain(line.split_whitespace());
            assert!(Other::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
