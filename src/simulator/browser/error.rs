//! What can keep a board from its events.

use super::{Closed, ErrorFrame};
use std::fmt;
use tokio_tungstenite::tungstenite;

/// Why a connection was not made, or ended other than by a close.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The address cannot be one of a board. Comes back however often it is tried.
    #[error("{url:?} is not the address of a board: {why}. Give http://HOST:PORT or wss://HOST/ws")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A header (origin, subprotocol, token) holds what no header may.
    #[error("the {0} cannot be sent in an HTTP header: it holds control or non-ASCII characters")]
    Header(&'static str),
    /// Nothing listens there, or the network is away.
    #[error("cannot reach {host}: {source}. Is the server running, and is this its port?")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The server took too long.
    #[error("the server did not {what} within {seconds} s")]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The server answered the upgrade with something other than 101.
    #[error("the server refused the WebSocket with HTTP {status}{}", Said(.body))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body, if it came along.
        body: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("wss:// needs the machine's root certificates: {0}")]
    Tls(#[from] rustls::Error),
    /// The server closed before it answered, or with a code after which a client stays away.
    #[error("the server closed with {closed}{}", Frame(.error))]
    Closed {
        /// The close frame.
        closed: Closed,
        /// The error frame before it, if one came.
        error: Option<ErrorFrame>,
    },
    /// The server sent what is not of `callboard.v1`.
    #[error("the server sent what is not of callboard.v1: {0}")]
    Malformed(String),
    /// The WebSocket protocol itself was broken.
    #[error("the WebSocket broke: {0}")]
    Broken(#[source] Box<tungstenite::Error>),
}

impl BrowserError {
    /// Whether trying again by itself could help.
    #[must_use]
    pub fn may_reconnect(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Broken(_) => true,
            // A proxy in front of a restarting server answers 502 or 503.
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Closed { closed, .. } => closed.code.may_reconnect(),
            Self::Address { .. } | Self::Header(_) | Self::Tls(_) | Self::Malformed(_) => false,
        }
    }

    /// The error frame that came before a close.
    #[must_use]
    pub fn error_frame(&self) -> Option<&ErrorFrame> {
        match self {
            Self::Closed { error, .. } => error.as_ref(),
            _ => None,
        }
    }
}

impl From<tungstenite::Error> for BrowserError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) => Self::Refused {
                status: response.status().as_u16(),
                body: beginning(response.body().as_deref().unwrap_or_default()),
            },
            other => Self::Broken(Box::new(other)),
        }
    }
}

/// Enough of a body to see what it says, and no more than a line of it.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.chars()
        .take_while(|c| !c.is_control())
        .take(200)
        .collect()
}

struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.0)
    }
}

struct Frame<'a>(&'a Option<ErrorFrame>);

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(error) => write!(f, " after error {:?}: {}", error.code, error.message),
            None => Ok(()),
        }
    }
}
