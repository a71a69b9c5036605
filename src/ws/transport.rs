//! The way from an outbox to the wire: the body of the upgrade's answer, which yields finished
//! frames. actix-ws's own session would encode each frame again for each socket.

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::hub::Outbox;
use crate::telemetry::Metrics;
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Slices are no larger than actix's write buffer, beyond which it would allocate.
const SLICE_BYTES: usize = 8 * 1024;

/// Whether the last frame of a connection's socket is on its way. Clones are of the same connection.
#[derive(Clone, Debug, Default)]
pub struct Ending(Rc<Cell<bool>>);

impl Ending {
    /// Whether nothing follows what has been written.
    #[must_use]
    pub fn has_come(&self) -> bool {
        self.0.get()
    }

    fn comes(&self) {
        self.0.set(true);
    }
}

/// The body of a socket's answer.
pub(super) struct Frames {
    outbox: Outbox,
    metrics: Metrics,
    ending: Ending,
    clock: Clock,
    /// When the oldest event of the slice that was handed over last was recorded.
    handed_over: Option<Timestamp>,
    /// actix-ws ends the inbound stream when its own body is dropped, so it is kept.
    _signal: BoxBody,
}

impl Frames {
    /// A body that yields what `outbox` holds, until it ends, and says so to its connection.
    #[must_use]
    pub(super) fn new(
        outbox: Outbox,
        metrics: Metrics,
        clock: Clock,
        ending: Ending,
        signal: BoxBody,
    ) -> Self {
        Self {
            outbox,
            metrics,
            ending,
            clock,
            handed_over: None,
            _signal: signal,
        }
    }
}

impl MessageBody for Frames {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let frames = self.get_mut();
        // More is asked for only when the socket has taken what was handed over, but for its last
        // bytes: see the size of the write buffer in `app::server`.
        if let Some(recorded_at) = frames.handed_over.take() {
            frames.metrics.sent(recorded_at, frames.clock.now());
        }
        let taken = std::task::ready!(frames.outbox.poll_take(cx, SLICE_BYTES));
        if taken.is_none() {
            frames.ending.comes();
        }
        let slice = taken.map(|taken| {
            frames.metrics.outbox_sent(taken.slice.len());
            frames.handed_over = taken.recorded_at;
            Ok(taken.slice)
        });
        Poll::Ready(slice)
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.outbox.transport_gone();
    }
}
