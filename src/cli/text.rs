//! Counted nouns, and texts that cannot steer a terminal.

/// `1 call`, `2 calls`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// What strangers choose (names, numbers, handles) must not steer the terminal.
pub(super) fn plain(text: &str) -> String {
    let shown = |letter: char| -> String {
        if letter.is_control() {
            letter.escape_default().collect()
        } else {
            letter.into()
        }
    };
    text.chars().map(shown).collect()
}
