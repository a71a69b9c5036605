//! What the server says of a call, and of a moment.

use crate::clock::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use std::borrow::Cow;

/// A call, as the server wrote it: what we do not know of is kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Call {
    id: String,
    status: String,
    fields: Value,
}

impl Call {
    /// The id by which clients keep it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `incoming`, `answering`, `answered` or `ended`.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }

    /// Whether it is over, and so off the board.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.status == "ended"
    }

    /// The text of a field; `None` when it is absent, null or no text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// All fields, as they came.
    #[must_use]
    pub const fn fields(&self) -> &Value {
        &self.fields
    }
}

impl TryFrom<Value> for Call {
    type Error = String;

    fn try_from(fields: Value) -> Result<Self, Self::Error> {
        let text = |name: &str| match fields.get(name).and_then(Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("a call without a text {name:?}")),
        };
        Ok(Self {
            id: text("id")?,
            status: text("status")?,
            fields,
        })
    }
}

/// A moment as the server writes it.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = Cow::<'_, str>::deserialize(from)?;
    Timestamp::parse(&text)
        .ok_or_else(|| de::Error::custom(format!("{text:?} is no RFC 3339 time")))
}
