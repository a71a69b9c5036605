//! A number or an address taken out of a text.

use crate::domain::Party;
use crate::store::NumberFilter;
use crate::store::numbers::BETWEEN;

/// What stands in place of a number that is forgotten: what networks write where it is withheld.
pub(super) const WITHHELD: &str = "anonymous";
/// What stands in place of what is forgotten, within a longer text.
pub(super) const ERASED: &str = "[erased]";
/// The digits of the longest number there is (E.164).
const LONGEST: usize = 15;

/// The text without that number; `None` when it does not hold it.
pub(super) fn without_number(text: &str, number: &NumberFilter) -> Option<String> {
    match number {
        NumberFilter::Is(address) if text == address => Some(WITHHELD.to_owned()),
        NumberFilter::Is(address) => replaced(text, address),
        NumberFilter::EndsWith(digits) => {
            let mut places = places_of(text, digits);
            if places.is_empty() {
                return None;
            }
            if is_all_of_it(text, digits) {
                return Some(WITHHELD.to_owned());
            }
            let mut out = text.to_owned();
            while let Some((from, to)) = places.pop() {
                out.replace_range(from..to, ERASED);
            }
            Some(out)
        }
    }
}

/// The text without that word, wherever it stands by itself.
pub(super) fn replaced(text: &str, word: &str) -> Option<String> {
    text.contains(word).then(|| text.replace(word, ERASED))
}

/// Whether a text is a SIP address, or the user's part of one, of that user.
pub(super) fn is_address_of(text: &str, user: &str) -> bool {
    Party::read(text).user.eq_ignore_ascii_case(user)
}

/// Whether a text is this number, or an address of it, and nothing else.
fn is_all_of_it(text: &str, digits: &str) -> bool {
    let user = Party::read(text).user;
    let allowed = |c: char| c == '+' || c.is_ascii_digit() || BETWEEN.contains(&c);
    let spoken: String = user.chars().filter(char::is_ascii_digit).collect();
    user.chars().all(allowed) && spoken.ends_with(digits) && spoken.len() <= LONGEST
}

/// Where numbers that end with these digits stand, in bytes: with what is written before them of the
/// same number.
fn places_of(text: &str, digits: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut run: Vec<(usize, char)> = Vec::new();
    let end = (text.len(), '\0');
    for (at, letter) in text.char_indices().chain([end]) {
        let goes_on = letter.is_ascii_digit()
            || letter == '+' && run.is_empty()
            || BETWEEN.contains(&letter) && !run.is_empty();
        if goes_on {
            run.push((at, letter));
            continue;
        }
        places.extend(places_in(&run, digits));
        run.clear();
        if letter == '+' {
            run.push((at, letter));
        }
    }
    places
}

/// The same, within digits and what stands between them.
fn places_in(run: &[(usize, char)], digits: &str) -> Vec<(usize, usize)> {
    let spoken: Vec<(usize, usize, char)> = run
        .iter()
        .enumerate()
        .filter(|(_, (_, letter))| letter.is_ascii_digit())
        .map(|(place, (at, letter))| (place, *at, *letter))
        .collect();
    let wanted: Vec<char> = digits.chars().collect();
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(window) = spoken.get(from..from + wanted.len()) {
        let same = window.iter().map(|(_, _, letter)| letter).eq(&wanted);
        let (Some((first, _, _)), Some((last, at, _))) = (window.first(), window.last()) else {
            break;
        };
        let is_digit = |place: usize| run.get(place).is_some_and(|(_, it)| it.is_ascii_digit());
        if !same || is_digit(last + 1) {
            from += 1;
            continue;
        }
        places.push((beginning(run, *first), at + 1));
        from += wanted.len();
    }
    places
}

/// Where a number begins of which the digit at that place is one: with the digits right before it,
/// and with a country's code, which is short and has a `+`.
fn beginning(run: &[(usize, char)], mut place: usize) -> usize {
    let letter = |place: usize| run.get(place).map(|(_, letter)| *letter);
    while place > 0 && letter(place - 1).is_some_and(|it| it.is_ascii_digit()) {
        place -= 1;
    }
    if letter(0) == Some('+') && place <= 6 {
        place = 0;
    }
    run.get(place).map_or(0, |(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::without_number;
    use crate::store::NumberFilter;

    #[test]
    fn a_number_is_found_however_it_is_written_and_similar_ones_stay() {
        let number = NumberFilter::EndsWith("2025550133".into());
        for (text, left) in [
            ("+12025550133", "anonymous"),
            ("2025550133", "anonymous"),
            ("(202) 555-0133", "anonymous"),
            ("sip:+12025550133@sip.telnyx.com;user=phone", "anonymous"),
            ("\"Jo\" <sip:+12025550133@host>", "anonymous"),
            ("call +1 (202) 555-0133, or 555", "call [erased], or 555"),
            ("12025550133 5550199", "[erased] 5550199"),
            ("2025550133/2025550133", "[erased]/[erased]"),
            ("tel 2025550133.", "tel [erased]."),
        ] {
            let found = without_number(text, &number);
            assert_eq!(found.as_deref(), Some(left), "{text}");
        }
        for other in ["+12025550134", "20255501334", "+1202555013", "", "a"] {
            assert_eq!(without_number(other, &number), None, "{other}");
        }
        let address = NumberFilter::Is("sip:jo@host".into());
        let found = without_number("sip:jo@host", &address);
        assert_eq!(found.as_deref(), Some("anonymous"));
        assert_eq!(without_number("sip:joe@host", &address), None);
    }
}
