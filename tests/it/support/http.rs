//! Asking a node over HTTP, in and out of the ordinary.

use super::node::Node;
use super::patience::soon;
use super::world::{Tenant, World};
use callboard::domain::UserId;
use callboard_simulator::{SignedRequest, Webhook};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: no JSON ({error}): {text:?}", self.status))
    }

    /// The sentence of an error.
    pub fn error(&self) -> String {
        let body = self.json();
        let sentence = body["error"].as_str();
        sentence
            .unwrap_or_else(|| panic!("no `error` in {body}"))
            .to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The ids in a page of calls, or whatever field names them.
    pub fn calls(&self, field: &str) -> Vec<String> {
        let body = self.json();
        let calls = body["calls"].as_array().expect("calls").clone();
        let text = |call: &Value| call[field].as_str().unwrap_or("-").to_owned();
        calls.iter().map(text).collect()
    }

    /// All but the time of day, to compare two answers byte for byte.
    pub fn undated(mut self) -> Self {
        self.headers.remove("date");
        self
    }
}

/// Sends it, whatever it is.
pub async fn reply(request: RequestBuilder) -> Reply {
    let response = soon("an answer", request.send()).await.expect("an answer");
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: soon("a body", response.bytes())
            .await
            .expect("a body")
            .to_vec(),
    }
}

impl Node {
    /// A request of nobody in particular.
    pub fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// What a signed-in person gets at a path.
    pub async fn reads(&self, world: &World, user: UserId, path: &str) -> Reply {
        let token = world.token(user);
        reply(self.ask("GET", path).bearer_auth(token.expose_secret())).await
    }

    /// Five seconds later what was changed beside the server is known to it: the last such change
    /// is Olivia's new name.
    pub async fn learns(&self, world: &World) {
        const RENAMED: &str = "Olivia the Second";
        let name = async || {
            self.reads(world, world.olivia, "/api/me").await.json()["user"]["name"].clone()
        };
        assert_ne!(name().await, RENAMED);
        let sql = format!(
            "UPDATE users SET name = '{RENAMED}' WHERE id = '{}'",
            world.olivia
        );
        world.database.execute(&sql).await;
        world.wind(Duration::from_secs(5)).await;
        let known = async { while name().await != RENAMED {} };
        soon("a change to be known after five seconds", known).await;
    }

    /// A body as the carrier of that agency would sign it, delivered now.
    pub async fn receives(&self, tenant: &Tenant, body: impl Into<Vec<u8>>) -> Reply {
        let carrier = self.carrier(tenant);
        self.takes(&carrier.sign(body)).await
    }

    /// A request, signed or not, delivered as it is.
    pub async fn takes(&self, request: &SignedRequest) -> Reply {
        let mut post = self
            .ask("POST", request.url.path())
            .body(request.body.clone());
        for (name, value) in [
            ("content-type", &request.content_type),
            ("telnyx-timestamp", &request.timestamp),
            ("telnyx-signature-ed25519", &request.signature),
        ] {
            if let Some(value) = value {
                post = post.header(name, value);
            }
        }
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        reply(post).await
    }

    /// The answer to raw bytes, until the server closes.
    pub async fn answers_raw(&self, bytes: &str) -> String {
        let mut stream = self.connects().await;
        stream.write_all(bytes.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        soon("the end of the connection", read)
            .await
            .expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A bare connection.
    pub async fn connects(&self) -> TcpStream {
        let stream = TcpStream::connect(self.app.addr).await;
        stream.expect("a connection")
    }

    /// A socket of that person that keeps the text frames as they come, byte for byte.
    pub async fn socket(&self, world: &World, user: UserId) -> Socket {
        let url = format!("{}/ws", self.url.replace("http", "ws"));
        let (mut stream, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("a socket");
        let token = world.token(user);
        let connect = json!({"type": "connect", "token": token.expose_secret()}).to_string();
        stream.send(connect.into()).await.expect("sent");
        Socket(stream)
    }
}

type Stream =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A socket that checks nothing.
pub struct Socket(Stream);

impl Socket {
    /// The next text frames.
    pub async fn hears(&mut self, count: usize) -> Vec<String> {
        let mut frames = Vec::new();
        while frames.len() < count {
            let message = soon("a frame", self.0.next()).await;
            if let tungstenite::Message::Text(text) = message.expect("open").expect("a frame") {
                frames.push(text.to_string());
            }
        }
        frames
    }
}

/// The body of a webhook with its `data` bent.
pub fn bent(webhook: &Webhook, bend: impl FnOnce(&mut Value)) -> String {
    let mut body: Value = serde_json::from_slice(&webhook.body(1, "https://a/b")).expect("JSON");
    bend(&mut body["data"]);
    body.to_string()
}

/// The next answer on a connection that is kept, its body too, which may come in a packet of its own.
pub async fn next_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let whole = async {
        while !is_whole(&answer) {
            let read = stream.read_buf(&mut answer).await.expect("an answer");
            assert!(read > 0, "ended after {}", answer.escape_ascii());
        }
    };
    soon("an answer", whole).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next());
        length.is_none_or(|length| length.parse() == Ok(body.len()))
    })
}
