//! A small server that keeps the rules, or breaks the one it is told to: what shows that the list
//! can tell the two apart.

use futures_util::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

pub(super) const TOKEN: &str = "anna's token";
const HEAD: u64 = 7;
/// What a client is told, so that it waits no longer than it must.
const HEARTBEAT_S: u64 = 0;
const BEAT: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_millis(1500);
const LIMIT: usize = 64 << 10;

/// The rule that a model breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    Nothing,
    Origin,
    Subprotocol,
    QueryToken,
    GarbageToken,
    Head,
    MissedEvent,
    Epoch,
    Ahead,
    NegativeSeq,
    UnknownType,
    Refresh,
    Binary,
    HeartbeatSeq,
    Pings,
    Limit,
    Flood,
    Why,
    Goodbye,
}

#[derive(Clone, Copy)]
struct Model(Breaks);

/// Serves until the test's runtime ends.
pub(super) async fn listen(breaks: Breaks) -> super::Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Model(breaks).serve(stream));
        }
    });
    super::Target {
        url,
        token: SecretString::from(TOKEN),
    }
}

type Stream = WebSocketStream<TcpStream>;

/// The end of a session: a close code, or a client that is gone.
enum End {
    Close(u16),
    Gone,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Close(1009),
            _ => Self::Gone,
        }
    }
}

impl Model {
    fn breaks(self, rule: Breaks) -> bool {
        self.0 == rule
    }

    async fn serve(self, stream: TcpStream) {
        let mut bearer = None;
        let limit = if self.breaks(Breaks::Limit) {
            1 << 50
        } else {
            LIMIT
        };
        let config = WebSocketConfig::default()
            .max_frame_size(Some(limit))
            .max_message_size(Some(limit));
        #[allow(clippy::result_large_err)] // The codec's own signature.
        let upgrade = |request: &Request, response: Response| {
            bearer = header(request, "authorization").map(str::to_owned);
            self.upgrade(request, response)
        };
        let accepted = accept_hdr_async_with_config(stream, upgrade, Some(config)).await;
        let Ok(mut stream) = accepted else { return };
        if let Err(End::Close(code)) = self.session(&mut stream, bearer).await {
            self.close(&mut stream, code).await;
        }
    }

