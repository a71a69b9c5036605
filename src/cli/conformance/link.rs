//! What the rules do again and again: open, be answered, be refused, be closed.

use super::{Finding, Target, broken};
use callboard_simulator::browser::{
    Browser, BrowserError, BrowserSettings, CloseCode, ErrorFrame, Message, Position, SUBPROTOCOL,
    Socket, Upgrade,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

const REPLY: Duration = Duration::from_secs(10);

/// What a token is not.
pub(super) const GARBAGE: &str = "not-a-token";

pub(super) const PING: &str = r#"{"type":"ping"}"#;

impl Target {
    /// The upgrade request of a well-behaved program.
    pub(super) fn upgrade(&self) -> Upgrade {
        Upgrade {
            url: self.url.clone(),
            origin: None,
            subprotocols: vec![SUBPROTOCOL.to_owned()],
            bearer: None,
        }
    }

    /// A connection on which nothing has been said.
    pub(super) async fn open(&self) -> Result<Socket, BrowserError> {
        Socket::open(&self.upgrade()).await
    }

    /// A board that started fresh, its answer read.
    pub(super) async fn board(&self) -> Result<Browser, BrowserError> {
        let mut board =
            Browser::connect(BrowserSettings::new(&self.url, self.token.clone())).await?;
        board.next().await?;
        Ok(board)
    }

    /// A board that goes on from a position, and the answer it got.
    pub(super) async fn board_at(
        &self,
        position: Position,
    ) -> Result<(Browser, Message), BrowserError> {
        let settings = BrowserSettings::new(&self.url, self.token.clone()).at(position);
        let mut board = Browser::connect(settings).await?;
        let answer = board.next().await?;
        Ok((board, answer))
    }

    /// A `connect` with this user's token and any position, right or wrong.
    pub(super) fn connect(&self, position: &Value) -> String {
        let token = self.token.expose_secret();
        json!({"type": "connect", "token": token, "position": position}).to_string()
    }

    /// A `refresh` with this user's token.
    pub(super) fn refresh(&self) -> String {
        json!({"type": "refresh", "token": self.token.expose_secret()}).to_string()
    }
}

/// The upgrade is answered with this HTTP status.
pub(super) async fn refused_with(status: u16, upgrade: &Upgrade) -> Result<(), Finding> {
    match Socket::open(upgrade).await {
        Ok(_) => broken(format!("it was upgraded; HTTP {status} was due")),
        Err(BrowserError::Refused { status: got, .. }) if got == status => Ok(()),
        Err(other) => broken(format!("{other}; HTTP {status} was due")),
    }
}

/// The next message that is an answer: not an event or what else comes by itself.
pub(super) async fn reply(socket: &mut Socket) -> Result<Message, Finding> {
    let reply = timeout(REPLY, async {
        loop {
            match socket.receive().await?.message {
                Message::Event(_)
                | Message::Agent(_)
                | Message::Heartbeat { .. }
                | Message::TokenExpiring { .. }
                | Message::Other { .. } => {}
                reply => return Ok(reply),
            }
        }
    });
    reply.await.unwrap_or_else(|_| silent())
}

/// The connection is closed with this code; gives the error frame that came before.
pub(super) async fn closed_with(
    code: CloseCode,
    socket: &mut Socket,
) -> Result<Option<ErrorFrame>, Finding> {
    let mut error = None;
    loop {
        match reply(socket).await? {
            Message::Error(frame) => error = Some(frame),
            Message::Closed(closed) if closed.code == code => return Ok(error),
            Message::Closed(closed) => {
                return broken(format!("closed with {closed}; {code} was due"));
            }
            other => return unexpected(&format!("a close with {code}"), &other),
        }
    }
}

/// The connection still answers.
pub(super) async fn still_serves(socket: &mut Socket) -> Result<(), Finding> {
    socket.say(PING).await?;
    match reply(socket).await? {
        Message::Pong => Ok(()),
        other => unexpected("pong", &other),
    }
}

/// Another message came than the one due.
pub(super) fn unexpected<T>(due: &str, got: &Message) -> Result<T, Finding> {
    let got = match got {
        Message::Snapshot(snapshot) => format!("a snapshot ({})", snapshot.reason),
        Message::Resumed(resumed) => format!("resumed from {}", resumed.from),
        Message::Event(event) => format!("event {} ({})", event.seq, event.kind),
        Message::Agent(event) => format!("event {} ({})", event.seq, event.kind),
        Message::Heartbeat { seq, .. } => format!("a heartbeat at {seq}"),
        Message::TokenExpiring { .. } => "token_expiring".to_owned(),
        Message::Refreshed { .. } => "refreshed".to_owned(),
        Message::Pong => "a pong".to_owned(),
        Message::Error(error) => format!("error {:?}: {}", error.code, error.message),
        Message::Closed(closed) => format!("a close with {closed}"),
        Message::Other { kind } => format!("the type {kind:?}"),
    };
    broken(format!("{got} came; {due} was due"))
}

fn silent<T>() -> Result<T, Finding> {
    broken(format!("no answer within {} s", REPLY.as_secs()))
}
