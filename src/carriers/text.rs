//! Texts as they are kept. A webhook that is refused is not sent again, so a text that is too long
//! or odd for our databases is cut and never a reason to refuse the call that it came with.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use std::borrow::Cow;

/// The longest id that is kept: real ones have 57 characters, and indexes must hold them.
pub(super) const ID_BYTES: usize = 512;
/// The longest number, name or cause that is kept: more than any board shows, and few enough for
/// an index over numbers.
pub(super) const TEXT_BYTES: usize = 1024;

/// Ids are decimal strings of up to 19 digits; a number is taken as its digits.
pub(super) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text without U+0000, which PostgreSQL cannot hold, and of at most so many bytes of whole
/// characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut kept = text.replace('\0', "");
    kept.truncate(kept.floor_char_boundary(most));
    kept
}

/// What stands for an id that is missing or cannot be kept: two that differ stay two.
pub(super) fn hash_of(bytes: &[u8]) -> String {
    let hex = digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    format!("sha256:{hex}")
}

/// JSON in which each `\u` escape that is half of a character, as where a text was cut in the
/// midst of an emoji, is U+FFFD.
pub(super) fn with_whole_characters(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        whole.push_str(before);
        let (piece, length) = first_escape(escape);
        whole.push_str(&piece);
        rest = escape.get(length..).unwrap_or_default();
    }
    whole + rest
}

/// What stands for the escape with which a text begins, and its length there.
fn first_escape(text: &str) -> (Cow<'_, str>, usize) {
    let as_it_is = |length| (Cow::Borrowed(text.get(..length).unwrap_or(text)), length);
    match surrogate(text) {
        Some(Half::High) if text.get(6..).and_then(surrogate) == Some(Half::Low) => as_it_is(12),
        Some(_) => (Cow::Borrowed("\\ufffd"), 6),
        // The backslash and what it escapes, a backslash perhaps.
        None => as_it_is(text.char_indices().nth(2).map_or(text.len(), |(at, _)| at)),
    }
}

/// Half of a character beyond U+FFFF.
#[derive(PartialEq, Eq)]
enum Half {
    High,
    Low,
}

fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, with_whole_characters};

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("\u{1f4de}\u{1f4de}", 7), "\u{1f4de}");
        assert_eq!(cut("a\0b", 2), "ab");
        assert_eq!(cut("\u{1f4de}", 3), "");
    }

    #[test]
    fn half_a_character_is_replaced_and_whole_ones_stay() {
        for (json, whole) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            // A backslash and a word, no escape.
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\n\u00e9 é \ud83"#, r#""\n\u00e9 é \ud83"#),
            ("\\", "\\"),
            ("\\é\\u", "\\é\\u"),
        ] {
            assert_eq!(with_whole_characters(json), whole);
        }
    }
}
