//! Rules of what is too much, and of how the server says so.

use super::link::{GARBAGE, PING, closed_with, reply, unexpected};
use super::{Finding, Rule, Target, broken};
use callboard_simulator::browser::{CloseCode, ErrorFrame, Message, Socket};
use serde_json::json;

/// The largest message that is served.
const LIMIT: usize = 64 << 10;

/// What a client may say in 10 s.
const MOST_MESSAGES: usize = 100;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a message of exactly 64 KiB is served",
        check: |target| Box::pin(just_fits(target)),
    },
    Rule {
        name: "a text announced with 70 KiB is closed with 1009 before it is sent",
        check: |target| Box::pin(announced_text(target)),
    },
    Rule {
        name: "a frame announced with 1 TiB before connect is closed with 1009",
        check: |target| Box::pin(announced_by_a_stranger(target)),
    },
    Rule {
        name: "fragments announced with more than 64 KiB together are closed with 1009",
        check: |target| Box::pin(announced_in_fragments(target)),
    },
    Rule {
        name: "more than 100 messages in 10 s are closed with 4502",
        check: |target| Box::pin(flood(target)),
    },
    Rule {
        name: "an error frame precedes each close of the server's choice",
        check: |target| Box::pin(says_why(target)),
    },
];

/// The header of a client's frame; its mask of zeros leaves the payload as it is.
fn header(first: u8, length: usize) -> Vec<u8> {
    let mut header = vec![first, 0x80 | 127];
    header.extend((length as u64).to_be_bytes());
    header.extend([0; 4]);
    header
}

const TEXT: u8 = 0x81;
const UNFINISHED_TEXT: u8 = 0x01;
const LAST_FRAGMENT: u8 = 0x80;

async fn just_fits(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    let padded = |padding: &str| json!({"type": "ping", "padding": padding}).to_string();
    let padding = "x".repeat(LIMIT.saturating_sub(padded("").len()));
    board.socket().say(padded(&padding)).await?;
    match reply(board.socket()).await? {
        Message::Pong => Ok(()),
        other => unexpected("pong", &other),
    }
}

async fn announced_text(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    board.socket().write_raw(&header(TEXT, 70 << 10)).await?;
    closed_with(CloseCode::TOO_BIG, board.socket()).await?;
    Ok(())
}

async fn announced_by_a_stranger(target: Target) -> Result<(), Finding> {
    let mut socket = target.open().await?;
    socket.write_raw(&header(TEXT, 1 << 40)).await?;
    closed_with(CloseCode::TOO_BIG, &mut socket).await?;
    Ok(())
}

async fn announced_in_fragments(target: Target) -> Result<(), Finding> {
    const PART: usize = 40 << 10;
    let mut board = target.board().await?;
    let mut bytes = header(UNFINISHED_TEXT, PART);
    bytes.resize(bytes.len() + PART, b' ');
    bytes.extend(header(LAST_FRAGMENT, PART));
    board.socket().write_raw(&bytes).await?;
    closed_with(CloseCode::TOO_BIG, board.socket()).await?;
    Ok(())
}

/// Not one message more than must be said: what a closing server leaves unread makes its machine
/// take the close frame back. Whether `connect` counts is the server's to say.
async fn flood(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    let socket = board.socket();
    for _ in 0..MOST_MESSAGES {
        socket.say(PING).await?;
    }
    for _ in 1..MOST_MESSAGES {
        match reply(socket).await? {
            Message::Pong => {}
            early => return unexpected("pong", &early),
        }
    }
    let last = reply(socket).await?;
    if matches!(last, Message::Pong) {
        socket.say(PING).await?;
        closed_with(CloseCode::PROTOCOL_ERROR, socket).await?;
        return Ok(());
    }
    match last {
        Message::Error(_) => closed_with(CloseCode::PROTOCOL_ERROR, socket)
            .await
            .map(drop),
        Message::Closed(closed) if closed.code == CloseCode::PROTOCOL_ERROR => Ok(()),
        other => unexpected("a close with 4502", &other),
    }
}

async fn says_why(target: Target) -> Result<(), Finding> {
    let garbage = json!({"type": "connect", "token": GARBAGE}).to_string();
    let mut socket = target.open().await?;
    socket.say(garbage).await?;
    said_why(CloseCode::UNAUTHORIZED, &mut socket).await?;

    let mut socket = target.open().await?;
    socket.say(PING).await?;
    said_why(CloseCode::PROTOCOL_ERROR, &mut socket).await?;

    let mut board = target.board().await?;
    board.socket().say_binary(vec![0]).await?;
    said_why(CloseCode::PROTOCOL_ERROR, board.socket()).await?;

    let mut board = target.board().await?;
    board.socket().write_raw(&header(TEXT, 70 << 10)).await?;
    said_why(CloseCode::TOO_BIG, board.socket()).await
}

async fn said_why(code: CloseCode, socket: &mut Socket) -> Result<(), Finding> {
    let Some(error) = closed_with(code, socket).await? else {
        return broken(format!("nothing before the close with {code}"));
    };
    match lacking(code, &error) {
        Some(what) => broken(format!("the error before {code} lacks {what}")),
        None => Ok(()),
    }
}

fn lacking(code: CloseCode, error: &ErrorFrame) -> Option<&'static str> {
    if error.code.is_empty() {
        return Some("a code");
    }
    if error.message.is_empty() {
        return Some("a message");
    }
    match error.reconnect {
        None => Some("reconnect"),
        Some(true) if !code.may_reconnect() => Some(r#""reconnect":false"#),
        Some(_) => None,
    }
}
