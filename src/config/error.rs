//! What is said when a setting is wrong.

use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::fmt;

/// One setting that cannot be used. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The variable, such as `API_PORT`.
    pub name: &'static str,
    /// What the setting may be.
    pub expected: Cow<'static, str>,
    /// What it is: quoted, or in words when it may hold a secret.
    pub found: String,
    /// What to do about it.
    pub fix: Cow<'static, str>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            expected,
            found,
            fix,
        } = self;
        write!(f, "{name}: expected {expected}, found {found}; {fix}")
    }
}

impl std::error::Error for Mistake {}

/// Every mistake in the settings at once, one per line, so that a set-up is mended in one go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.mistakes))]
pub struct ConfigError {
    /// At least one, in the order of the documentation.
    pub mistakes: Vec<Mistake>,
}

fn lines(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// What a setting may be, and the advice when it is not.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) expected: &'static str,
    pub(super) fix: &'static str,
}

impl Rule {
    pub(super) fn broken(&self, found: impl Into<String>) -> Mistake {
        Mistake {
            name: self.name,
            expected: self.expected.into(),
            found: found.into(),
            fix: self.fix.into(),
        }
    }
}

/// Collects mistakes while the settings are read. A mistaken or absent setting reads as `None`;
/// its reader goes on with the default, which is never used when there was a mistake.
#[derive(Default)]
pub(super) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Reads a setting that may be shown when it is wrong.
    pub(super) fn read<T>(
        &mut self,
        rule: &Rule,
        value: Option<&String>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = given(value)?;
        self.keep(parse(text).ok_or_else(|| rule.broken(quoted(text))))
    }

    /// Reads a setting whose parser says in words what it found.
    pub(super) fn read_in_words<T>(
        &mut self,
        rule: &Rule,
        value: Option<&String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = given(value)?;
        self.keep(parse(text).map_err(|found| rule.broken(found)))
    }

    /// Reads a secret; the parser's words must not repeat it.
    pub(super) fn read_secret<T>(
        &mut self,
        rule: &Rule,
        value: Option<&SecretString>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = value?.expose_secret().trim();
        if text.is_empty() {
            return None;
        }
        self.keep(parse(text).map_err(|found| rule.broken(found)))
    }

    /// Keeps the mistake and lets the value pass.
    pub(super) fn keep<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.0.push(mistake)).ok()
    }

    /// The value, if no mistake was made on the way to it.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, ConfigError> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(ConfigError { mistakes: self.0 })
        }
    }
}

/// The value without surrounding space; a blank one counts as unset, since `NAME=` in a file or in
/// a container's environment is how people leave a setting out.
pub(super) fn given(value: Option<&String>) -> Option<&str> {
    value
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
}

/// The secret exactly as it was set; an empty one counts as unset.
pub(super) fn given_secret(value: Option<SecretString>) -> Option<SecretString> {
    value.filter(|secret| !secret.expose_secret().is_empty())
}

/// The value between quotes, with control characters escaped, cut to what fits on a line. What
/// stands before an @ may be the password of an address, so it is left out.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let (secret, shown) = match text.rfind('@') {
        Some(at) => ("…", text.get(at..).unwrap_or_default()),
        None => ("", text),
    };
    let mut line: String = shown.chars().take(LONGEST).collect();
    if line.len() < shown.len() {
        line.push('…');
    }
    format!("{:?}", format!("{secret}{line}"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_is_found_fits_on_a_line_and_shows_no_password() {
        assert_eq!(quoted("80a"), "\"80a\"");
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert_eq!(quoted("sip:me:hunter2@host"), "\"…@host\"");
        assert_eq!(quoted(&"x".repeat(61)), format!("\"{}…\"", "x".repeat(60)));
    }
}
