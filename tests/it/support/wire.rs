//! A WebSocket by hand, frame by frame: for clients that no browser is, and for what no browser
//! shows. It answers nothing by itself and reads only when it is told to.

use super::node::Node;
use super::patience::soon;
use callboard_simulator::browser::Position;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
/// The bit of a message's last frame.
pub const LAST: u8 = 0x80;

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Text(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
    /// The connection ended, with or without an error.
    Gone,
}

pub struct Wire {
    stream: TcpStream,
}

impl Wire {
    /// An upgraded connection on which nothing has been said.
    pub async fn open(node: &Node) -> Self {
        Self::open_on(node, TcpSocket::new_v4().expect("a socket")).await
    }

    /// The same of a machine that takes in little before its program reads.
    pub async fn open_narrow(node: &Node) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        Self::open_on(node, socket).await
    }

    async fn open_on(node: &Node, socket: TcpSocket) -> Self {
        let addr: SocketAddr = node.app.addr;
        let stream = socket.connect(addr).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let mut wire = Self { stream };
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        wire.raw(request.as_bytes()).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(
                soon("the upgrade", wire.stream.read_u8())
                    .await
                    .expect("a byte"),
            );
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        wire
    }

    /// Says who it is, and takes the first answer.
    pub async fn connects(&mut self, token: &SecretString) -> Value {
        self.says_connect(token).await;
        match self.hears().await {
            Heard::Text(answer) => answer,
            other => panic!("no answer to connect: {other:?}"),
        }
    }

    pub async fn says_connect(&mut self, token: &SecretString) {
        let token = token.expose_secret();
        self.say(json!({"type": "connect", "token": token})).await;
    }

    pub async fn says_connect_at(&mut self, token: &SecretString, position: &Position) {
        let token = token.expose_secret();
        self.say(json!({"type": "connect", "token": token, "position": position}))
            .await;
    }

    pub async fn say(&mut self, message: Value) {
        self.frame(LAST | TEXT, message.to_string().as_bytes())
            .await;
    }

    /// Sends one frame; the mask of zeros leaves the payload as it is.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = header(first, payload.len() as u64);
        frame.extend(payload);
        self.raw(&frame).await;
    }

    /// Sends a frame's header alone.
    pub async fn announce(&mut self, first: u8, len: u64) {
        self.raw(&header(first, len)).await;
    }

    /// Sends bytes; that the other side is gone shows when it is heard.
    pub async fn raw(&mut self, bytes: &[u8]) {
        let _ = soon("the server to read", self.stream.write_all(bytes)).await;
    }

    /// The next frame.
    pub async fn hears(&mut self) -> Heard {
        match soon("a frame", self.read()).await {
            Ok(heard) => heard,
            Err(_) => Heard::Gone,
        }
    }

    async fn read(&mut self) -> std::io::Result<Heard> {
        let first = self.stream.read_u8().await?;
        let len = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(len).expect("a length")];
        self.stream.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Heard::Text(serde_json::from_slice(&payload).expect("JSON")),
            0x88 => Heard::Close(u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => Heard::Ping,
            0x8A => Heard::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        })
    }

    /// How the server ends it, in words; what comes before is passed over.
    pub async fn ends(&mut self) -> String {
        let mut error = None;
        loop {
            match self.hears().await {
                Heard::Text(text) if text["type"] == "error" => error = Some(text),
                Heard::Close(code) => return words_of_end(code, error.as_ref()),
                Heard::Gone => return "gone without a word".to_owned(),
                _ => {}
            }
        }
    }
}

fn header(first: u8, len: u64) -> Vec<u8> {
    let mut header = vec![first];
    match u8::try_from(len) {
        // A control frame must not use the long form.
        Ok(len) if len < 126 => header.push(0x80 | len),
        _ => {
            header.push(0x80 | 127);
            header.extend(len.to_be_bytes());
        }
    }
    header.extend([0; 4]);
    header
}

/// An end in words: `4500 unauthorized, stay away`.
pub fn words_of_end(code: u16, error: Option<&Value>) -> String {
    let Some(error) = error else {
        return format!("{code} without an error");
    };
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    let reconnect = error["reconnect"].as_bool().expect("reconnect");
    let next = if reconnect { "come back" } else { "stay away" };
    format!("{code} {}, {next}", error["code"].as_str().expect("a code"))
}
