//! What another build has: the commands that this one only names.

use super::CliError;
use super::args::Command;

/// What a build has beside the server.
#[derive(Clone, Copy)]
struct Build {
    demo: bool,
    proving: bool,
}

const THIS: Build = Build {
    demo: cfg!(feature = "demo"),
    proving: cfg!(feature = "proving"),
};

/// Refuses what this build cannot do, before anything of it is begun.
///
/// # Errors
/// With the feature of a build that can.
pub(super) fn refuse(command: &Command) -> Result<(), CliError> {
    let feature = THIS.lacks(command);
    feature.map_or(Ok(()), |feature| Err(CliError::LeftOut(feature)))
}

impl Build {
    /// The feature that a build needs for this command and does not have.
    fn lacks(self, command: &Command) -> Option<&'static str> {
        match command {
            Command::Demo(_) | Command::Simulate(_) | Command::Watch(_) if !self.demo => {
                Some("demo")
            }
            _ if proves(command) && !self.proving => Some("proving"),
            _ => None,
        }
    }
}

/// Whether it proves and does not serve.
#[cfg(feature = "demo")]
fn proves(command: &Command) -> bool {
    match command {
        Command::Demo(args) => args.torture,
        Command::Watch(args) => args.conformance,
        _ => false,
    }
}

/// Without the commands that prove, their arguments are not read.
#[cfg(not(feature = "demo"))]
fn proves(_: &Command) -> bool {
    false
}

#[cfg(all(test, feature = "demo"))]
mod tests {
    use super::Build;
    use crate::cli::CliError;
    use crate::cli::args::Cli;
    use clap::Parser;

    #[test]
    fn a_build_refuses_what_it_lacks_and_says_what_to_build() {
        let none = Build {
            demo: false,
            proving: false,
        };
        let demo = Build { demo: true, ..none };
        let all = Build {
            proving: true,
            ..demo
        };
        for (line, of_none, of_demo) in [
            ("serve", None, None),
            ("doctor", None, None),
            ("demo", Some("demo"), None),
            ("demo --once", Some("demo"), None),
            ("demo --torture", Some("demo"), Some("proving")),
            (
                "simulate --webhook http://host/ --private-key file",
                Some("demo"),
                None,
            ),
            ("watch --url http://host --token t", Some("demo"), None),
            (
                "watch --url http://host --token t --conformance",
                Some("demo"),
                Some("proving"),
            ),
        ] {
            let words = ["callboard"].into_iter().chain(line.split(' '));
            let (_, command) = Cli::try_parse_from(words).unwrap().into_parts();
            assert_eq!(none.lacks(&command), of_none, "{line}");
            assert_eq!(demo.lacks(&command), of_demo, "{line}");
            assert_eq!(all.lacks(&command), None, "{line}");
        }
        let sentence = CliError::LeftOut("demo").to_string();
        assert!(
            sentence.contains("`cargo build --release --features demo`"),
            "{sentence}"
        );
    }
}
