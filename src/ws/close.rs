//! The ends of a connection that are the server's choice, as in the table of `static/docs/contract.md`.

use super::message::{ErrorMessage, written};
use crate::http::Barred;
use crate::hub::{Ending, Frame, Outbox};
use crate::telemetry::Refused;
use bytes::Bytes;
use std::ops::Range;

/// After how many milliseconds a client comes back to a server that goes away: sockets are closed
/// one after the other, so this only spreads those that are closed together, and whoever is told
/// so has no board until then.
const COME_BACK_MS: Range<u64> = 50..500;

/// Why the server closes a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server is going away; the client comes back after so many milliseconds.
    GoingAway {
        /// Spread at random, so that not all come at once.
        retry_after_ms: u64,
    },
    /// A message over 64 KiB was announced.
    TooBig,
    /// The database or the key issuer is away.
    TryLater,
    /// Its outbox was full.
    Slow,
    /// Its token has expired.
    TokenExpired,
    /// Too many sockets of this person or agency.
    TooMany,
    /// Nothing was received for two heartbeats.
    Silent,
    /// No `connect` within 10 s.
    NoConnect,
    /// The token is not accepted.
    Unauthorized(String),
    /// Not an agency user, or no longer, or of a role that may not see calls.
    Forbidden(Barred),
    /// The client breaks the protocol.
    Protocol(String),
    /// The agency's numbering, or the person's place in the agency, has changed: start again.
    Renewed,
}

impl Close {
    /// The server goes away; drawn anew for each socket.
    #[must_use]
    pub fn going_away() -> Self {
        Self::GoingAway {
            retry_after_ms: rand::random_range(COME_BACK_MS),
        }
    }

    /// The WebSocket close code.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::GoingAway { .. } => 1001,
            Self::TooBig => 1009,
            Self::Renewed => 1012,
            Self::TryLater => 1013,
            Self::Slow => 4000,
            Self::TokenExpired => 4001,
            Self::TooMany => 4002,
            Self::Silent => 4003,
            Self::NoConnect => 4004,
            Self::Unauthorized(_) => 4500,
            Self::Forbidden(_) => 4501,
            Self::Protocol(_) => 4502,
        }
    }

    /// The close frame's reason, and the `code` of the error before it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GoingAway { .. } => "going_away",
            Self::TooBig => "too_big",
            Self::Renewed => "renewed",
            Self::TryLater => "try_again_later",
            Self::Slow => "slow",
            Self::TokenExpired => "token_expired",
            Self::TooMany => "too_many_sockets",
            Self::Silent => "silent",
            Self::NoConnect => "no_connect",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::Protocol(_) => "protocol_error",
        }
    }

    /// The sentence in the error before the close.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::GoingAway { .. } => "The server is restarting; come back in a moment",
            Self::TooBig => "A message may have at most 64 KiB",
            Self::Renewed => "What this connection was built on has changed; connect again",
            Self::TryLater => "The server cannot answer now; come back later",
            Self::Slow => "This connection did not read fast enough; resume with your position",
            Self::TokenExpired => "The token has expired; connect again with a new one",
            Self::TooMany => "Too many connections of this user or agency",
            Self::Silent => "Nothing was heard from this client for two heartbeats",
            Self::NoConnect => "No connect message came within 10 s",
            Self::Unauthorized(why) | Self::Protocol(why) => why,
            Self::Forbidden(Barred::NoAgency) => "This user does not belong to an agency",
            Self::Forbidden(Barred::Role(_)) => "This user may not see calls",
            Self::Forbidden(Barred::KeyRight) => "This key may not see calls",
            Self::Forbidden(Barred::KeyGone) => "This key has been taken back",
        }
    }

    /// Whether the client should come back.
    #[must_use]
    pub const fn reconnect(&self) -> bool {
        !matches!(
            self,
            Self::TooBig | Self::Unauthorized(_) | Self::Forbidden(_) | Self::Protocol(_)
        )
    }

    /// The reason of an end after which the client stays away, unless it was noted with more words:
    /// that of a token.
    pub(super) const fn refusal(&self) -> Option<Refused> {
        match self {
            Self::Forbidden(barred) => Some(barred.reason()),
            Self::Protocol(_) => Some(Refused::Protocol),
            Self::TooBig => Some(Refused::TooLarge),
            _ => None,
        }
    }

    /// Ends a socket.
    pub fn end(&self, outbox: &Outbox) {
        outbox.end(self.ending());
    }

    /// As a value: the error frame, then the close frame. A slow one gets nothing else first, since
    /// it would not get to the end.
    #[must_use]
    pub fn ending(&self) -> Ending {
        Ending {
            last: self.frames(),
            code: self.code(),
            at_once: matches!(self, Self::Slow | Self::Silent),
        }
    }

    fn frames(&self) -> Vec<Bytes> {
        let retry_after_ms = match self {
            Self::GoingAway { retry_after_ms } => Some(*retry_after_ms),
            _ => None,
        };
        let error = written(&ErrorMessage {
            code: self.name(),
            message: self.message(),
            reconnect: self.reconnect(),
            retry_after_ms,
        });
        vec![Frame::text(&error), Frame::close(self.code(), self.name())]
    }
}
