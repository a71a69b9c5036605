//! What goes over the socket, as types: what is sent is written from them, what comes is read into
//! them, and the AsyncAPI document has its schemas from them.

use crate::view::{AgencyView, Time, UserView};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message with the word in its `type`.
pub(super) trait Message: ToSchema {
    /// The word.
    const TYPE: &'static str;
}

/// Implements [`Message`].
macro_rules! messages {
    ($($message:ty: $word:literal,)*) => {$(
        impl Message for $message {
            const TYPE: &'static str = $word;
        }
    )*};
}

messages! {
    Connect: "connect",
    Refresh: "refresh",
    Ping: "ping",
    Snapshot<'_>: "snapshot",
    Resumed<'_>: "resumed",
    Heartbeat: "heartbeat",
    TokenExpiring: "token_expiring",
    Refreshed: "refreshed",
    Pong: "pong",
    ErrorMessage<'_>: "error",
}

/// A message as text, with its `type`.
pub(super) fn written<M: Message + Serialize>(message: &M) -> String {
    #[derive(Serialize)]
    struct Typed<'a, M> {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(flatten)]
        message: &'a M,
    }
    let kind = M::TYPE;
    // No message has anything that JSON cannot hold.
    serde_json::to_string(&Typed { kind, message }).unwrap_or_default()
}

/// The client's first message, within 10 s.
#[derive(Deserialize, ToSchema)]
pub(super) struct Connect {
    /// A JWT; may be left out when the upgrade carried `Authorization: Bearer`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub token: Option<SecretString>,
    /// What the client last saw; without it, it starts fresh.
    #[serde(default)]
    #[schema(value_type = Option<WirePosition>)]
    pub position: Option<WirePosition>,
}

/// A place in the numbering of an agency's events.
#[derive(Deserialize, ToSchema)]
#[schema(as = Position)]
pub(super) struct WirePosition {
    /// The `epoch` of the answer that the numbers belong to.
    pub epoch: String,
    /// The number of the last event seen.
    #[schema(minimum = 0)]
    pub seq: i64,
}

/// A new token of the same person extends the connection.
#[derive(Deserialize, ToSchema)]
pub(super) struct Refresh {
    /// A JWT with the same `sub`.
    #[schema(value_type = String)]
    pub token: SecretString,
}

/// Asks for a `pong`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ping {}

/// Who the client is, as told in the first answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Greeted)]
pub(super) struct Greeted {
    /// The person.
    #[serde(flatten)]
    pub user: UserView,
    /// The agency.
    pub agency: AgencyView,
}

/// The first answer to a client that starts again. Its `calls` and `agents` are written beside it, from
/// rows that all sockets share.
#[derive(Serialize, ToSchema)]
pub(super) struct Snapshot<'a> {
    /// The life of the numbering: to be sent back in `position`.
    pub epoch: &'a str,
    /// The number that the calls are as of; events from the next one on follow.
    pub seq: i64,
    /// Why it is no resumption: `fresh` (no position was sent), `epoch_changed`, `too_old` (beyond
    /// retention), `ahead` (a position from the future).
    pub reason: &'static str,
    /// The server's time when this was written: count waiting times from it.
    #[schema(value_type = Time)]
    pub at: String,
    /// Seconds between heartbeats.
    pub heartbeat_s: u64,
    pub user: &'a Greeted,
}

/// The first answer to a client that goes on where it stopped. The events after `from` follow.
#[derive(Serialize, ToSchema)]
pub(super) struct Resumed<'a> {
    /// The life of the numbering.
    pub epoch: &'a str,
    /// The number in the client's position.
    pub from: i64,
    /// The number up to which what follows was missed; what comes after that is news.
    pub seq: i64,
    /// The server's time when this was written.
    #[schema(value_type = Time)]
    pub at: String,
    /// Seconds between heartbeats.
    pub heartbeat_s: u64,
    pub user: &'a Greeted,
}

/// A sign of life. A client that hears nothing for 2.5 intervals reconnects with its position.
#[derive(Serialize, ToSchema)]
pub(super) struct Heartbeat {
    /// The last event queued to this connection before this message.
    pub seq: i64,
    #[schema(value_type = Time)]
    pub at: String,
}

/// Comes 60 s before: refresh, or be closed with 4001.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenExpiring {
    #[schema(value_type = Time)]
    pub expires_at: String,
}

/// The new token is accepted.
#[derive(Serialize, ToSchema)]
pub(super) struct Refreshed {
    #[schema(value_type = Time)]
    pub expires_at: String,
}

/// The answer to a `ping`.
#[derive(Serialize, ToSchema)]
pub(super) struct Pong {}

/// Comes before a close that is the server's choice; and, as `unknown_type`, alone.
#[derive(Serialize, ToSchema)]
#[schema(as = SocketError)]
pub(super) struct ErrorMessage<'a> {
    /// The name of the close code that follows, or `unknown_type`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: &'a str,
    /// Whether coming back can help.
    pub reconnect: bool,
    /// Of `going_away`: milliseconds to wait before coming back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    pub retry_after_ms: Option<u64>,
}
