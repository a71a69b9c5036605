//! (a stand-in for `cli::verify` until the real one is merged)

use crate::domain::{ClientState, Direction, LegEvent, LegNews, Moment, Timestamp};
use serde_json::Value;

/// Why a webhook cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WebhookError(String);

/// What a webhook says.
#[derive(Debug)]
pub struct Understood {
    /// Telnyx's `event_type`.
    pub event_type: String,
    /// Telnyx's `data.id`.
    pub webhook_id: Option<String>,
    /// The leg it names.
    pub call_control_id: Option<String>,
    /// The connection it names.
    pub connection_id: Option<String>,
    /// The carrier's clock.
    pub occurred_at: Timestamp,
    /// What it means to a leg.
    pub news: Option<LegEvent>,
}

/// Understands a stored body.
///
/// # Errors
/// When it is malformed.
pub fn understand(body: &str, received_at: Timestamp) -> Result<Understood, WebhookError> {
    let body: Value =
        serde_json::from_str(body).map_err(|error| WebhookError(error.to_string()))?;
    let text = |pointer: &str| {
        let value = body.pointer(pointer).and_then(Value::as_str);
        value.map(str::to_owned)
    };
    let payload = |name: &str| text(&format!("/data/payload/{name}"));
    let event_type = text("/data/event_type").unwrap_or_default();
    let occurred_at = text("/data/occurred_at").and_then(|at| Timestamp::parse(&at));
    let occurred_at = occurred_at.unwrap_or(received_at);
    let news = match event_type.as_str() {
        "call.initiated" => Some(LegNews::Initiated(match payload("direction").as_deref() {
            Some("outgoing") => Direction::Outgoing,
            _ => Direction::Incoming,
        })),
        "call.answered" => Some(LegNews::Answered),
        "call.bridged" => Some(LegNews::Bridged),
        "call.hangup" => Some(LegNews::HungUp(payload("hangup_cause"))),
        _ => None,
    };
    let news = news.map(|news| LegEvent {
        call_control_id: payload("call_control_id").unwrap_or_default(),
        news,
        moment: Moment {
            occurred: occurred_at,
            received: received_at,
        },
        session: payload("call_session_id"),
        leg_id: payload("call_leg_id"),
        from: payload("from"),
        to: payload("to"),
        caller_name: payload("caller_id_name"),
        client_state: payload("client_state").map_or(ClientState::Absent, |_| ClientState::Foreign),
    });
    Ok(Understood {
        event_type,
        webhook_id: text("/data/id"),
        call_control_id: payload("call_control_id"),
        connection_id: payload("connection_id"),
        occurred_at,
        news,
    })
}
