//! From a webhook's body to our words.

use super::WebhookError;
use super::envelope::{Data, text_or_number};
use super::links::has_links;
use crate::domain::{
    ClientState, Direction, LegEvent, LegNews, Moment, Timestamp, read_client_state,
};
use serde_json::{Map, Value};

/// The longest id that is taken: real ones have 57 characters, and indexes must hold them.
const ID_BYTES: usize = 512;
/// The longest number, name or cause that is taken.
const TEXT_BYTES: usize = 1024;

/// A webhook in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    /// Telnyx's `event_type`.
    pub event_type: String,
    /// Telnyx's `data.id`.
    pub webhook_id: Option<String>,
    /// The leg it names.
    pub call_control_id: Option<String>,
    /// The connection it names.
    pub connection_id: Option<String>,
    /// The carrier's clock, or ours when it says nothing that can be read.
    pub occurred_at: Timestamp,
    /// What it tells of a leg, when it does.
    pub news: Option<LegEvent>,
    /// It holds links to recordings, which are not to be kept.
    pub has_links: bool,
}

/// Reads a webhook that arrived at `received_at`.
///
/// # Errors
/// When it is not a webhook of API v2, or what it says of a call cannot be true.
pub fn understand(body: &str, received_at: Timestamp) -> Result<Understood, WebhookError> {
    // Maps, since a struct would read itself from a list too.
    let mut envelope: Map<String, Value> = serde_json::from_str(body)
        .map_err(|error| malformed(format!("The body is not a JSON object: {error}")))?;
    let data = match envelope.remove("data") {
        None | Some(Value::Null) if is_api_v1(&envelope) => return Err(WebhookError::ApiV1),
        None | Some(Value::Null) => return Err(WebhookError::NoData),
        Some(data) => data,
    };
    let not_an_object = || malformed("data must be an object".to_owned());
    let Value::Object(_) = &data else {
        return Err(not_an_object());
    };
    let data: Data = serde_json::from_value(data).map_err(|_| not_an_object())?;
    let Value::String(event_type) = &data.event_type else {
        return Err(malformed("data.event_type must be text".to_owned()));
    };
    let event_type = checked("data.event_type", event_type, ID_BYTES)?;
    let empty = Map::new();
    let payload = match &data.payload {
        Value::Object(payload) => payload,
        Value::Null => &empty,
        _ => return Err(malformed("data.payload must be an object".to_owned())),
    };
    let occurred_at = match &data.occurred_at {
        Value::String(text) => Timestamp::parse(text).unwrap_or(received_at),
        _ => received_at,
    };
    let webhook_id = match text_or_number(&data.id) {
        Some(id) => Some(checked("data.id", &id, ID_BYTES)?),
        None => None,
    };
    let call_control_id = call_control_id(&event_type, payload)?;
    let moment = Moment {
        occurred: occurred_at,
        received: received_at,
    };
    Ok(Understood {
        webhook_id,
        connection_id: optional(payload, "connection_id", ID_BYTES)?,
        occurred_at,
        news: leg_event(&event_type, call_control_id.as_deref(), payload, moment)?,
        has_links: has_links(payload),
        call_control_id,
        event_type,
    })
}

fn malformed(text: String) -> WebhookError {
    WebhookError::Malformed(text)
}

/// API v1 sends a flat body with underscores in its event names.
fn is_api_v1(flat: &Map<String, Value>) -> bool {
    let event_type = flat.get("event_type").and_then(Value::as_str);
    event_type.is_some_and(|event_type| !event_type.contains('.'))
}

/// The leg's handle. Where a call event names one it must be usable; only a recording may do
/// without, since its specification does.
fn call_control_id(
    event_type: &str,
    payload: &Map<String, Value>,
) -> Result<Option<String>, WebhookError> {
    const NAME: &str = "data.payload.call_control_id";
    match payload.get("call_control_id") {
        Some(Value::String(id)) if !id.trim().is_empty() => Ok(Some(checked(NAME, id, ID_BYTES)?)),
        None | Some(Value::Null) if !needs_handle(event_type) => Ok(None),
        None | Some(Value::Null) => Err(malformed(format!("{NAME} is missing"))),
        Some(_) if event_type.starts_with("call.") => {
            Err(malformed(format!("{NAME} must be text that is not blank")))
        }
        Some(_) => Ok(None),
    }
}

fn needs_handle(event_type: &str) -> bool {
    matches!(
        event_type,
        "call.initiated" | "call.answered" | "call.bridged" | "call.hangup"
    )
}

fn leg_event(
    event_type: &str,
    call_control_id: Option<&str>,
    payload: &Map<String, Value>,
    moment: Moment,
) -> Result<Option<LegEvent>, WebhookError> {
    let text = |name: &str| optional(payload, name, TEXT_BYTES);
    let news = match event_type {
        "call.initiated" => LegNews::Initiated(match text("direction")?.as_deref() {
            Some("outgoing" | "outbound") => Direction::Outgoing,
            _ => Direction::Incoming,
        }),
        "call.answered" => LegNews::Answered,
        "call.bridged" => LegNews::Bridged,
        "call.hangup" => LegNews::HungUp {
            cause: text("hangup_cause")?,
            source: text("hangup_source")?,
        },
        "call.recording.saved" => LegNews::Recorded {
            id: optional(payload, "recording_id", ID_BYTES)?,
            channels: text("channels")?,
            started_at: text("recording_started_at")?.and_then(|at| Timestamp::parse(&at)),
            ended_at: text("recording_ended_at")?.and_then(|at| Timestamp::parse(&at)),
        },
        _ => return Ok(None),
    };
    let leg_id = optional(payload, "call_leg_id", ID_BYTES)?;
    if call_control_id.is_none() && leg_id.is_none() {
        return Ok(None);
    }
    Ok(Some(LegEvent {
        // Empty: known by its leg id.
        call_control_id: call_control_id.unwrap_or_default().to_owned(),
        news,
        moment,
        session: optional(payload, "call_session_id", ID_BYTES)?,
        leg_id,
        from: kept_as_sent(payload, "from")?,
        to: kept_as_sent(payload, "to")?,
        caller_name: text("caller_id_name")?,
        client_state: match text("client_state")? {
            None => ClientState::Absent,
            Some(state) => read_client_state(&state),
        },
    }))
}

/// A text field; blank, null, absent and other kinds say nothing.
fn optional(
    payload: &Map<String, Value>,
    name: &str,
    most: usize,
) -> Result<Option<String>, WebhookError> {
    match payload.get(name) {
        Some(value) => match text_or_number(value) {
            Some(text) => Ok(Some(checked(name, &text, most)?)),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

/// A number is kept as sent, an empty one too: a withheld number is news.
fn kept_as_sent(payload: &Map<String, Value>, name: &str) -> Result<Option<String>, WebhookError> {
    match payload.get(name) {
        Some(Value::String(text)) => Ok(Some(checked(name, text, TEXT_BYTES)?)),
        _ => optional(payload, name, TEXT_BYTES),
    }
}

/// What one of our databases would refuse is refused at the door, the same way for both.
fn checked(name: &str, text: &str, most: usize) -> Result<String, WebhookError> {
    if text.contains('\0') {
        return Err(malformed(format!("{name} holds the character U+0000")));
    }
    if text.len() > most {
        return Err(malformed(format!("{name} is longer than {most} bytes")));
    }
    Ok(text.to_owned())
}
