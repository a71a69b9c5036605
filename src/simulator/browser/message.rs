//! What the server says, as types.

use super::agent::Agent;
use super::call::{Call, timestamp};
use super::{Closed, Resumed, Snapshot};
use crate::clock::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;

/// One message of the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The answer to `connect` when there is nothing to go on from.
    Snapshot(Snapshot),
    /// The answer to `connect` when the position still holds.
    Resumed(Resumed),
    /// Something happened to a call.
    Event(Box<Event>),
    /// Something happened to somebody who takes calls.
    Agent(Box<AgentEvent>),
    /// The connection lives.
    Heartbeat {
        /// The last event queued to this connection before this frame.
        seq: u64,
        /// The server's clock.
        at: Timestamp,
    },
    /// The token ends soon: refresh, or be closed with 4001.
    TokenExpiring {
        /// When it ends.
        expires_at: Timestamp,
    },
    /// The connection's new token was taken.
    Refreshed {
        /// When it ends.
        expires_at: Timestamp,
    },
    /// The answer to `ping`.
    Pong,
    /// Something was wrong; a close may follow.
    Error(ErrorFrame),
    /// A type that we do not know, to be ignored.
    Other {
        /// Its `type`.
        kind: String,
    },
    /// The connection ended.
    Closed(Closed),
}

/// A numbered change of a call.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Event {
    /// `call.incoming`, `call.answering`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number within the agency.
    pub seq: u64,
    /// The carrier's clock, or the server's for what an agent did.
    #[serde(deserialize_with = "timestamp")]
    pub occurred_at: Timestamp,
    /// When the server's listener had it.
    #[serde(deserialize_with = "timestamp")]
    pub received_at: Timestamp,
    /// When it was committed.
    #[serde(deserialize_with = "timestamp")]
    pub recorded_at: Timestamp,
    /// Who acted; absent for the carrier.
    pub actor: Option<Actor>,
    /// Why, where the event says so.
    pub reason: Option<String>,
    /// The whole call as it is after the event.
    pub call: Call,
}

/// A numbered change of somebody who takes calls.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AgentEvent {
    /// `agent.updated`, `agent.removed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number within the agency, among those of calls.
    pub seq: u64,
    /// When it was committed.
    #[serde(deserialize_with = "timestamp")]
    pub recorded_at: Timestamp,
    /// Who acted; absent where it followed from something else.
    pub actor: Option<Actor>,
    /// The whole agent as it is after the event.
    pub agent: Agent,
}

/// The user who acted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Actor {
    /// The user's id.
    pub id: String,
    /// The user's name, if it is known.
    pub name: Option<String>,
}

/// What was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ErrorFrame {
    /// Its name.
    pub code: String,
    /// A sentence for people.
    #[serde(default)]
    pub message: String,
    /// Whether the client should come back after the close that follows.
    pub reconnect: Option<bool>,
    /// How long to stay away first, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// How long an event took on each part of its way, in microseconds. Clocks of several machines
/// are compared, so a part may come out negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// From the carrier's clock to the server's listener.
    pub carrier_to_received: i64,
    /// From the listener to the commit.
    pub received_to_recorded: i64,
    /// From the commit to this client.
    pub recorded_to_here: i64,
}

impl Event {
    /// How long it took to come here, where it is now `here`.
    #[must_use]
    pub const fn latency(&self, here: Timestamp) -> Latency {
        Latency {
            carrier_to_received: self.received_at.micros_since(self.occurred_at),
            received_to_recorded: self.recorded_at.micros_since(self.received_at),
            recorded_to_here: here.micros_since(self.recorded_at),
        }
    }
}

