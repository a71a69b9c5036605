//! A board as a program that does as little as it can: what it costs would slow the server down.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// A pong without a payload, masked with zeros.
pub const PONG: [u8; 6] = [0x8A, 0x80, 0, 0, 0, 0];
/// The opcode of a text message.
const TEXT: u8 = 0x1;

/// Where a board stopped.
#[derive(Clone)]
pub struct Position {
    pub epoch: String,
    pub seq: u64,
}

/// A connected socket.
pub struct Board {
    pub stream: TcpStream,
    read: VecDeque<u8>,
}

/// A plain connection. When it is dropped it is cut, as by a network that has gone: it leaves no
/// port behind that waits.
pub async fn dial(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).await.expect("a connection");
    stream.set_zero_linger().expect("a socket");
    stream.set_nodelay(true).expect("a socket");
    stream
}

impl Board {
    /// Upgrades, says `connect`, and returns the first answer too.
    pub async fn open(addr: SocketAddr, token: &str, position: Option<&Position>) -> (Self, Value) {
        let mut board = Self {
            stream: dial(addr).await,
            read: VecDeque::new(),
        };
        let upgrade = format!(
            "GET /ws HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: callboard.v1\r\n\r\n"
        );
        board.send(upgrade.as_bytes()).await;
        board.skip_headers().await;
        let mut connect = json!({"type": "connect", "token": token});
        if let Some(position) = position {
            connect["position"] = json!({"epoch": position.epoch, "seq": position.seq});
        }
        board.send(&masked(&connect.to_string())).await;
        let first = board.text().await;
        (board, first)
    }

    /// The next text message; answers pings before it.
    pub async fn text(&mut self) -> Value {
        loop {
            let (opcode, payload) = self.frame().await;
            if opcode == TEXT {
                return serde_json::from_slice(&payload).expect("JSON");
            }
            self.send(&PONG).await;
        }
    }

    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let header = self.take(2).await;
        let len = match header[1] {
            126 => number(&self.take(2).await),
            127 => number(&self.take(8).await),
            len => usize::from(len),
        };
        (header[0] & 0x0F, self.take(len).await)
    }

    async fn skip_headers(&mut self) {
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            if self.read.is_empty() {
                self.fill().await;
            }
            seen.extend(self.read.pop_front());
        }
        let answer = String::from_utf8_lossy(&seen);
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    }

    async fn take(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            self.fill().await;
        }
        self.read.drain(..len).collect()
    }

    /// Reads what has come, and waits for it when nothing has.
    async fn fill(&mut self) {
        self.stream.readable().await.expect("a connection");
        // Not kept while it waits: ten thousand boards would keep ten thousand of these.
        let mut bytes = [0; 4096];
        match self.stream.try_read(&mut bytes) {
            Ok(0) => panic!("the server has closed a socket"),
            Ok(count) => self.read.extend(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("a socket broke: {error}"),
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("a connection");
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// A text frame as clients send it; a mask of zeros changes nothing.
fn masked(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).expect("a short message");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(len.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
