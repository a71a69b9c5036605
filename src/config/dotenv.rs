//! The optional `.env` file.
//!
//! Read by the rules of Node's dotenv, for which such files are mostly written: a `$` and a space
//! in a value are just that. dotenvy's own rules would cut `pa$word` to `pa` without a word.

use std::fmt::Write;
use std::io;

const FILE: &str = ".env";

/// Why the `.env` file cannot be used. Never repeats a value.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// It is there and cannot be read.
    #[error(".env: expected a readable text file, found {0}; mend its permissions or remove it")]
    Unreadable(io::Error),
    /// A line is not `NAME=value`.
    #[error(".env line {line}: expected NAME=value, found {found}; {fix}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        found: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// The process's environment refused the variables.
    #[error(".env: its variables could not be set; set them in the environment instead")]
    NotSet,
}

#[derive(Debug, PartialEq, Eq)]
struct Variable {
    name: String,
    value: String,
}

/// Puts the variables of `.env` in the working folder into the environment, where they are not set
/// or are set to nothing. Without the file, nothing happens. To be called first thing in `main`,
/// before there is a second thread: the environment belongs to the whole process.
///
/// # Errors
/// When the file is there and cannot be read or understood.
pub fn load_dotenv() -> Result<(), DotenvError> {
    let text = match std::fs::read_to_string(FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DotenvError::Unreadable(error)),
    };
    let mut variables = parse(&text)?;
    variables.retain(|variable| is_unset(&variable.name));
    // Setting variables is `unsafe` by itself in this edition, and forbidden in this crate.
    dotenvy::from_read_override(quoted(&variables).as_bytes()).map_err(|_| DotenvError::NotSet)
}

#[allow(clippy::disallowed_methods)] // The file yields to what is set, so it must look.
fn is_unset(name: &str) -> bool {
    std::env::var_os(name).is_none_or(|value| value.is_empty())
}

/// The variables in a form that dotenvy reads back unchanged.
fn quoted(variables: &[Variable]) -> String {
    let mut text = String::new();
    for Variable { name, value } in variables {
        let escaped = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('$', "\\$")
            .replace('\n', "\\n");
        let _ = writeln!(text, "{name}=\"{escaped}\"");
    }
    text
}

fn parse(text: &str) -> Result<Vec<Variable>, DotenvError> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    let mut variables = Vec::new();
    while !rest.is_empty() {
        let malformed = |(found, fix)| DotenvError::Malformed { line, found, fix };
        let (variable, after) = statement(rest).map_err(malformed)?;
        variables.extend(variable);
        let consumed = rest.len() - after.len();
        line += rest
            .bytes()
            .take(consumed)
            .filter(|byte| *byte == b'\n')
            .count();
        rest = after;
    }
    Ok(variables)
}

/// What was found and what to do about it.
type Complaint = (String, &'static str);

/// Reads one line, or several when a value between quotes goes on, and returns what comes after.
fn statement(text: &str) -> Result<(Option<Variable>, &str), Complaint> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let is_comment = line.trim_start().starts_with('#');
    if is_comment || line.trim().is_empty() {
        return Ok((None, after));
    }
    let (name, _) = line.split_once('=').ok_or_else(no_name)?;
    let (_, value) = text.split_once('=').ok_or_else(no_name)?;
    let name = name.trim().strip_prefix("export ").unwrap_or(name).trim();
    if !is_name(name) {
        return Err(no_name());
    }
    let value = value.trim_start_matches([' ', '\t']);
    let (value, after) = match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => between(quote, name, value)?,
        _ => (bare(value), after),
    };
    if value.contains('\0') {
        let found = format!("a NUL character in {name}");
        return Err((found, "save the file as plain text"));
    }
    let name = name.to_owned();
    Ok((Some(Variable { name, value }), after))
}

fn no_name() -> Complaint {
    let found = "something else".to_owned();
    (
        found,
        "put # before a comment, and quotes around a value of several lines",
    )
}

fn is_name(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.bytes().all(is_inside)
}

