//! From a webhook's body to our words.

use super::links::take_links;
use super::{envelope, mark};
use crate::carriers::text::{ID_BYTES, TEXT_BYTES, cut, hash_of, text_or_number};
use crate::carriers::{Understood, WebhookError};
use crate::domain::{Carrier, Direction, LegEvent, LegHandle, LegNews, Mark, Moment, Timestamp};
use serde_json::{Map, Value};

/// Reads a webhook of API v2 that arrived at `received_at`.
pub(in crate::carriers) fn understand(
    body: &str,
    received_at: Timestamp,
) -> Result<Understood, WebhookError> {
    let (mut envelope, hides_links) = envelope::read(body)?;
    let had_links = take_links(&mut envelope) || hides_links;
    let data = envelope::data(&envelope)?;
    let Some(Value::String(event_type)) = data.get("event_type") else {
        return Err(malformed("data.event_type must be text".to_owned()));
    };
    let event_type = cut(event_type, ID_BYTES);
    let empty = Map::new();
    let payload = match data.get("payload") {
        Some(Value::Object(payload)) => payload,
        Some(Value::Null) | None => &empty,
        Some(_) if needs_handle(&event_type) => {
            return Err(malformed("data.payload must be an object".to_owned()));
        }
        Some(_) => &empty,
    };
    let occurred_at = occurred_at(data).unwrap_or(received_at);
    let call_control_id = call_control_id(&event_type, payload)?;
    let moment = Moment {
        occurred: occurred_at,
        received: received_at,
    };
    Ok(Understood {
        webhook_id: webhook_id(data).unwrap_or_else(|| hash_of(body.as_bytes())),
        connection_id: text(payload, "connection_id", TEXT_BYTES),
        occurred_at,
        news: leg_event(&event_type, call_control_id.as_deref(), payload, moment),
        leg: call_control_id.map(|id| LegHandle::new(Carrier::Telnyx, id)),
        event_type,
        without_links: had_links.then(|| Value::Object(envelope).to_string()),
    })
}

fn malformed(text: String) -> WebhookError {
    WebhookError::Malformed(text)
}

/// The first of the two times that can be read; a flat body may have the second alone.
fn occurred_at(data: &Map<String, Value>) -> Option<Timestamp> {
    let times = ["occurred_at", "created_at"].into_iter();
    times
        .filter_map(|name| data.get(name)?.as_str())
        .find_map(Timestamp::parse)
}

/// By which repeats are known. It is not cut: two webhooks must not pass for one.
fn webhook_id(data: &Map<String, Value>) -> Option<String> {
    let id = data.get("id").and_then(text_or_number)?;
    if is_kept_whole(&id) {
        Some(id)
    } else {
        Some(hash_of(id.as_bytes()))
    }
}

fn is_kept_whole(id: &str) -> bool {
    id.len() <= ID_BYTES && !id.contains('\0')
}

/// The leg's handle. Where a call event names one it must be usable, since the carrier is asked by
/// it; only a recording may do without, since its specification does.
fn call_control_id(
    event_type: &str,
    payload: &Map<String, Value>,
) -> Result<Option<String>, WebhookError> {
    let unusable = match payload.get("call_control_id") {
        Some(Value::String(id)) if !id.trim().is_empty() && is_usable(id) => {
            return Ok(Some(id.clone()));
        }
        None | Some(Value::Null) if !needs_handle(event_type) => return Ok(None),
        None | Some(Value::Null) => "is missing".to_owned(),
        // Of what is no call's a handle that cannot be used is left out.
        Some(_) if !event_type.starts_with("call.") => return Ok(None),
        Some(Value::String(id)) if !id.trim().is_empty() => {
            format!("must have at most {ID_BYTES} bytes, and no character that is not one")
        }
        Some(_) => "must be text that is not blank".to_owned(),
    };
    Err(malformed(format!(
        "data.payload.call_control_id {unusable}"
    )))
}

/// U+FFFD stands where bytes were no text.
fn is_usable(id: &str) -> bool {
    is_kept_whole(id) && !id.contains('\u{fffd}')
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
) -> Option<LegEvent> {
    let word = |name: &str| text(payload, name, TEXT_BYTES);
    let id = |name: &str| text(payload, name, ID_BYTES);
    let time = |name: &str| word(name).and_then(|at| Timestamp::parse(&at));
    let news = match event_type {
        "call.initiated" => LegNews::Initiated(match word("direction").as_deref() {
            Some("outgoing" | "outbound") => Direction::Outgoing,
            _ => Direction::Incoming,
        }),
        "call.answered" => LegNews::Answered,
        "call.bridged" => LegNews::Bridged,
        "call.hangup" => LegNews::HungUp {
            cause: word("hangup_cause"),
            source: word("hangup_source"),
        },
        "call.recording.saved" => LegNews::Recorded {
            id: id("recording_id"),
            channels: word("channels"),
            started_at: time("recording_started_at"),
            ended_at: time("recording_ended_at"),
        },
        _ => return None,
    };
    let leg_id = id("call_leg_id");
    if call_control_id.is_none() && leg_id.is_none() {
        return None;
    }
    Some(LegEvent {
        // Empty: known by its leg id.
        handle: LegHandle::new(Carrier::Telnyx, call_control_id.unwrap_or_default()),
        news,
        moment,
        session: id("call_session_id"),
        leg_id,
        from: as_sent(payload, "from"),
        to: as_sent(payload, "to"),
        caller_name: word("caller_id_name"),
        mark: marked(payload),
    })
}

/// A text field, cut where it is too long; blank, null, absent and other kinds say nothing.
fn text(payload: &Map<String, Value>, name: &str, most: usize) -> Option<String> {
    let text = payload.get(name).and_then(text_or_number)?;
    Some(cut(&text, most)).filter(|text| !text.trim().is_empty())
}

/// A number is kept as sent, an empty one too: a withheld number is news.
fn as_sent(payload: &Map<String, Value>, name: &str) -> Option<String> {
    match payload.get(name) {
        Some(Value::String(text)) => Some(cut(text, TEXT_BYTES)),
        _ => text(payload, name, TEXT_BYTES),
    }
}

/// Ours are short: one that is too long to be kept is another program's, whatever it begins with.
fn marked(payload: &Map<String, Value>) -> Mark {
    match payload.get("client_state").and_then(text_or_number) {
        None => Mark::Absent,
        Some(state) if state.len() > TEXT_BYTES => Mark::Foreign,
        Some(state) => mark::read(&state),
    }
}
