//! Values that nothing can check, since any text may be right: keys, secrets, passwords, names.

/// What is likely not to be part of such a value, and yet is, as a predicate; and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Such as `begins or ends with a quote, which counts as part of it`.
    pub fact: &'static str,
    /// Such as `take the quotes away`.
    pub mend: &'static str,
}

const QUOTE: Oddity = Oddity {
    fact: "begins or ends with a quote, which counts as part of it",
    mend: "take the quotes away: an env file of Docker's keeps them",
};
const COMMENT: Oddity = Oddity {
    fact: "is or holds a comment, which counts as part of it",
    mend: "put the comment on a line of its own",
};
const LINE_END: Oddity = Oddity {
    fact: "begins or ends with a line end",
    mend: "store it without: `printf %s VALUE`, where `echo VALUE` was",
};
const SPACE: Oddity = Oddity {
    fact: "begins or ends with a space or an invisible character",
    mend: "copy it again, without what stands around it",
};

const QUOTES: &[char] = &['"', '\'', '`', '“', '”', '„', '‘', '’', '‚', '«', '»'];
/// What cannot be seen and is no white space: zero-width characters, a byte order mark.
const INVISIBLE: &[char] = &[
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}',
];

/// What is odd about an opaque value, if anything is. Never holds any of it.
#[must_use]
pub fn oddity(value: &str) -> Option<Oddity> {
    let ends = |is: &dyn Fn(char) -> bool| value.starts_with(is) || value.ends_with(is);
    let visible = |letter: char| !letter.is_whitespace() && !INVISIBLE.contains(&letter);
    let seen = value.trim_matches(|letter| !visible(letter));
    let is_comment = |at: usize| {
        let before = seen.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(char::is_whitespace)
    };
    if seen.match_indices('#').any(|(at, _)| is_comment(at)) {
        Some(COMMENT)
    } else if seen.starts_with(QUOTES) || seen.ends_with(QUOTES) {
        Some(QUOTE)
    } else if ends(&|letter| matches!(letter, '\n' | '\r')) {
        Some(LINE_END)
    } else if seen.len() < value.len() {
        Some(SPACE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMENT, LINE_END, QUOTE, SPACE, oddity};

    #[test]
    fn what_was_pasted_along_is_noticed_and_what_may_be_meant_is_not() {
        for (value, odd) in [
            ("\"KEY01\"", Some(QUOTE)),
            ("'KEY01'", Some(QUOTE)),
            ("KEY01\"", Some(QUOTE)),
            ("“KEY01”", Some(QUOTE)),
            ("\"KEY01\"\n", Some(QUOTE)),
            ("# put your key here", Some(COMMENT)),
            ("#", Some(COMMENT)),
            ("KEY01 # of the staging account", Some(COMMENT)),
            ("KEY01\t#staging", Some(COMMENT)),
            ("KEY01\n", Some(LINE_END)),
            ("KEY01\r\n", Some(LINE_END)),
            ("\nKEY01", Some(LINE_END)),
            (" KEY01", Some(SPACE)),
            ("KEY01 ", Some(SPACE)),
            ("KEY01\u{a0}", Some(SPACE)),
            ("\u{feff}KEY01", Some(SPACE)),
            ("KEY01\u{200b}", Some(SPACE)),
            ("KEY01", None),
            ("p#ss'w\"rd x", None),
            ("two words", None),
            ("", None),
        ] {
            assert_eq!(oddity(value), odd, "{value:?}");
        }
    }
}
