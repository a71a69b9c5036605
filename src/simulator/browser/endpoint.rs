//! Where a board's WebSocket is.

use super::BrowserError;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// The address of a board's WebSocket, made from what an operator types: `http://host:port`,
/// `https://host`, `ws://host/ws`. The path `/ws` is added where it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The whole address, for the upgrade request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the connection is to be encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "wss"
    }

    /// What to connect to: host and port, an IPv6 host in brackets.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or(80);
        format!("{host}:{port}")
    }
}

impl FromStr for Endpoint {
    type Err = BrowserError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |why: &str| BrowserError::Address {
            url: text.to_owned(),
            why: why.to_owned(),
        };
        let mut url: Url = text.trim().parse().map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => refuse("it has no scheme"),
            other => refuse(&other.to_string()),
        })?;
        let scheme = match url.scheme() {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            _ => return Err(refuse("its scheme is none of http, https, ws and wss")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            // Not repeated in the error: it is a secret.
            return Err(BrowserError::Address {
                url: "…@…".to_owned(),
                why: "it holds a user or password".to_owned(),
            });
        }
        url.set_scheme(scheme).map_err(|()| refuse("its scheme"))?;
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        if path.ends_with("/ws") {
            url.set_path(&path);
        } else {
            url.set_path(&format!("{path}/ws"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    fn of(text: &str) -> String {
        text.parse::<Endpoint>().unwrap().to_string()
    }

    #[test]
    fn an_operators_address_becomes_that_of_the_socket() {
        assert_eq!(of("http://localhost:3001"), "ws://localhost:3001/ws");
        assert_eq!(of("https://board.example/"), "wss://board.example/ws");
        assert_eq!(of("ws://[::1]:9/ws"), "ws://[::1]:9/ws");
        assert_eq!(of("wss://x.example/calls#top"), "wss://x.example/calls/ws");
        assert_eq!(of("http://h/ws/"), "ws://h/ws");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        let why = |text: &str| text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(why("localhost:3001").contains("scheme"));
        assert!(why("board.example").contains("no scheme"));
        let secret = why("http://anna:hunter2@h");
        assert!(secret.contains("password") && !secret.contains("hunter2"));
    }

    #[test]
    fn the_port_is_the_schemes_own_where_none_is_given() {
        let at = |text: &str| text.parse::<Endpoint>().unwrap().host_and_port();
        assert_eq!(at("https://h"), "h:443");
        assert_eq!(at("http://[::1]:81"), "[::1]:81");
    }
}