/// A value without quotes: to the end of the line, or to a `#` that follows a space.
fn bare(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut previous = ' ';
    let value: String = line
        .chars()
        .take_while(|letter| {
            let comment = *letter == '#' && previous.is_whitespace();
            previous = *letter;
            !comment
        })
        .collect();
    value.trim().to_owned()
}

/// A value between quotes, and the text after its last line. Between double quotes a backslash
/// escapes what the shell would; elsewhere it is just a backslash.
fn between<'a>(quote: char, name: &str, text: &'a str) -> Result<(String, &'a str), Complaint> {
    let mut value = String::new();
    let mut letters = text.chars();
    letters.next();
    loop {
        match letters.next() {
            None => {
                let found = format!("no closing {quote} for {name}");
                return Err((found, "close the quotes, or put others around the value"));
            }
            Some('\\') if quote == '"' => {
                let mut ahead = letters.clone();
                match ahead.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some(letter @ ('"' | '\\' | '$')) => value.push(letter),
                    _ => {
                        value.push('\\');
                        continue;
                    }
                }
                letters = ahead;
            }
            Some(letter) if letter == quote => break,
            Some(letter) => value.push(letter),
        }
    }
    let (tail, after) = letters
        .as_str()
        .split_once('\n')
        .unwrap_or((letters.as_str(), ""));
    if !tail.trim().is_empty() && !tail.trim_start().starts_with('#') {
        let found = format!("text after the closing {quote} of {name}");
        return Err((found, "put other quotes around the whole value"));
    }
    Ok((value, after))
}

#[cfg(test)]
mod tests {
    use super::{Variable, parse, quoted};

    fn value(line: &str) -> String {
        let [variable] = <[Variable; 1]>::try_from(parse(line).unwrap()).unwrap();
        assert_eq!(variable.name, "A");
        variable.value
    }

    fn complaint(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_value_is_what_stands_there() {
        for (line, expected) in [
            ("A=+1234567890", "+1234567890"),
            ("A = two words  ", "two words"),
            ("export A=x", "x"),
            ("A=pa$$w0rd${B}", "pa$$w0rd${B}"),
            ("A=p@ss'w\"rd\\x=y&z!", "p@ss'w\"rd\\x=y&z!"),
            ("A=x#y # comment", "x#y"),
            ("A= # comment", ""),
            ("A=", ""),
            ("\u{feff}A=x\r\n", "x"),
            ("A='a # b' # c", "a # b"),
            ("A='a\\nb'", "a\\nb"),
            ("A=\"a\\nb \\\"c\\\" \\$d \\e\"", "a\nb \"c\" $d \\e"),
            ("A=`it's \"so\"`", "it's \"so\""),
            ("A=\"one\ntwo=2\n\"\n# end", "one\ntwo=2\n"),
        ] {
            assert_eq!(value(line), expected, "{line}");
        }
    }

    #[test]
    fn any_value_reaches_the_environment_unchanged() {
        let odd = "+1 '\"`$HOME${X}\\ \\n # é\r\n=\t";
        let name = "A".to_owned();
        let value = odd.to_owned();
        let text = quoted(&[Variable { name, value }]);
        let read: Vec<_> = dotenvy::from_read_iter(text.as_bytes()).collect();
        assert_eq!(read[0].as_ref().unwrap(), &("A".to_owned(), odd.to_owned()));
        assert_eq!(read.len(), 1);
    }

    #[test]
    fn a_malformed_line_is_named_and_not_repeated() {
        let text = "# ours\nA=\"1\n2\"\n\nhunter2\nB=x";
        assert_eq!(
            complaint(text),
            ".env line 5: expected NAME=value, found something else; put # before a comment, \
             and quotes around a value of several lines"
        );
        let said = complaint("A=1\nB='hunter2\nC=3\n");
        assert!(
            said.starts_with(".env line 2:") && said.contains("no closing ' for B"),
            "{said}"
        );
        let said = complaint("A=\"hunter2\" x\n");
        assert!(said.contains("text after the closing \" of A"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert!(complaint("1A=x").contains("line 1"));
        assert!(complaint("A=x\0y").contains("NUL"));
    }
}
