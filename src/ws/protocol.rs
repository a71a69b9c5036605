//! The messages of `callboard.v1`: section 4 of `static/docs/contract.md`.

use super::message::{
    Connect, ErrorMessage, Heartbeat, Message, Ping, Pong, Refresh, Refreshed, Resumed, Snapshot,
    TokenExpiring, WirePosition, written,
};
use crate::domain::Timestamp;
use crate::hub::{Frame, Position, SnapshotReason};
use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use super::message::Greeted;

/// How often the server beats, in seconds.
pub(super) const HEARTBEAT_S: u64 = 15;
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
    Refresh { token: SecretString },
    /// Asks for a pong.
    Ping,
    /// Something that this server does not know.
    Unknown(String),
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
            Connect::TYPE => {
                let connect: Connect = read(value)?;
                Ok(Self::Connect {
                    token: connect.token,
                    position: connect.position.map(position).transpose()?,
                })
            }
            Refresh::TYPE => {
                let refresh: Refresh = read(value)?;
                Ok(Self::Refresh {
                    token: refresh.token,
                })
            }
            Ping::TYPE => Ok(Self::Ping),
            _ => Ok(Self::Unknown(kind)),
        }
    }
}

/// The text of serde's own errors may quote a token.
fn read<T: Message + for<'de> Deserialize<'de>>(value: Value) -> Result<T, String> {
    let kind = T::TYPE;
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

/// The word for why a client got a snapshot.
#[must_use]
pub(super) const fn reason_name(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Fresh => "fresh",
        SnapshotReason::EpochChanged => "epoch_changed",
        SnapshotReason::TooOld => "too_old",
        SnapshotReason::Ahead => "ahead",
    }
}

/// What both first answers say besides the place in the numbering.
pub(super) struct Hello<'a> {
    pub at: Timestamp,
    pub heartbeat_s: u64,
    pub user: &'a Greeted,
}

/// The snapshot as one message in pieces: a header of its own and the shared rows, none copied.
#[must_use]
pub(super) fn snapshot(
    reason: SnapshotReason,
    epoch: &str,
    seq: i64,
    hello: &Hello<'_>,
    [calls, agents]: [Vec<Bytes>; 2],
) -> Vec<Bytes> {
    let header = written(&Snapshot {
        epoch,
        seq,
        reason: reason_name(reason),
        at: hello.at.to_string(),
        heartbeat_s: hello.heartbeat_s,
        user: hello.user,
    });
    let header = header.strip_suffix('}').unwrap_or(&header);
    // The place of the frame's own header, which says how long the rest is.
    let mut pieces = Vec::with_capacity(2 * (calls.len() + agents.len()) + 4);
    pieces.push(Bytes::new());
    pieces.push(Bytes::from(format!("{header},\"calls\":[")));
    list(&mut pieces, calls);
    pieces.push(Bytes::from_static(b"],\"agents\":["));
    list(&mut pieces, agents);
    pieces.push(Bytes::from_static(b"]}"));
    let len = pieces.iter().map(Bytes::len).sum();
    if let Some(header) = pieces.first_mut() {
        *header = Frame::text_header(len);
    }
    pieces
}

fn list(pieces: &mut Vec<Bytes>, rows: Vec<Bytes>) {
    for (place, row) in rows.into_iter().enumerate() {
        if place > 0 {
            pieces.push(Bytes::from_static(b","));
        }
        pieces.push(row);
    }
}

#[must_use]
pub(super) fn resumed(epoch: &str, from: i64, seq: i64, hello: &Hello<'_>) -> Bytes {
    framed(&Resumed {
        epoch,
        from,
        seq,
        at: hello.at.to_string(),
        heartbeat_s: hello.heartbeat_s,
        user: hello.user,
    })
}

#[must_use]
pub(super) fn heartbeat(seq: i64, at: Timestamp) -> Bytes {
    let at = at.to_string();
    framed(&Heartbeat { seq, at })
}

#[must_use]
pub(super) fn token_expiring(expires_at: Timestamp) -> Bytes {
    let expires_at = expires_at.to_string();
    framed(&TokenExpiring { expires_at })
}

#[must_use]
pub(super) fn refreshed(expires_at: Timestamp) -> Bytes {
    let expires_at = expires_at.to_string();
    framed(&Refreshed { expires_at })
}

#[must_use]
pub(super) fn pong() -> Bytes {
    framed(&Pong {})
}

/// The answer to a message of a type that is not known; the connection stays.
#[must_use]
pub(super) fn unknown_type(kind: &str) -> Bytes {
    let kind: String = kind.chars().take(64).collect();
    framed(&ErrorMessage {
        code: "unknown_type",
        message: &format!("There is no message of type {kind:?}"),
        reconnect: false,
        retry_after_ms: None,
    })
}

fn framed<M: Message + Serialize>(message: &M) -> Bytes {
    Frame::text(&written(message))
}