impl Message {
    /// Its number, of an event of any kind.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Event(event) => Some(event.seq),
            Self::Agent(event) => Some(event.seq),
            _ => None,
        }
    }

    /// Reads a text frame. Types and fields that we do not know are let be; a known type that is
    /// not as `static/docs/contract.md` says is an error that names what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let head: Head<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let kind = head.kind.as_ref();
        Self::parse_as(kind, text).map_err(|error| format!("{kind:?}: {error}"))
    }

    fn parse_as(kind: &str, text: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "snapshot" => Self::Snapshot(serde_json::from_str(text)?),
            "resumed" => Self::Resumed(serde_json::from_str(text)?),
            "heartbeat" => {
                let Heartbeat { seq, at } = serde_json::from_str(text)?;
                Self::Heartbeat { seq, at }
            }
            "token_expiring" => Self::TokenExpiring {
                expires_at: expiry(text)?,
            },
            "refreshed" => Self::Refreshed {
                expires_at: expiry(text)?,
            },
            "pong" => Self::Pong,
            "error" => Self::Error(serde_json::from_str(text)?),
            _ if kind.starts_with("agent.") => Self::Agent(serde_json::from_str(text)?),
            _ if kind.starts_with("call.") => Self::Event(serde_json::from_str(text)?),
            _ => Self::Other {
                kind: kind.to_owned(),
            },
        })
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Heartbeat {
    seq: u64,
    #[serde(deserialize_with = "timestamp")]
    at: Timestamp,
}

fn expiry(text: &str) -> Result<Timestamp, serde_json::Error> {
    #[derive(Deserialize)]
    struct Expiry {
        #[serde(deserialize_with = "timestamp")]
        expires_at: Timestamp,
    }
    serde_json::from_str(text).map(|Expiry { expires_at }| expires_at)
}

#[cfg(test)]
mod tests {
    use super::Message;

    const EVENT: &str = r#"{"type":"call.answering","seq":7,"occurred_at":"2026-11-21T01:40:00.000000Z",
        "received_at":"2026-11-21T01:40:00.012000Z","recorded_at":"2026-11-21T01:40:00.015000Z",
        "actor":{"id":"u1","name":"Anna"},"mood":"good",
        "call":{"id":"c1","status":"answering","from_number":"+15550100","colour":"red"}}"#;

    #[test]
    fn an_event_is_read_with_its_way_and_unknown_fields_are_kept_with_the_call() {
        let Message::Event(event) = Message::parse(EVENT).unwrap() else {
            panic!("no event");
        };
        assert_eq!((event.seq, event.kind.as_str()), (7, "call.answering"));
        assert_eq!(event.actor.as_ref().unwrap().name.as_deref(), Some("Anna"));
        assert_eq!(event.reason, None);
        assert_eq!(event.call.text("colour"), Some("red"));
        let latency = event.latency(event.recorded_at.plus_micros(900));
        assert_eq!(latency.carrier_to_received, 12_000);
        assert_eq!(latency.received_to_recorded, 3_000);
        assert_eq!(latency.recorded_to_here, 900);
    }

    #[test]
    fn a_type_that_nobody_told_us_of_is_let_be() {
        let message = Message::parse(r#"{"type":"weather","rain":true}"#).unwrap();
        assert_eq!(
            message,
            Message::Other {
                kind: "weather".to_owned()
            }
        );
    }

    #[test]
    fn an_error_may_say_when_to_come_back() {
        let text = r#"{"type":"error","code":"draining","message":"m","reconnect":true,"retry_after_ms":40}"#;
        let Message::Error(error) = Message::parse(text).unwrap() else {
            panic!("no error");
        };
        assert_eq!(
            (error.reconnect, error.retry_after_ms),
            (Some(true), Some(40))
        );
    }

    #[test]
    fn a_known_type_that_breaks_the_contract_is_named() {
        let why = |text: &str| Message::parse(text).unwrap_err();
        assert!(why(r#"{"type":"heartbeat","at":"2026-11-21T01:40:00Z"}"#).contains("seq"));
        assert!(why(r#"{"type":"heartbeat","seq":1,"at":"soon"}"#).contains("RFC 3339"));
        assert!(why(&EVENT.replace(r#""status":"answering","#, "")).contains("status"));
        assert!(why(r#"{"seq":1}"#).contains("type"));
        assert!(why("[]").len() > 1);
    }
}
