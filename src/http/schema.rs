//! Small schemas that operations write by hand.

use serde_json::{Value, json};

#[must_use]
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// An id.
#[must_use]
pub fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

#[must_use]
pub fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// One of these words.
#[must_use]
pub fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// One or more of these words, with commas.
#[must_use]
pub fn some_of(words: &[&str]) -> Value {
    let any = words.join("|");
    json!({ "type": "string", "pattern": format!("^({any})(,({any}))*$") })
}
