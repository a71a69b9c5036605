//! A connection that has introduced itself and been answered.

use super::{
    BrowserError, Closed, Message, Position, Received, Resumed, Snapshot, Socket, Upgrade,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// The subprotocol of contract version 1.
pub const SUBPROTOCOL: &str = "callboard.v1";

/// A big board may take a while to be read from a database that has just started.
const ANSWER_SECONDS: u64 = 30;

/// Who connects, where, and from which position.
#[derive(Clone, Debug)]
pub struct BrowserSettings {
    /// `http://host:port`, `wss://host/ws`, …; `/ws` is appended where it is missing.
    pub url: String,
    /// The user's access token.
    pub token: SecretString,
    /// The page that asks; `None` sends no `Origin`.
    pub origin: Option<String>,
    /// The subprotocol offered; `None` offers none.
    pub subprotocol: Option<String>,
    /// What was last seen; `None` starts fresh.
    pub position: Option<Position>,
}

impl BrowserSettings {
    /// A fresh start, offering [`SUBPROTOCOL`], without an origin.
    #[must_use]
    pub fn new(url: impl Into<String>, token: SecretString) -> Self {
        Self {
            url: url.into(),
            token,
            origin: None,
            subprotocol: Some(SUBPROTOCOL.to_owned()),
            position: None,
        }
    }

    /// The same, going on from a position.
    #[must_use]
    pub fn at(self, position: Position) -> Self {
        Self {
            position: Some(position),
            ..self
        }
    }

    fn upgrade(&self) -> Upgrade {
        Upgrade {
            url: self.url.clone(),
            origin: self.origin.clone(),
            subprotocols: self.subprotocol.iter().cloned().collect(),
            bearer: None,
        }
    }
}

/// One connection of one board. Dropping it cuts the connection without a goodbye, as a laptop
/// that goes to sleep does.
#[derive(Debug)]
pub struct Browser {
    socket: Socket,
    /// The answer to `connect`, until it is asked for.
    answer: Option<Received>,
    heartbeat: Duration,
    position: Position,
}

impl Browser {
    /// Connects, sends `connect` and waits for the answer, which the first
    /// [`next`](Browser::next) gives.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the upgrade, closes instead of answering
    /// ([`BrowserError::Closed`], with the error frame), or answers with anything else.
    pub async fn connect(settings: BrowserSettings) -> Result<Self, BrowserError> {
        let mut socket = Socket::open(&settings.upgrade()).await?;
        socket.say(connect_message(&settings)).await?;
        let answered = timeout(Duration::from_secs(ANSWER_SECONDS), answer(&mut socket));
        let answer = answered.await.map_err(|_| BrowserError::TimedOut {
            what: "answer connect",
            seconds: ANSWER_SECONDS,
        })??;
        let (epoch, seq, heartbeat_s) = match &answer.message {
            Message::Snapshot(Snapshot {
                epoch,
                seq,
                heartbeat_s,
                ..
            }) => (epoch.clone(), *seq, *heartbeat_s),
            Message::Resumed(Resumed {
                epoch,
                from,
                heartbeat_s,
                ..
            }) => (epoch.clone(), *from, *heartbeat_s),
            _ => return Err(unexpected(answer.text())),
        };
        Ok(Self {
            socket,
            answer: Some(answer),
            heartbeat: Duration::from_secs(heartbeat_s),
            position: Position { epoch, seq },
        })
    }

    /// The next message, the answer to `connect` being the first. The end of the connection is a
    /// message too. Nothing is lost when this is dropped while it waits.
    ///
    /// # Errors
    /// When the server breaks the protocol.
    pub async fn next(&mut self) -> Result<Message, BrowserError> {
        Ok(self.receive().await?.message)
    }

    /// As [`Browser::next`], with the text that was sent.
    ///
    /// # Errors
    /// As [`Browser::next`].
    pub async fn receive(&mut self) -> Result<Received, BrowserError> {
        if let Some(answer) = self.answer.take() {
            return Ok(answer);
        }
        let received = self.socket.receive().await?;
        if let Some(seq) = received.message.number() {
            self.position.seq = seq;
        }
        Ok(received)
    }

    /// Where this board stands after what it was given so far.
    #[must_use]
    pub const fn position(&self) -> &Position {
        &self.position
    }

    /// How often the server says that it lives.
    #[must_use]
    pub const fn heartbeat(&self) -> Duration {
        self.heartbeat
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.socket.subprotocol()
    }

    /// Sends `ping`.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn ping(&mut self) -> Result<(), BrowserError> {
        self.socket.say(r#"{"type":"ping"}"#).await
    }

    /// Sends a newer token of the same user.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn refresh(&mut self, token: &SecretString) -> Result<(), BrowserError> {
        self.socket.say(refresh_message(token)).await
    }

    /// The connection beneath, to say what no browser would.
    pub const fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.socket.close().await;
    }
}

/// Reads up to the answer; an error frame and a close in its place are one error.
async fn answer(socket: &mut Socket) -> Result<Received, BrowserError> {
    let mut error = None;
    loop {
        let received = socket.receive().await?;
        match received.message {
            Message::Snapshot(_) | Message::Resumed(_) => return Ok(received),
            Message::Error(frame) => error = Some(frame),
            Message::Closed(closed) => return Err(refused(closed, error)),
            // A newer server may have more to say; an event before the answer is a fault.
            Message::Other { .. } => {}
            _ => return Err(unexpected(received.text())),
        }
    }
}

fn refused(closed: Closed, error: Option<super::ErrorFrame>) -> BrowserError {
    BrowserError::Closed { closed, error }
}

fn unexpected(text: &str) -> BrowserError {
    let beginning: String = text.chars().take(40).collect();
    BrowserError::Malformed(format!(
        "{beginning}… where the answer to connect must come first"
    ))
}

fn connect_message(settings: &BrowserSettings) -> String {
    #[derive(Serialize)]
    struct Connect<'a> {
        r#type: &'static str,
        token: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<&'a Position>,
    }
    json(&Connect {
        r#type: "connect",
        token: settings.token.expose_secret(),
        position: settings.position.as_ref(),
    })
}

fn refresh_message(token: &SecretString) -> String {
    #[derive(Serialize)]
    struct Refresh<'a> {
        r#type: &'static str,
        token: &'a str,
    }
    json(&Refresh {
        r#type: "refresh",
        token: token.expose_secret(),
    })
}

/// Structs of texts and numbers always have a JSON; were one without, the server would say so.
fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}
