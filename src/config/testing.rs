//! Settings for tests, by the names of their variables and apart from the real environment.

use super::{Config, Settings};
use clap::builder::Resettable;
use clap::{Args, Command, FromArgMatches};

pub(super) fn settings<const N: usize>(set: [(&str, &str); N]) -> Settings {
    let command = Settings::augment_args(Command::new("settings"));
    let flag = |name: &str| {
        let mut args = command.get_arguments();
        let arg = args.find(|arg| arg.get_env().is_some_and(|env| env == name));
        arg.unwrap_or_else(|| panic!("no setting {name}"))
            .get_long()
            .unwrap()
            .to_owned()
    };
    let flags = set.map(|(name, value)| format!("--{}={value}", flag(name)));
    let deaf = command.clone().mut_args(|arg| arg.env(Resettable::Reset));
    let args = std::iter::once("settings".to_owned()).chain(flags);
    Settings::from_arg_matches(&deaf.try_get_matches_from(args).unwrap()).unwrap()
}

/// The configuration with these variables and no others.
pub(super) fn config<const N: usize>(set: [(&str, &str); N]) -> Config {
    settings(set).validate().unwrap()
}

/// What is said about the one mistake in these variables.
pub(super) fn mistake<const N: usize>(set: [(&str, &str); N]) -> String {
    let error = settings(set).validate().unwrap_err();
    assert_eq!(error.mistakes.len(), 1, "{error}");
    error.to_string()
}
