//! A finished WebSocket frame: encoded once, shared by every socket that it goes to.

use bytes::{BufMut, Bytes, BytesMut};

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The longest payload of a control frame (RFC 6455, 5.5).
const CONTROL_MAX: usize = 125;

/// Frames as a server sends them: whole and unmasked.
pub struct Frame;

impl Frame {
    /// A text message.
    #[must_use]
    pub fn text(text: &str) -> Bytes {
        let mut frame = BytesMut::with_capacity(text.len() + 10);
        header(&mut frame, TEXT, text.len());
        frame.put_slice(text.as_bytes());
        frame.freeze()
    }

    /// The start of a text message of `len` bytes whose text follows in pieces.
    #[must_use]
    pub fn text_header(len: usize) -> Bytes {
        let mut frame = BytesMut::with_capacity(10);
        header(&mut frame, TEXT, len);
        frame.freeze()
    }

    #[must_use]
    pub fn ping() -> Bytes {
        Self::control(PING, &[])
    }

    /// The answer to a ping.
    #[must_use]
    pub fn pong(payload: &[u8]) -> Bytes {
        Self::control(PONG, payload)
    }

    /// The last frame of a connection.
    #[must_use]
    pub fn close(code: u16, reason: &str) -> Bytes {
        let mut payload = Vec::with_capacity(2 + reason.len());
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
        Self::control(CLOSE, &payload)
    }

    /// How many bytes of the last frame in `slice` are still to come, where `before` bytes of its
    /// first one were. Frames begin at slices' beginnings or within them, never with half a header.
    pub(super) fn unfinished(before: usize, mut slice: &[u8]) -> usize {
        let mut left = before;
        while let Some(rest) = slice.get(left..).filter(|rest| !rest.is_empty()) {
            slice = rest;
            left = whole_len(slice);
        }
        left.saturating_sub(slice.len())
    }

    /// The payload of a whole frame.
    #[must_use]
    pub fn payload(frame: &[u8]) -> &[u8] {
        let header = 2 + extended_len(frame);
        frame.get(header..).unwrap_or_default()
    }

    fn control(opcode: u8, payload: &[u8]) -> Bytes {
        let payload = payload.get(..CONTROL_MAX).unwrap_or(payload);
        let mut frame = BytesMut::with_capacity(payload.len() + 2);
        header(&mut frame, opcode, payload.len());
        frame.put_slice(payload);
        frame.freeze()
    }
}

fn header(frame: &mut BytesMut, opcode: u8, len: usize) {
    frame.put_u8(FINAL | opcode);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len), _) if len < 126 => frame.put_u8(len),
        (_, Ok(len)) => {
            frame.put_u8(126);
            frame.put_u16(len);
        }
        _ => {
            frame.put_u8(127);
            frame.put_u64(len as u64);
        }
    }
}

/// How many bytes of the header say how long the payload is, beyond the first two.
fn extended_len(frame: &[u8]) -> usize {
    match frame.get(1) {
        Some(126) => 2,
        Some(127) => 8,
        _ => 0,
    }
}

/// The length of the frame that begins here, with its header.
fn whole_len(frame: &[u8]) -> usize {
    let extended = extended_len(frame);
    let len = match (extended, frame.get(1)) {
        (0, len) => return 2 + usize::from(len.copied().unwrap_or(0)),
        _ => frame.get(2..2 + extended).unwrap_or_default(),
    };
    let len = len
        .iter()
        .fold(0, |len, byte| len << 8 | usize::from(*byte));
    2 + extended + len
}
