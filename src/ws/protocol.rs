//! The messages of `callboard.v1`: section 4 of the contract.

use crate::domain::Timestamp;
use crate::hub::{Frame, Position, SnapshotReason};
use crate::view::{AgencyView, UserView};
use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::json;

/// The subprotocol's name.
pub const SUBPROTOCOL: &str = "callboard.v1";

/// What a client says.
#[derive(Debug)]
pub enum ClientMessage {
    /// The first message.
    Connect {
        /// Left out when the upgrade carried it.
        token: Option<SecretString>,
        /// Where the client stopped.
        position: Option<Position>,
    },
    /// A new token of the same person.
    Refresh {
        /// The token.
        token: SecretString,
    },
    /// Asks for a pong.
    Ping,
    /// Something that this server does not know.
    Unknown(String),
}

#[derive(Deserialize)]
struct Connect {
    #[serde(default)]
    token: Option<SecretString>,
    #[serde(default)]
    position: Option<WirePosition>,
}

#[derive(Deserialize)]
struct WirePosition {
    epoch: String,
    seq: i64,
}

#[derive(Deserialize)]
struct Refresh {
    token: SecretString,
}

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// A sentence that says what is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|_| "A message must be JSON".to_owned())?;
        let Some(kind) = value.get("type").and_then(Value::as_str).map(str::to_owned) else {
            return Err("A message must be an object with a type".to_owned());
        };
        match kind.as_str() {
            "connect" => {
                let connect: Connect = read(value, "connect")?;
                Ok(Self::Connect {
                    token: connect.token,
                    position: connect.position.map(position).transpose()?,
                })
            }
            "refresh" => {
                let refresh: Refresh = read(value, "refresh")?;
                Ok(Self::Refresh {
                    token: refresh.token,
                })
            }
            "ping" => Ok(Self::Ping),
            _ => Ok(Self::Unknown(kind)),
        }
    }
}

/// The text of serde's own errors may quote a token.
fn read<T: for<'de> Deserialize<'de>>(value: Value, kind: &str) -> Result<T, String> {
    serde_json::from_value(value)
        .map_err(|_| format!("The {kind} message lacks a field or has one of the wrong kind"))
}

fn position(wire: WirePosition) -> Result<Position, String> {
    if wire.seq < 0 {
        return Err("position.seq must not be negative".to_owned());
    }
    Ok(Position {
        epoch: wire.epoch,
        seq: wire.seq,
    })
}

/// Who the client is, as told in the first answer.
#[derive(Debug, Serialize)]
pub struct Greeted {
    /// The person.
    #[serde(flatten)]
    pub user: UserView,
    /// The agency.
    pub agency: AgencyView,
}

/// The word for why a client got a snapshot.
#[must_use]
pub const fn reason_name(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Fresh => "fresh",
        SnapshotReason::EpochChanged => "epoch_changed",
        SnapshotReason::TooOld => "too_old",
        SnapshotReason::Ahead => "ahead",
    }
}

/// The snapshot as one message in pieces: a header of its own and the shared rows, none copied.
#[must_use]
pub fn snapshot(
    reason: SnapshotReason,
    epoch: &str,
    seq: i64,
    heartbeat_s: u64,
    user: &Greeted,
    rows: Vec<Bytes>,
) -> Vec<Bytes> {
    let header = json!({
        "type": "snapshot",
        "epoch": epoch,
        "seq": seq,
        "reason": reason_name(reason),
        "heartbeat_s": heartbeat_s,
        "user": user,
    })
    .to_string();
    let header = header.strip_suffix('}').unwrap_or(&header);
    let head = format!("{header},\"calls\":[");
    let commas = rows.len().saturating_sub(1);
    let len = head.len() + rows.iter().map(Bytes::len).sum::<usize>() + commas + 2;
    let mut pieces = Vec::with_capacity(2 * rows.len() + 3);
    pieces.push(Frame::text_header(len));
    pieces.push(Bytes::from(head));
    for (place, row) in rows.into_iter().enumerate() {
        if place > 0 {
            pieces.push(Bytes::from_static(b","));
        }
        pieces.push(row);
    }
    pieces.push(Bytes::from_static(b"]}"));
    pieces
}

/// `resumed`.
#[must_use]
pub fn resumed(epoch: &str, from: i64, seq: i64, heartbeat_s: u64, user: &Greeted) -> Bytes {
    Frame::text(
        &json!({
            "type": "resumed",
            "epoch": epoch,
            "from": from,
            "seq": seq,
            "heartbeat_s": heartbeat_s,
            "user": user,
        })
        .to_string(),
    )
}

/// `heartbeat`.
#[must_use]
pub fn heartbeat(seq: i64, at: Timestamp) -> Bytes {
    Frame::text(&json!({"type": "heartbeat", "seq": seq, "at": at.to_string()}).to_string())
}

/// `token_expiring`.
#[must_use]
pub fn token_expiring(expires_at: Timestamp) -> Bytes {
    let expires_at = expires_at.to_string();
    Frame::text(&json!({"type": "token_expiring", "expires_at": expires_at}).to_string())
}

/// `refreshed`.
#[must_use]
pub fn refreshed(expires_at: Timestamp) -> Bytes {
    let expires_at = expires_at.to_string();
    Frame::text(&json!({"type": "refreshed", "expires_at": expires_at}).to_string())
}

/// `pong`.
#[must_use]
pub fn pong() -> Bytes {
    Frame::text(r#"{"type":"pong"}"#)
}

/// The answer to a message of a type that is not known; the connection stays.
#[must_use]
pub fn unknown_type(kind: &str) -> Bytes {
    let kind: String = kind.chars().take(64).collect();
    let message = format!("There is no message of type {kind:?}");
    Frame::text(
        &json!({"type": "error", "code": "unknown_type", "message": message, "reconnect": false})
            .to_string(),
    )
}
