//! Words of strangers, made fit to be shown and logged.

use secrecy::{ExposeSecret, SecretString};
use std::cmp::Reverse;

/// Most characters of a stranger's words that are passed on.
const MOST: usize = 200;
/// Shorter values are no secrets, and taking them out would garble the rest.
const SHORTEST_SECRET: usize = 4;
/// So many digits may be someone's number: fewer are a code, more are an id.
const NUMBER: std::ops::RangeInclusive<usize> = 7..=15;

/// A stranger's words on one line, without the secrets and the telephone numbers that it may have
/// echoed, and no longer than 200 characters.
pub(crate) fn fit_to_show(text: &str, secrets: &[SecretString]) -> String {
    let text = redacted(text, secrets);
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let line = without_numbers(&words.join(" "));
    if line.chars().count() <= MOST {
        return line;
    }
    let cut: String = line.chars().take(MOST - 1).collect();
    format!("{}…", cut.trim_end())
}

/// The text without these secrets, the longest first, so that none is cut by another that is a part
/// of it.
pub(crate) fn redacted(text: &str, secrets: &[SecretString]) -> String {
    let exposed = secrets.iter().map(SecretString::expose_secret);
    let mut sorted: Vec<&str> = exposed
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
        .collect();
    sorted.sort_by_key(|secret| Reverse(secret.len()));
    let mut text = text.to_owned();
    for secret in sorted {
        if text.contains(secret) {
            text = text.replace(secret, "[redacted]");
        }
    }
    text
}

/// A body that is no JSON, as far as it says anything: a page for a browser says less than its
/// status.
pub(crate) fn plain(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.starts_with('<')).then(|| text.to_owned())
}

/// `+1 (202) 555-0133` and `12025550133`, but not the digits within an id.
fn without_numbers(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = number_length(from);
        let (run, after) = from.split_at(length);
        let stands_alone = !out.ends_with(in_id) && !after.starts_with(in_id);
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let is_number = NUMBER.contains(&digits) && (stands_alone || run.starts_with('+'));
        out.push_str(if is_number { "[number]" } else { run });
        rest = after;
    }
    out + rest
}

/// The bytes of the number that the text begins with, all of them ASCII. Only after a `+` may
/// there be something between the digits.
fn number_length(text: &str) -> usize {
    let spaced = text.starts_with('+');
    let within = |c: char| c.is_ascii_digit() || spaced && "+-.() ".contains(c);
    let run = text.split(|c: char| !within(c)).next().unwrap_or(text);
    let digits = run.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.len().max(1)
}

fn in_id(character: char) -> bool {
    character.is_alphanumeric() || "-_".contains(character)
}

#[cfg(test)]
mod tests {
    use super::fit_to_show;
    use secrecy::SecretString;

    #[test]
    fn an_echoed_secret_is_taken_out_before_the_text_is_cut() {
        let key = SecretString::from("KEY0123456789");
        let long = format!("{} KEY0123456789 {}", "a".repeat(190), "b".repeat(50));
        let secrets = [key];
        let shown = fit_to_show(&long, &secrets);
        assert!(!shown.contains("KEY0"), "{shown}");
        assert_eq!(shown.chars().count(), 200);
        assert_eq!(
            fit_to_show("bad key\r\n KEY0123456789.\0", &secrets),
            "bad key [redacted]."
        );
    }

    #[test]
    fn an_echoed_number_is_taken_out_and_ids_and_codes_stay() {
        for (said, shown) in [
            ("'to' is +12025550133.", "'to' is [number]."),
            ("call +1 (202) 555-0133, now", "call [number], now"),
            ("<sip:12025550133@x>", "<sip:[number]@x>"),
            ("a+4915112345678b", "a[number]b"),
            ("code 90018 + 1", "code 90018 + 1"),
            (
                "connection 2963572552552678752",
                "connection 2963572552552678752",
            ),
            ("leg 12345678-53da-11f1", "leg 12345678-53da-11f1"),
            ("é7", "é7"),
        ] {
            assert_eq!(fit_to_show(said, &[]), shown);
        }
    }
}
