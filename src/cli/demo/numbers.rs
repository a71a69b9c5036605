//! Numbers as people read them.

use crate::cli::text::plain;

/// `1234567` as `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 call`, `2 calls`.
pub(super) fn counted(number: u64, one: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{} {one}{many}", count(number))
}

/// A short time: `under 1 ms`, `3 ms`, `1.2 s`.
pub(super) fn short_time(micros: i64) -> String {
    match micros {
        ..1_000 => "under 1 ms".to_owned(),
        1_000..999_500 => format!("{} ms", (micros + 500) / 1_000),
        _ => {
            let tenths = (micros + 50_000) / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

/// How long something lasted: `42 s`, `3 min 5 s`.
pub(super) fn length(micros: i64) -> String {
    let seconds = (micros.max(0) + 500_000) / 1_000_000;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Who calls: the number as it was sent, or that there is none. What callers choose must not steer
/// the terminal.
pub(super) fn caller(number: Option<&str>) -> String {
    match number.map(str::trim) {
        None | Some("" | "anonymous" | "Anonymous") => "(no number)".to_owned(),
        Some(number) => plain(number),
    }
}

#[cfg(test)]
mod tests {
    use super::{caller, count, counted, length, short_time};

    #[test]
    fn large_numbers_have_commas() {
        let told = [0, 12, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(told, ["0", "12", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(
            [1, 2].map(|calls| counted(calls, "call")),
            ["1 call", "2 calls"]
        );
    }

    #[test]
    fn times_are_as_exact_as_people_want_them() {
        let told = [-5, 400, 1_499, 2_500, 999_499, 999_500, 1_249_999].map(short_time);
        let expected = [
            "under 1 ms",
            "under 1 ms",
            "1 ms",
            "3 ms",
            "999 ms",
            "1.0 s",
            "1.2 s",
        ];
        assert_eq!(told, expected);
        assert_eq!(
            [400_000, 42_000_000, 185_000_000].map(length),
            ["0 s", "42 s", "3 min 5 s"]
        );
    }

    #[test]
    fn a_caller_is_shown_as_sent_but_for_what_would_steer_the_terminal() {
        assert_eq!(caller(Some("+15550100")), "+15550100");
        assert_eq!(caller(Some("sip:a@b")), "sip:a@b");
        assert_eq!(caller(Some("anonymous")), "(no number)");
        assert_eq!(caller(None), "(no number)");
        assert_eq!(caller(Some("\u{1b}[2J")), "\\u{1b}[2J");
    }
}
