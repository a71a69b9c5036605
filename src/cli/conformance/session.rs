//! Rules of a connection that has been let in.

use super::link::{GARBAGE, closed_with, reply, still_serves, unexpected};
use super::{Finding, Rule, Target, broken};
use crate::clock::Clock;
use callboard_simulator::browser::{Browser, BrowserSettings, Checker, CloseCode, Message};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// What a heartbeat may be late on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "ping is answered with pong",
        check: |target| Box::pin(ping(target)),
    },
    Rule {
        name: r#"an unknown type gives error "unknown_type" and the connection stays"#,
        check: |target| Box::pin(unknown_type(target)),
    },
    Rule {
        name: "refresh with a good token of the same user is answered with refreshed",
        check: |target| Box::pin(refresh(target)),
    },
    Rule {
        name: "refresh with a garbage token is closed with 4500",
        check: |target| Box::pin(garbage_refresh(target)),
    },
    Rule {
        name: "malformed JSON is closed with 4502",
        check: |target| Box::pin(malformed(target)),
    },
    Rule {
        name: "a binary message is closed with 4502",
        check: |target| Box::pin(binary(target)),
    },
    Rule {
        name: "a heartbeat comes in time and names the last event",
        check: |target| Box::pin(heartbeat(target)),
    },
    Rule {
        name: "a WebSocket ping comes with the heartbeat",
        check: |target| Box::pin(websocket_ping(target)),
    },
    Rule {
        name: "a client from which nothing comes for two heartbeats is closed with 4003",
        check: |target| Box::pin(silent_client(target)),
    },
];

async fn ping(target: Target) -> Result<(), Finding> {
    still_serves(target.board().await?.socket()).await
}

async fn unknown_type(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    let socket = board.socket();
    socket.say(r#"{"type":"conformance.unheard_of"}"#).await?;
    match reply(socket).await? {
        Message::Error(error) if error.code == "unknown_type" => still_serves(socket).await,
        other => unexpected(r#"error "unknown_type""#, &other),
    }
}

async fn refresh(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    board.socket().say(target.refresh()).await?;
    match reply(board.socket()).await? {
        Message::Refreshed { .. } => still_serves(board.socket()).await,
        other => unexpected("refreshed", &other),
    }
}

async fn garbage_refresh(target: Target) -> Result<(), Finding> {
    let refresh = json!({"type": "refresh", "token": GARBAGE}).to_string();
    closed_after(target, refresh, CloseCode::UNAUTHORIZED).await
}

async fn malformed(target: Target) -> Result<(), Finding> {
    for words in ["{", "", "ping", "[]", r#"{"type":7}"#] {
        closed_after(target.clone(), words.to_owned(), CloseCode::PROTOCOL_ERROR).await?;
    }
    Ok(())
}

async fn closed_after(target: Target, words: String, code: CloseCode) -> Result<(), Finding> {
    let mut board = target.board().await?;
    board.socket().say(words).await?;
    closed_with(code, board.socket()).await?;
    Ok(())
}

async fn binary(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    board.socket().say_binary(b"{}".to_vec()).await?;
    closed_with(CloseCode::PROTOCOL_ERROR, board.socket()).await?;
    Ok(())
}

async fn heartbeat(target: Target) -> Result<(), Finding> {
    up_to_heartbeat(&target).await.map(drop)
}

async fn websocket_ping(target: Target) -> Result<(), Finding> {
    let mut board = up_to_heartbeat(&target).await?;
    if board.socket().pings() == 0 {
        // It may follow the heartbeat.
        let _ = timeout(SLACK, board.socket().receive()).await;
    }
    match board.socket().pings() {
        0 => broken("a heartbeat came, a ping did not"),
        _ => Ok(()),
    }
}

/// A board that has just read its first heartbeat, all before it in order.
async fn up_to_heartbeat(target: &Target) -> Result<Browser, Finding> {
    let settings = BrowserSettings::new(&target.url, target.token.clone());
    let mut board = Browser::connect(settings).await?;
    let mut checker = Checker::new();
    let patience = board.heartbeat() + SLACK;
    let heard = timeout(patience, async {
        loop {
            let message = board.next().await?;
            if let Some(fault) = checker.feed(&message) {
                return broken(fault.to_string());
            }
            match message {
                Message::Heartbeat { .. } => return Ok(()),
                closed @ Message::Closed(_) => return unexpected("a heartbeat", &closed),
                _ => {}
            }
        }
    });
    match heard.await {
        Ok(heard) => heard.map(|()| board),
        Err(_) => broken(format!("none within {} s", patience.as_secs())),
    }
}

/// A client that does not read answers no pings either: it is silent as a dead one is.
async fn silent_client(target: Target) -> Result<(), Finding> {
    let mut board = target.board().await?;
    let silence = board.heartbeat() * 3 + SLACK;
    Clock::system().sleep(silence).await;
    closed_with(CloseCode::SILENT, board.socket()).await?;
    Ok(())
}