    #[allow(clippy::result_large_err)] // The codec's own signature.
    fn upgrade(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let origin = header(request, "origin").and_then(|origin| origin.split("//").last());
        let host = header(request, "host");
        if origin.is_some() && origin != host && !self.breaks(Breaks::Origin) {
            return Err(refusal(StatusCode::FORBIDDEN));
        }
        let query = request.uri().query().unwrap_or_default();
        if query.contains("token=") && !self.breaks(Breaks::QueryToken) {
            return Err(refusal(StatusCode::BAD_REQUEST));
        }
        let offered = header(request, "sec-websocket-protocol").unwrap_or_default();
        if offered.contains("callboard.v1") {
            let chosen = "callboard.v1".parse().unwrap();
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen);
        } else if !offered.is_empty() && !self.breaks(Breaks::Subprotocol) {
            return Err(refusal(StatusCode::BAD_REQUEST));
        }
        Ok(response)
    }

    async fn session(self, stream: &mut Stream, bearer: Option<String>) -> Result<(), End> {
        let first = timeout(PATIENCE, stream.next()).await;
        let first = first.map_err(|_| End::Close(4004))?.ok_or(End::Gone)??;
        let connect = self.words(&first)?;
        if connect["type"] != "connect" {
            return Err(End::Close(4502));
        }
        let bearer = bearer
            .as_deref()
            .and_then(|value| value.strip_prefix("Bearer "));
        let token = connect["token"].as_str().or(bearer);
        if token != Some(TOKEN) && !(self.breaks(Breaks::GarbageToken) && token.is_some()) {
            return Err(End::Close(4500));
        }
        self.answer(stream, &connect["position"]).await?;
        self.live(stream).await
    }

    async fn answer(self, stream: &mut Stream, position: &Value) -> Result<(), End> {
        if position.is_null() {
            return say(stream, snapshot("fresh")).await;
        }
        let seq = match position["seq"].as_u64() {
            Some(seq) => seq,
            None if self.breaks(Breaks::NegativeSeq) => HEAD,
            None => return Err(End::Close(4502)),
        };
        if position["epoch"] != "e" && !self.breaks(Breaks::Epoch) {
            return say(stream, snapshot("epoch_changed")).await;
        }
        if seq > HEAD && !self.breaks(Breaks::Ahead) {
            return say(stream, snapshot("ahead")).await;
        }
        let from = if self.breaks(Breaks::Head) { 0 } else { seq };
        let resumed = json!({"type": "resumed", "epoch": "e", "from": from, "seq": HEAD,
            "at": "2026-11-21T09:00:00.000000Z", "heartbeat_s": HEARTBEAT_S, "user": {}});
        say(stream, resumed).await?;
        for seq in seq + 1..=HEAD {
            if seq < HEAD || !self.breaks(Breaks::MissedEvent) {
                say(stream, event(seq)).await?;
            }
        }
        Ok(())
    }

    async fn live(self, stream: &mut Stream) -> Result<(), End> {
        let mut heard = Instant::now();
        let mut beat = heard + BEAT;
        let mut messages = 1;
        loop {
            match timeout_at(beat, stream.next()).await {
                Err(_) if heard.elapsed() > PATIENCE => return Err(End::Close(4003)),
                Err(_) => {
                    beat += BEAT;
                    self.beat(stream).await?;
                }
                Ok(None) => return Err(End::Gone),
                Ok(Some(message)) => {
                    heard = Instant::now();
                    let message = message?;
                    if message.is_text() {
                        messages += 1;
                    }
                    if messages > 100 && !self.breaks(Breaks::Flood) {
                        return Err(End::Close(4502));
                    }
                    self.reply(stream, &message).await?;
                }
            }
        }
    }

    async fn beat(self, stream: &mut Stream) -> Result<(), End> {
        let seq = HEAD + u64::from(self.breaks(Breaks::HeartbeatSeq));
        let at = "2026-11-21T01:40:00.000000Z";
        say(stream, json!({"type": "heartbeat", "seq": seq, "at": at})).await?;
        if !self.breaks(Breaks::Pings) {
            stream.send(Message::Ping("".into())).await?;
        }
        Ok(())
    }

    async fn reply(self, stream: &mut Stream, message: &Message) -> Result<(), End> {
        if matches!(
            message,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_)
        ) {
            return Ok(());
        }
        let words = self.words(message)?;
        match words["type"].as_str().unwrap_or_default() {
            "ping" => say(stream, json!({"type": "pong"})).await,
            "refresh" if words["token"] == TOKEN || self.breaks(Breaks::Refresh) => {
                let expires_at = "2026-11-21T02:40:00.000000Z";
                say(
                    stream,
                    json!({"type": "refreshed", "expires_at": expires_at}),
                )
                .await
            }
            "refresh" => Err(End::Close(4500)),
            _ if self.breaks(Breaks::UnknownType) => Err(End::Close(4502)),
            _ => {
                let error = json!({"type": "error", "code": "unknown_type", "message": "?"});
                say(stream, error).await
            }
        }
    }

    fn words(self, message: &Message) -> Result<Value, End> {
        if message.is_binary() && self.breaks(Breaks::Binary) {
            return Ok(json!({"type": "ping"}));
        }
        let Message::Text(text) = message else {
            return Err(End::Close(4502));
        };
        let words: Value = serde_json::from_str(text).map_err(|_| End::Close(4502))?;
        if words["type"].is_string() {
            Ok(words)
        } else {
            Err(End::Close(4502))
        }
    }

    async fn close(self, stream: &mut Stream, code: u16) {
        if !self.breaks(Breaks::Why) {
            let error = json!({"type": "error", "code": "c", "message": "m",
                "reconnect": code < 4500 && code != 1009});
            let _ = say(stream, error).await;
        }
        if self.breaks(Breaks::Goodbye) {
            return;
        }
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        let _ = stream.close(Some(frame)).await;
        while let Some(Ok(_)) = stream.next().await {}
    }
}

async fn say(stream: &mut Stream, words: Value) -> Result<(), End> {
    Ok(stream.send(Message::text(words.to_string())).await?)
}

fn snapshot(reason: &str) -> Value {
    json!({"type": "snapshot", "epoch": "e", "seq": HEAD, "reason": reason,
        "at": "2026-11-21T09:00:00.000000Z", "heartbeat_s": HEARTBEAT_S, "user": {}, "calls": []})
}

fn event(seq: u64) -> Value {
    let at = "2026-11-21T01:40:00.000000Z";
    json!({"type": "call.incoming", "seq": seq, "occurred_at": at, "received_at": at,
        "recorded_at": at, "actor": null, "call": {"id": "c", "status": "incoming"}})
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
}

fn refusal(status: StatusCode) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some("refused".to_owned()));
    *response.status_mut() = status;
    response
}
