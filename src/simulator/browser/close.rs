//! Why a connection ended, and what a client does about it.

use std::fmt;

/// The code of a WebSocket close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The server drains: reconnect after the error frame's `retry_after_ms`.
    pub const GOING_AWAY: Self = Self(1001);
    /// The close frame carried no code.
    pub const NONE: Self = Self(1005);
    /// The connection ended without a close frame. Never on the wire: what a browser reports.
    pub const ABNORMAL: Self = Self(1006);
    /// A message over 64 KiB.
    pub const TOO_BIG: Self = Self(1009);
    /// What the connection was built on has changed: reconnect.
    pub const RENEWED: Self = Self(1012);
    /// The database or the key issuer is away.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// The socket's queue was full.
    pub const SLOW: Self = Self(4000);
    pub const TOKEN_EXPIRED: Self = Self(4001);
    /// Too many sockets for this user or agency.
    pub const TOO_MANY: Self = Self(4002);
    /// Nothing was received for two heartbeats.
    pub const SILENT: Self = Self(4003);
    /// No `connect` came in time.
    pub const NO_CONNECT: Self = Self(4004);
    /// The token is not good.
    pub const UNAUTHORIZED: Self = Self(4500);
    /// Not an agency user, or no longer.
    pub const FORBIDDEN: Self = Self(4501);
    /// What the client sent is not of the protocol.
    pub const PROTOCOL_ERROR: Self = Self(4502);

    /// Whether a client may come back by itself. Not after 4500–4999, and not after 1009: what it
    /// sent was too big, and would be again.
    #[must_use]
    pub const fn may_reconnect(self) -> bool {
        !matches!(self.0, 1009 | 4500..=4999)
    }

    /// The contract's name for it, if it has one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1001 => "going away",
            1005 => "no code",
            1006 => "connection lost",
            1009 => "too big",
            1012 => "renewed",
            1013 => "try again later",
            4000 => "slow",
            4001 => "token expired",
            4002 => "too many sockets",
            4003 => "silent",
            4004 => "no connect",
            4500 => "unauthorized",
            4501 => "forbidden",
            4502 => "protocol error",
            _ => return None,
        })
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => self.0.fmt(f),
        }
    }
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// What the close frame said, or [`CloseCode::ABNORMAL`].
    pub code: CloseCode,
    /// The close frame's text; for an abnormal end, what the operating system said.
    pub reason: String,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            self.code.fmt(f)
        } else {
            write!(f, "{}: {}", self.code, self.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn a_client_stays_away_after_4500_to_4999_and_comes_back_otherwise() {
        for code in [1000, 1001, 1006, 1012, 1013, 3000, 4000, 4004, 4499] {
            assert!(CloseCode(code).may_reconnect(), "{code}");
        }
        for code in [1009, 4500, 4501, 4502, 4999] {
            assert!(!CloseCode(code).may_reconnect(), "{code}");
        }
    }
}
