//! Looks at each frame's header before its bytes are taken in.
//!
//! The codec checks a frame's size only when all of it has arrived: one client that announced a
//! terabyte made it buffer hundreds of megabytes. So the announced sizes are added up on the way in,
//! and the stream ends before the first byte of a message that will be too big.

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Most bytes of one message, its fragments together.
pub const MESSAGE_BYTES: u64 = 64 * 1024;

/// Why the gate closed.
#[derive(Clone, Debug, Default)]
pub struct GateSays(Rc<Cell<bool>>);

impl GateSays {
    /// Whether a message that is too big was announced.
    #[must_use]
    pub fn too_big(&self) -> bool {
        self.0.get()
    }
}

/// A payload that ends before a message that is too big.
pub struct Gate<S> {
    payload: S,
    headers: Headers,
    says: GateSays,
}

impl<S> Gate<S> {
    /// A gate before `payload`, and what it will say.
    pub fn new(payload: S) -> (Self, GateSays) {
        let says = GateSays::default();
        let gate = Self {
            payload,
            headers: Headers::default(),
            says: says.clone(),
        };
        (gate, says)
    }
}

impl<S> Stream for Gate<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let gate = self.get_mut();
        if gate.says.too_big() {
            return Poll::Ready(None);
        }
        let next = Pin::new(&mut gate.payload).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next
            && !gate.headers.admit(bytes)
        {
            gate.says.0.set(true);
            return Poll::Ready(None);
        }
        next
    }
}

/// Where in the stream of frames we are (RFC 6455, 5.2).
#[derive(Debug, Default)]
struct Headers {
    /// The header that is arriving.
    header: Vec<u8>,
    /// Bytes of the current frame that are still to come.
    body: u64,
    /// Bytes announced of the current message so far.
    message: u64,
}

impl Headers {
    /// Reads on; false when a message that is too big has been announced.
    fn admit(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.body > 0 {
                let take = usize::try_from(self.body)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                bytes = bytes.get(take..).unwrap_or_default();
                self.body -= take as u64;
                continue;
            }
            let (first, rest) = match bytes.split_first() {
                Some((first, rest)) => (*first, rest),
                None => return true,
            };
            self.header.push(first);
            bytes = rest;
            if let Some(announced) = announced(&self.header) {
                if !self.begin(announced) {
                    return false;
                }
                self.header.clear();
            }
        }
        true
    }

    fn begin(&mut self, frame: Announced) -> bool {
        self.body = frame.len;
        // Control frames come between fragments and are no part of the message.
        if frame.opcode < 0x8 {
            let so_far = if frame.opcode == 0 { self.message } else { 0 };
            self.message = so_far.saturating_add(frame.len);
        }
        self.message <= MESSAGE_BYTES && frame.len <= MESSAGE_BYTES
    }
}

struct Announced {
    opcode: u8,
    len: u64,
}

/// What a header announces, once all of it has arrived.
fn announced(header: &[u8]) -> Option<Announced> {
    let (first, second) = (*header.first()?, *header.get(1)?);
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let extended = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if header.len() < 2 + extended {
        return None;
    }
    let len = match extended {
        0 => u64::from(second & 0x7F),
        _ => header
            .get(2..2 + extended)?
            .iter()
            .fold(0_u64, |len, byte| len << 8 | u64::from(*byte)),
    };
    // A size that is too big is known before the mask has come.
    (len > MESSAGE_BYTES || header.len() == 2 + extended + mask).then_some(Announced {
        opcode: first & 0x0F,
        len,
    })
}

#[cfg(test)]
mod tests {
    use super::{Headers, MESSAGE_BYTES};

    fn header(opcode: u8, len: u64) -> Vec<u8> {
        let mut header = vec![opcode, 0x80 | 127];
        header.extend_from_slice(&len.to_be_bytes());
        header.extend_from_slice(&[1, 2, 3, 4]);
        header
    }

    #[test]
    fn a_message_of_exactly_the_limit_is_admitted_byte_by_byte() {
        let mut headers = Headers::default();
        let mut bytes = header(0x81, MESSAGE_BYTES);
        bytes.extend(vec![0; usize::try_from(MESSAGE_BYTES).unwrap()]);
        bytes.extend([0x81, 0x80, 1, 2, 3, 4]);
        assert!(bytes.iter().all(|byte| headers.admit(&[*byte])));
    }

    #[test]
    fn a_terabyte_is_refused_by_its_length_alone() {
        let mut announced = vec![0x82, 0xFF];
        announced.extend_from_slice(&(1_u64 << 40).to_be_bytes());
        assert!(!Headers::default().admit(&announced));
    }

    #[test]
    fn fragments_are_added_up_and_control_frames_between_them_are_not() {
        let mut headers = Headers::default();
        let half = MESSAGE_BYTES / 2 + 1;
        let body = vec![0; usize::try_from(half).unwrap()];
        assert!(headers.admit(&header(0x01, half)));
        assert!(headers.admit(&body));
        assert!(headers.admit(&[0x89, 0x80, 1, 2, 3, 4]));
        assert!(!headers.admit(&header(0x80, half)));
    }

    #[test]
    fn a_new_message_starts_from_nothing() {
        let mut headers = Headers::default();
        let half = MESSAGE_BYTES / 2 + 1;
        let body = vec![0; usize::try_from(half).unwrap()];
        for _ in 0..3 {
            assert!(headers.admit(&header(0x81, half)));
            assert!(headers.admit(&body));
        }
    }
}
