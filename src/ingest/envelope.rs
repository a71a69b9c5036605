//! Telnyx's webhook, as far as it is read. Every field is optional and unknown ones are fine: real
//! payloads carry more than the specification says, and less.

use serde::Deserialize;
use serde_json::Value;

/// `data` of an API v2 webhook.
#[derive(Debug, Deserialize)]
pub(super) struct Data {
    #[serde(default)]
    pub id: Value,
    #[serde(default)]
    pub event_type: Value,
    #[serde(default)]
    pub occurred_at: Value,
    #[serde(default)]
    pub payload: Value,
}

/// The one thing that is read before the signature has been checked: which connection the webhook
/// claims to be from, to find the keys that can check it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Routing {
    #[serde(default)]
    pub data: Option<RoutingData>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RoutingData {
    #[serde(default)]
    pub payload: Option<RoutingPayload>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RoutingPayload {
    #[serde(default)]
    pub connection_id: Option<Value>,
}

impl Routing {
    /// The connection named in a body that nobody has vouched for yet.
    pub fn connection_id(body: &[u8]) -> Option<String> {
        let routing: Self = serde_json::from_slice(body).ok()?;
        let id = routing.data?.payload?.connection_id?;
        text_or_number(&id)
    }
}

/// Ids are decimal strings of up to 19 digits; a number is taken as its digits.
pub(super) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
