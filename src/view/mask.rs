//! Callers' numbers as those read them who may not see them. Pure, and the one place that knows how.

use crate::domain::{Audience, Party};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What stands for all that is hidden, however long it is.
const HIDDEN: &str = "•••••••";
/// What stands for one digit of a name.
const DIGIT: char = '•';
/// Fewest digits that must stay hidden for the others to be shown.
const FEWEST_HIDDEN: usize = 4;
/// How many digits at the end are shown.
const SHOWN: usize = 2;

/// A number as it is sent in `from_number`: `+1•••••••34`. The code of the country and the last two
/// digits stay where enough is hidden between them; of what is no number nothing stays, but that it
/// was withheld.
pub(super) fn number(text: &str) -> String {
    let party = Party::read(text);
    if text.trim().is_empty() {
        return text.to_owned();
    }
    if party.is_withheld() {
        return withheld(party.user);
    }
    let digits: Vec<char> = party.user.chars().filter(|char| is_digit(*char)).collect();
    if party.user.chars().any(|char| !is_of_a_number(char)) || digits.len() < SHOWN {
        return HIDDEN.to_owned();
    }
    let code = if party.user.starts_with('+') {
        country_code(&digits)
    } else {
        0
    };
    let (code, last) = match digits.len().checked_sub(code + SHOWN) {
        Some(hidden) if hidden >= FEWEST_HIDDEN => (code, SHOWN),
        _ => (0, 0),
    };
    let mut masked = String::new();
    if code > 0 {
        masked.push('+');
        masked.extend(digits.iter().take(code));
    }
    masked.push_str(HIDDEN);
    masked.extend(digits.iter().skip(digits.len() - last));
    masked
}

/// A caller's name, in which a number or an address may stand.
pub(super) fn name(text: &str) -> String {
    if text.contains('@') || (text.chars().any(is_digit) && text.chars().all(is_of_a_number)) {
        return number(text);
    }
    let chars = text.chars();
    chars
        .map(|char| if is_digit(char) { DIGIT } else { char })
        .collect()
}

/// The word that says so; one that looks like a number says nothing to people.
fn withheld(word: &str) -> String {
    if word.chars().any(|char| !char.is_ascii_alphabetic()) || word.is_empty() {
        "anonymous".to_owned()
    } else {
        word.to_owned()
    }
}

fn is_digit(char: char) -> bool {
    char.is_numeric()
}

fn is_of_a_number(char: char) -> bool {
    is_digit(char) || char.is_whitespace() || "+-./()".contains(char)
}

/// How many of an international number's digits are the code of its country (ITU-T E.164).
fn country_code(digits: &[char]) -> usize {
    match digits {
        ['1' | '7', ..] => 1,
        ['2', '0' | '7', ..]
        | ['3', '0'..='4' | '6' | '9', ..]
        | ['4', '0' | '1' | '3'..='9', ..]
        | ['5', '1'..='8', ..]
        | ['6', '0'..='6', ..]
        | ['8', '1' | '2' | '4' | '6', ..]
        | ['9', '0'..='5' | '8', ..] => 2,
        _ => 3,
    }
}

/// JSON with callers' numbers masked wherever they stand in it, and otherwise as it was.
///
/// # Errors
/// When it is no JSON, or a number stands there in a form that is not known.
pub(super) fn json(text: &str) -> Result<String, serde_json::Error> {
    let mut masked = String::with_capacity(text.len() + 16);
    write(&mut masked, text.trim())?;
    Ok(masked)
}

fn write(out: &mut String, text: &str) -> Result<(), serde_json::Error> {
    match text.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(text)?;
            list(out, ('{', '}'), fields, |out, (field, value)| {
                write_text(out, &field)?;
                out.push(':');
                match field.as_str() {
                    "from_number" => write_masked(out, value, number),
                    "caller_name" => write_masked(out, value, name),
                    _ => write(out, value.get()),
                }
            })
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            list(out, ('[', ']'), items, |out, item| write(out, item.get()))
        }
        _ => {
            let value: &RawValue = serde_json::from_str(text)?;
            out.push_str(value.get());
            Ok(())
        }
    }
}

fn list<T>(
    out: &mut String,
    (first, last): (char, char),
    items: Vec<T>,
    write: impl Fn(&mut String, T) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    out.push(first);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(out, item)?;
    }
    out.push(last);
    Ok(())
}

fn write_masked(
    out: &mut String,
    value: &RawValue,
    mask: fn(&str) -> String,
) -> Result<(), serde_json::Error> {
    match serde_json::from_str::<Option<String>>(value.get())? {
        Some(text) => write_text(out, &mask(&text)),
        None => {
            out.push_str("null");
            Ok(())
        }
    }
}

fn write_text(out: &mut String, text: &str) -> Result<(), serde_json::Error> {
    out.push_str(&serde_json::to_string(text)?);
    Ok(())
}

/// The fields of an object, in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

/// JSON as the masked read it; an empty object in place of what cannot be read, which shows nobody's
/// number.
#[must_use]
pub fn masked_or_nothing(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    json(text).unwrap_or_else(|_| "{}".to_owned())
}

/// A caller's number as that audience reads it.
#[must_use]
pub fn number_for(audience: Audience, text: Option<&str>) -> Option<Cow<'_, str>> {
    shown(audience, text, number)
}

/// A caller's name as that audience reads it.
#[must_use]
pub fn caller_name_for(audience: Audience, text: Option<&str>) -> Option<Cow<'_, str>> {
    shown(audience, text, name)
}

fn shown(audience: Audience, text: Option<&str>, mask: fn(&str) -> String) -> Option<Cow<'_, str>> {
    text.map(|text| match audience {
        Audience::Full => Cow::Borrowed(text),
        Audience::Masked => Cow::Owned(mask(text)),
    })
}

#[cfg(test)]
mod tests;
