//! One event of the carrier, apart from its delivery.

use crate::clock::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What the carrier has to say: the same however often, late or concurrently it is delivered. The
/// body is made for each attempt, since the attempt's number is part of it and so of what is
/// signed. Everything is open, so that a hostile test can bend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// `data.event_type`: `call.initiated` and its kin, or anything else.
    pub event_type: String,
    /// `data.id`: what a receiver knows repeats by.
    pub id: Uuid,
    /// `data.occurred_at`.
    pub occurred_at: Timestamp,
    /// `data.payload`.
    pub payload: Map<String, Value>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    data: Data<'a>,
    meta: Meta<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    event_type: &'a str,
    id: Uuid,
    occurred_at: String,
    payload: &'a Map<String, Value>,
    record_type: &'static str,
}

#[derive(Serialize)]
struct Meta<'a> {
    attempt: u32,
    delivered_to: &'a str,
}

impl Webhook {
    /// The bytes of one attempt (counted from 1) at one address, in the envelope of API version 2.
    #[must_use]
    pub fn body(&self, attempt: u32, delivered_to: &str) -> Vec<u8> {
        let envelope = Envelope {
            data: Data {
                event_type: &self.event_type,
                id: self.id,
                occurred_at: self.occurred_at.to_string(),
                payload: &self.payload,
                record_type: "event",
            },
            meta: Meta {
                attempt,
                delivered_to,
            },
        };
        // Texts, numbers and maps with text keys always serialise.
        serde_json::to_vec(&envelope).unwrap_or_default()
    }

    /// The leg it is about; empty when the payload names none.
    #[must_use]
    pub fn call_control_id(&self) -> &str {
        let id = self.payload.get("call_control_id");
        id.and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Webhook;
    use crate::clock::Timestamp;
    use serde_json::{Map, Value, json};
    use uuid::Uuid;

    #[test]
    fn an_attempt_shows_in_the_envelope_and_nowhere_else() {
        let webhook = Webhook {
            event_type: "call.speak.ended".to_owned(),
            id: Uuid::nil(),
            occurred_at: Timestamp::parse("2026-11-21T01:40:00.5Z").unwrap(),
            payload: Map::from_iter([("status".to_owned(), json!("completed"))]),
        };
        let body: Value = serde_json::from_slice(&webhook.body(3, "http://a/b")).unwrap();
        assert_eq!(
            body,
            json!({
                "data": {
                    "event_type": "call.speak.ended",
                    "id": "00000000-0000-0000-0000-000000000000",
                    "occurred_at": "2026-11-21T01:40:00.500000Z",
                    "payload": {"status": "completed"},
                    "record_type": "event",
                },
                "meta": {"attempt": 3, "delivered_to": "http://a/b"},
            })
        );
        assert_eq!(webhook.call_control_id(), "");
    }
}
