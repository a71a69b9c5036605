//! A server that plays a script, whatever is said to it: one act after another, one connection
//! after another. For tests, here and in whoever uses a board.
#![allow(clippy::unwrap_used)] // What fails here is the test's own doing.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// One act of a connection's script.
pub enum Act {
    Say(String),
    Close(u16),
    /// The connection ends without a word, as with kill -9.
    Cut,
    /// The connection stays and nothing comes.
    FallSilent,
}

/// What the script of a connection starts with, when all is well: the board at `seq`.
pub fn snapshot(seq: u64) -> Act {
    Act::Say(
        json!({"type": "snapshot", "epoch": "e", "seq": seq, "reason": "fresh",
            "at": "2026-11-21T09:00:00.000000Z", "heartbeat_s": 15, "user": {"name": "Anna"}, "calls": []})
        .to_string(),
    )
}

pub fn resumed(from: u64, seq: u64) -> Act {
    Act::Say(
        json!({"type": "resumed", "epoch": "e", "from": from, "seq": seq,
            "at": "2026-11-21T09:00:00.000000Z", "heartbeat_s": 15, "user": {}})
        .to_string(),
    )
}

pub fn event(seq: u64) -> Act {
    Act::Say(
        json!({"type": "call.incoming", "seq": seq, "actor": null,
            "occurred_at": "2026-11-21T01:40:00.000000Z",
            "received_at": "2026-11-21T01:40:00.012000Z",
            "recorded_at": "2026-11-21T01:40:00.015000Z",
            "call": {"id": "c", "status": "incoming", "from_number": "+15550100"}})
        .to_string(),
    )
}

pub struct ScriptedServer {
    url: String,
    playing: JoinHandle<Vec<Value>>,
}

impl ScriptedServer {
    /// Listens, and plays one script for each connection that comes.
    pub async fn play(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let playing = tokio::spawn(async move {
            let mut connects = Vec::new();
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                connects.push(perform(stream, script).await);
            }
            connects
        });
        Self { url, playing }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What each client said first, once all scripts are played.
    pub async fn connects(self) -> Vec<Value> {
        self.playing.await.unwrap()
    }
}

async fn perform(stream: TcpStream, script: Vec<Act>) -> Value {
    let Ok(mut socket) = accept_hdr_async(stream, echo_subprotocol).await else {
        return Value::Null;
    };
    let first = socket.next().await.unwrap().unwrap();
    let connect = serde_json::from_str(first.to_text().unwrap()).unwrap();
    for act in script {
        match act {
            Act::Say(text) => socket.send(Message::text(text)).await.unwrap(),
            Act::Close(code) => close(&mut socket, code).await,
            Act::Cut => break,
            Act::FallSilent => {
                keep(socket);
                break;
            }
        }
    }
    connect
}

async fn close(socket: &mut WebSocketStream<TcpStream>, code: u16) {
    let frame = CloseFrame {
        code: code.into(),
        reason: "".into(),
    };
    socket.close(Some(frame)).await.unwrap();
    // Cutting before the client has read to the end could take the frame back.
    while let Some(Ok(_)) = socket.next().await {}
}

/// Holds a connection open without reading it, for as long as the test's runtime lives.
fn keep(socket: WebSocketStream<TcpStream>) {
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(socket);
    });
}

#[allow(clippy::result_large_err, clippy::unnecessary_wraps)] // The codec's own signature.
fn echo_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(offered) = request.headers().get("sec-websocket-protocol") {
        let headers = response.headers_mut();
        headers.insert("sec-websocket-protocol", offered.clone());
    }
    Ok(response)
}
