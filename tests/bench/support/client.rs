//! A board as a program that does as little as it can: what it costs would slow the server down.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Sockets per source address: below any usual range of ports.
const PER_SOURCE: usize = 10_000;
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

/// A plain connection, the `place`th of many.
pub async fn dial(addr: SocketAddr, place: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let last = u8::try_from(place / PER_SOURCE + 1).expect("few enough sockets");
    let source = Ipv4Addr::new(127, 0, 0, last);
    socket.bind((source, 0).into()).expect("a source address");
    socket.connect(addr).await.expect("a connection")
}

impl Board {
    /// Upgrades, says `connect`, and returns the first answer too.
    pub async fn open(
        addr: SocketAddr,
        place: usize,
        token: &str,
        position: Option<&Position>,
    ) -> (Self, Value) {
        let stream = dial(addr, place).await;
        stream.set_nodelay(true).expect("a socket");
        let mut board = Self {
            stream,
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
            seen.extend(self.take(1).await);
        }
        let answer = String::from_utf8_lossy(&seen);
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    }

    async fn take(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).await.expect("a connection");
            assert!(count > 0, "the server has closed a socket");
            self.read.extend(&bytes[..count]);
        }
        self.read.drain(..len).collect()
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
