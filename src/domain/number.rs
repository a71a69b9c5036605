//! What stands in `from` and `to`: a number, a word in place of one, or a SIP address of either.

/// What networks write where a caller's number is withheld, in lower case. The last one spells
/// ANONYMOUS on a telephone's keys.
const WITHHELD: [&str; 6] = [
    "anonymous",
    "restricted",
    "unavailable",
    "private",
    "unknown",
    "+266696687",
];

/// The host that RFC 3323 gives to whoever has none to be named.
const NOWHERE: &str = "anonymous.invalid";

/// Whom a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party<'a> {
    /// The number, the word, or what stands before the `@` of an address.
    pub user: &'a str,
    /// The host of an address, without its port.
    pub host: Option<&'a str>,
}

impl<'a> Party<'a> {
    /// Reads a text as the carrier sent it: `+15550100`, `anonymous`, `sip:anna@sip.telnyx.com:5060`,
    /// `"Anna" <sips:anna@host;transport=tls>`.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let bracketed = text.split_once('<').map(|(_, rest)| rest);
        let address = bracketed.unwrap_or(text);
        let address = address.split(['>', ';', '?']).next().unwrap_or_default();
        let address = without_scheme(address.trim());
        let (user, host) = match address.rsplit_once('@') {
            Some((user, host)) => (user, Some(without_port(host))),
            None => (address, None),
        };
        // What follows a colon in the user's part is a password.
        let user = user.split(':').next().unwrap_or_default();
        let user = user.trim_matches(|letter: char| letter == '"' || letter.is_whitespace());
        Self { user, host }
    }

    /// Whether the number was withheld.
    #[must_use]
    pub fn is_withheld(self) -> bool {
        let is = |word: &str| {
            let digits = word.strip_prefix('+').unwrap_or(word);
            [word, digits]
                .iter()
                .any(|word| self.user.eq_ignore_ascii_case(word))
        };
        WITHHELD.into_iter().any(is)
            || self
                .host
                .is_some_and(|host| host.eq_ignore_ascii_case(NOWHERE))
    }
}

/// Whether a text stands in place of a number that was withheld.
#[must_use]
pub fn is_withheld(text: &str) -> bool {
    Party::read(text).is_withheld()
}

fn without_scheme(address: &str) -> &str {
    let scheme = |text: &&str| {
        ["sip", "sips", "tel"]
            .iter()
            .any(|scheme| text.eq_ignore_ascii_case(scheme))
    };
    match address.split_once(':') {
        Some((before, rest)) if scheme(&before) => rest.trim_start_matches('/'),
        _ => address,
    }
}

/// A host without its port; an IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::{Party, is_withheld};

    #[test]
    fn a_party_is_read_whatever_is_around_it() {
        for (text, user, host) in [
            ("+15550100", "+15550100", None),
            ("sip:anna@sip.telnyx.com", "anna", Some("sip.telnyx.com")),
            (
                "SIPS:anna@sip.telnyx.com:5061;transport=tls",
                "anna",
                Some("sip.telnyx.com"),
            ),
            (
                "\"Anna\" <sip:anna:secret@[2001:db8::1]:5060>;tag=1",
                "anna",
                Some("[2001:db8::1]"),
            ),
            (
                "anonymous@anonymous.invalid",
                "anonymous",
                Some("anonymous.invalid"),
            ),
            ("tel:+1-555-0100;phone-context=x", "+1-555-0100", None),
            ("", "", None),
        ] {
            assert_eq!(Party::read(text), Party { user, host }, "{text}");
        }
    }

    #[test]
    fn a_withheld_number_is_known_in_each_of_its_words_and_dresses() {
        for word in [
            "anonymous",
            "Restricted",
            "UNAVAILABLE",
            "private",
            "Unknown",
            "+266696687",
        ] {
            for text in [
                word.to_owned(),
                format!(" {word} "),
                format!("sip:{word}@10.0.0.1"),
                format!("{word}@anonymous.invalid:5060"),
                format!("\"{word}\" <sip:{word}@carrier.example;user=phone>"),
                format!("tel:{word}"),
            ] {
                assert!(is_withheld(&text), "{text}");
            }
        }
        assert!(is_withheld("266696687") && is_withheld("sip:nobody@anonymous.invalid"));
        for text in [
            "+15550100",
            "sip:anna@private.example",
            "private-eye",
            "+2666966870",
            "",
        ] {
            assert!(!is_withheld(text), "{text}");
        }
    }

    #[test]
    fn the_page_knows_the_same_words() {
        let page = include_str!("../../static/board/words.js");
        let mut lines = page.lines();
        let words = lines
            .find(|line| line.starts_with("const WITHHELD"))
            .unwrap();
        for word in super::WITHHELD {
            assert!(
                words.contains(&format!("'{word}'")),
                "{word} is not in {words}"
            );
        }
        assert_eq!(
            words.matches('\'').count() / 2,
            super::WITHHELD.len() + 1,
            "{words}"
        );
    }
}
