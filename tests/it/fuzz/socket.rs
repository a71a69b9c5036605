//! What comes on a socket: frames before anyone is known, and messages of any client.

use super::bytes::{much, near};
use super::tries;
use actix_web::error::PayloadError;
use bytes::Bytes;
use callboard::ws::{ClientMessage, Gate, MESSAGE_BYTES};
use futures_util::{FutureExt, StreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// The token in the seeds: nothing that is written repeats it.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9";

const SEEDS: [&str; 4] = [
    r#"{"type":"connect","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","position":{"epoch":"01JDGZ8Q","seq":1042}}"#,
    r#"{"type":"connect"}"#,
    r#"{"type":"refresh","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}"#,
    r#"{"type":"ping"}"#,
];

/// The message as a client would write it.
fn written(message: &ClientMessage) -> Value {
    match message {
        ClientMessage::Connect { token, position } => json!({
            "type": "connect",
            "token": token.as_ref().map(ExposeSecret::expose_secret),
            "position": position.as_ref().map(|at| json!({ "epoch": at.epoch, "seq": at.seq })),
        }),
        ClientMessage::Refresh { token } => {
            json!({ "type": "refresh", "token": token.expose_secret() })
        }
        ClientMessage::Ping => json!({ "type": "ping" }),
        ClientMessage::Unknown(kind) => json!({ "type": kind }),
    }
}

fn is_read(bytes: Vec<u8>) {
    let text = String::from_utf8_lossy(&bytes);
    let message = match ClientMessage::parse(&text) {
        Ok(message) => message,
        Err(sentence) => return assert!(!sentence.contains(TOKEN), "{sentence}"),
    };
    match &message {
        ClientMessage::Connect { position, .. } => {
            assert!(position.as_ref().is_none_or(|position| position.seq >= 0));
            assert!(!format!("{message:?}").contains(TOKEN));
        }
        ClientMessage::Refresh { .. } => assert!(!format!("{message:?}").contains(TOKEN)),
        ClientMessage::Ping => {}
        ClientMessage::Unknown(kind) => {
            assert!(!["connect", "refresh", "ping"].contains(&kind.as_str()));
        }
    }
    // Nothing was read into it that is not said.
    let once = written(&message);
    let again = ClientMessage::parse(&once.to_string()).expect("what was read before");
    assert_eq!(written(&again), once);
}

#[test]
fn any_message_is_read_or_refused_in_a_sentence() {
    tries(6000, near(&SEEDS), is_read);
}

#[test]
fn a_message_of_the_largest_size_is_read_in_time() {
    tries(200, much(64 * 1024), is_read);
}

/// What a client announces in one frame, and how much of it comes.
#[derive(Clone, Debug)]
struct Announced {
    opcode: u8,
    len: u64,
    masked: bool,
}

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![
        8 => 0u64..300,
        4 => MESSAGE_BYTES / 3..MESSAGE_BYTES / 2,
        2 => MESSAGE_BYTES - 2..MESSAGE_BYTES + 3,
        1 => any::<u64>(),
    ];
    let frame = (0u8..16, len, any::<bool>());
    let frame = frame.prop_map(|(opcode, len, masked)| Announced {
        opcode,
        len,
        masked,
    });
    let sent = vec(frame, 1..8).prop_map(|frames| {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.extend(header(&frame));
            let body = frame.len.min(MESSAGE_BYTES + 8);
            bytes.resize(bytes.len() + usize::try_from(body).expect("a size"), 0xA5);
        }
        bytes
    });
    prop_oneof![4 => sent, 1 => vec(any::<u8>(), 0..4096)]
}

fn header(frame: &Announced) -> Vec<u8> {
    let mask = if frame.masked { 0x80 } else { 0 };
    let mut header = vec![0x80 | frame.opcode];
    match u16::try_from(frame.len) {
        Ok(short) if short < 126 => header.push(mask | frame.len.to_be_bytes()[7]),
        Ok(short) => {
            header.push(mask | 126);
            header.extend(short.to_be_bytes());
        }
        Err(_) => {
            header.push(mask | 127);
            header.extend(frame.len.to_be_bytes());
        }
    }
    if frame.masked {
        header.extend([1, 2, 3, 4]);
    }
    header
}

/// Whether a message that is too big is announced in these bytes, read as RFC 6455 has them.
fn announces_too_much(mut bytes: &[u8]) -> bool {
    let mut message: u64 = 0;
    loop {
        let [first, second, ref rest @ ..] = *bytes else {
            return false;
        };
        let extended = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if rest.len() < extended {
            return false;
        }
        let len = match extended {
            0 => u64::from(second & 0x7F),
            _ => rest[..extended]
                .iter()
                .fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        let is_whole = rest.len() >= extended + mask;
        match first & 0x0F {
            _ if len > MESSAGE_BYTES => return true,
            _ if !is_whole => return false,
            0 => message = message.saturating_add(len),
            1..8 => message = len,
            _ => {}
        }
        if message > MESSAGE_BYTES {
            return true;
        }
        let body = usize::try_from(len).expect("a size");
        bytes = rest.get(extended + mask + body..).unwrap_or_default();
    }
}

/// What a gate lets through of chunks, and whether it closed.
fn through(chunks: &[&[u8]]) -> (Vec<u8>, bool) {
    let chunks = chunks
        .iter()
        .map(|chunk| Ok::<_, PayloadError>(Bytes::copy_from_slice(chunk)));
    let (gate, says) = Gate::new(stream::iter(chunks.collect::<Vec<_>>()));
    let passed: Vec<_> = gate.collect().now_or_never().expect("an end");
    let passed = passed.into_iter().flat_map(|chunk| chunk.expect("bytes"));
    (passed.collect(), says.too_big())
}

#[test]
fn the_gate_closes_at_a_message_that_is_too_big_however_its_bytes_arrive() {
    tries(1500, (frames(), 1usize..5000), |(bytes, size)| {
        let expected = announces_too_much(&bytes);
        let (whole, closed) = through(&[&bytes]);
        assert_eq!(closed, expected);
        assert_eq!(whole, if closed { Vec::new() } else { bytes.clone() });
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        let (passed, closed) = through(&chunks);
        assert_eq!(closed, expected, "in chunks of {size}");
        assert!(bytes.starts_with(&passed) && (closed || passed.len() == bytes.len()));
    });
}
