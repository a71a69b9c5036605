//! Telnyx's webhook, as far as it is read. Every field is optional and unknown ones are fine: real
//! payloads carry more than the specification says, and less.

use super::doubled;
use crate::carriers::WebhookError;
use crate::carriers::text::{text_or_number, with_whole_characters};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Telnyx sends JSON; its TeXML callbacks are forms.
pub(in crate::carriers) fn accepts(content_type: &str) -> Result<(), WebhookError> {
    match content_type {
        "application/json" => Ok(()),
        "application/x-www-form-urlencoded" => Err(WebhookError::Texml),
        _ => Err(WebhookError::NotJson),
    }
}

/// The body of a webhook, and whether its text holds links to recordings that are not shown in it.
///
/// A map, since a struct would read itself from a list too. Half a character in an escape, which
/// programs that cut texts leave behind, is no reason to lose a call.
pub(super) fn read(body: &str) -> Result<(Map<String, Value>, bool), WebhookError> {
    let read = doubled::read(body);
    let read = read.or_else(|_| doubled::read(&with_whole_characters(body)));
    read.map_err(|error| {
        // Its words would repeat what was sent, callers' numbers among it.
        let (line, column) = (error.line(), error.column());
        let place = format!("line {line}, column {column}");
        WebhookError::Malformed(format!("The body is not a JSON object (see {place})"))
    })
}

/// What tells of an event: `data`, or the body itself where the envelope was taken off.
pub(super) fn data(envelope: &Map<String, Value>) -> Result<&Map<String, Value>, WebhookError> {
    match envelope.get("data") {
        Some(Value::Object(data)) => Ok(data),
        None | Some(Value::Null) => match envelope.get("event_type") {
            // API v1 sends a flat body too, with underscores in its event names.
            Some(Value::String(event_type)) if event_type.contains('.') => Ok(envelope),
            Some(Value::String(_)) => Err(WebhookError::ApiV1),
            _ => Err(WebhookError::NoData),
        },
        Some(_) => Err(WebhookError::Malformed("data must be an object".to_owned())),
    }
}

#[derive(Debug, Default, Deserialize)]
struct Routing {
    #[serde(default)]
    data: Option<RoutingData>,
    /// Of a body without the envelope.
    #[serde(default)]
    payload: Option<RoutingPayload>,
}

#[derive(Debug, Default, Deserialize)]
struct RoutingData {
    #[serde(default)]
    payload: Option<RoutingPayload>,
}

#[derive(Debug, Default, Deserialize)]
struct RoutingPayload {
    #[serde(default)]
    connection_id: Option<Value>,
}

/// The connection named in a body that nobody has vouched for yet.
pub(in crate::carriers) fn connection_id(body: &[u8]) -> Option<String> {
    let Ok(routing) = serde_json::from_slice::<Routing>(body) else {
        return last_connection_id(std::str::from_utf8(body).ok()?);
    };
    let payload = match routing.data {
        Some(data) => data.payload,
        None => routing.payload,
    };
    text_or_number(&payload?.connection_id?)
}

/// The same of a body in which a name stands twice, where the last value counts.
fn last_connection_id(body: &str) -> Option<String> {
    let (envelope, _) = read(body).ok()?;
    let payload = data(&envelope).ok()?.get("payload")?;
    text_or_number(payload.get("connection_id")?)
}
