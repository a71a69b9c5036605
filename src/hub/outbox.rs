//! What waits to be written to one socket.
//!
//! Bounded in bytes. Whoever publishes never waits: when there is no room the push is refused, and
//! the socket is closed as slow. The transport takes everything that waits in one go.

mod stamps;

use super::bell::Bell;
use super::ending::Ending;
use super::frame::Frame;
use crate::domain::Timestamp;
use bytes::{Bytes, BytesMut};
use stamps::Stamps;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Most bytes of events that wait for one socket.
const OUTBOX_BYTES: usize = 1024 * 1024;

/// A push was refused: the socket does not read fast enough, or is closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What the transport takes at once.
#[derive(Debug)]
pub struct Taken {
    /// The bytes, to be written next.
    pub slice: Bytes,
    /// When the oldest event was recorded that is whole with them; none where there is none.
    pub recorded_at: Option<Timestamp>,
}

/// The way to one socket. Clones are the same one.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// By which the transport is woken.
    bell: Bell,
    /// Told when the transport has taken what waited.
    taken: Notify,
    /// Cancelled when no more will be sent.
    ended: CancellationToken,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Bytes>,
    bytes: usize,
    stamps: Stamps,
    /// Bytes of the frame that is being written which have not been taken yet.
    unfinished: usize,
    /// Bytes that may wait beyond [`OUTBOX_BYTES`]: the snapshot, whatever its size.
    allowance: usize,
    /// Nothing is written yet: events that arrive while the first answer is being put together
    /// wait behind it.
    corked: bool,
    /// Only the latest pong matters.
    pong: Option<Bytes>,
    last_seq: i64,
    ending: bool,
    /// The close code, once the end was ordered and not suffered.
    code: Option<u16>,
    waker: Option<Waker>,
}

impl State {
    fn has_room_for(&self, bytes: usize) -> bool {
        !self.ending && self.bytes + bytes <= OUTBOX_BYTES + self.allowance
    }

    /// Half of the room is for what is told to those who have missed something, the other half for
    /// what happens meanwhile.
    fn has_room_for_missed(&self, bytes: usize) -> bool {
        !self.ending && self.bytes + bytes <= OUTBOX_BYTES / 2
    }

    /// Drops all but the rest of a frame whose beginning is out: what follows would be taken for it.
    fn drop_what_waits(&mut self) {
        let mut rest = self.unfinished;
        self.bytes = rest;
        self.stamps.drop_all_but(rest);
        self.queue.retain(|piece| {
            let is_rest = rest > 0;
            rest = rest.saturating_sub(piece.len());
            is_rest
        });
    }

    /// The next slice: one piece, cut when it is longer than `most`, or several short ones joined.
    fn take(&mut self, most: usize) -> Option<Taken> {
        let slice = self.next_slice(most)?;
        self.bytes -= slice.len();
        self.unfinished = Frame::unfinished(self.unfinished, &slice);
        let recorded_at = self.stamps.take(slice.len());
        Some(Taken { slice, recorded_at })
    }

    fn next_slice(&mut self, most: usize) -> Option<Bytes> {
        let mut first = self.queue.pop_front()?;
        if first.len() > most {
            let slice = first.split_to(most);
            self.queue.push_front(first);
            return Some(slice);
        }
        let next = self.queue.front().map_or(usize::MAX, Bytes::len);
        if first.len().saturating_add(next) > most {
            return Some(first);
        }
        let mut joined = BytesMut::with_capacity(most);
        joined.extend_from_slice(&first);
        while let Some(frame) = self.queue.pop_front() {
            if joined.len() + frame.len() > most {
                self.queue.push_front(frame);
                break;
            }
            joined.extend_from_slice(&frame);
        }
        Some(joined.freeze())
    }
}

impl Outbox {
    /// An empty outbox, corked until the first answer is ready. `bell` is that of the worker on
    /// which the transport runs.
    #[must_use]
    pub fn corked(bell: Bell) -> Self {
        Self(Arc::new(Inner {
            bell,
            state: Mutex::new(State {
                corked: true,
                ..State::default()
            }),
            taken: Notify::new(),
            ended: CancellationToken::new(),
        }))
    }

    /// Puts `first` before all that waits, however much it is, and lets it flow.
    pub fn uncork(&self, first: Vec<Bytes>) {
        let mut state = self.state();
        if state.ending {
            return;
        }
        let bytes: usize = first.iter().map(Bytes::len).sum();
        state.bytes += bytes;
        state.stamps.put_first(bytes);
        state.allowance += bytes;
        for frame in first.into_iter().rev() {
            state.queue.push_front(frame);
        }
        state.corked = false;
        self.wake(state);
    }

    /// Queues the event of that number; where it was recorded just now, its way is timed from then.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing is queued then.
    pub fn push_event(
        &self,
        frame: Bytes,
        seq: i64,
        recorded_at: Option<Timestamp>,
    ) -> Result<(), Full> {
        let mut state = self.state();
        enqueue(&mut state, frame, recorded_at)?;
        state.last_seq = seq;
        self.wake(state);
        Ok(())
    }

    /// Queues these missed events, of which the last has that number: all or none. Half of the room
    /// is left for those that happen from now on.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing is queued then.
    pub fn push_missed(&self, frames: Vec<Bytes>, last_seq: i64) -> Result<(), Full> {
        let mut state = self.state();
        let bytes = frames.iter().map(Bytes::len).sum();
        if !state.has_room_for_missed(bytes) {
            return Err(Full);
        }
        state.bytes += bytes;
        state.stamps.append(bytes, None);
        state.queue.extend(frames);
        state.last_seq = last_seq;
        self.wake(state);
        Ok(())
    }

    /// Queues any other frame.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing is queued then.
    pub fn push(&self, frame: Bytes) -> Result<(), Full> {
        let mut state = self.state();
        enqueue(&mut state, frame, None)?;
        self.wake(state);
        Ok(())
    }

    /// Queues the frame that `make` makes of the number of the last event queued, right behind it.
    ///
    /// # Errors
    /// [`Full`] when there is no room; nothing is queued then.
    pub fn push_with_seq(&self, make: impl FnOnce(i64) -> Bytes) -> Result<(), Full> {
        let mut state = self.state();
        let frame = make(state.last_seq);
        enqueue(&mut state, frame, None)?;
        self.wake(state);
        Ok(())
    }

    /// Queues a pong in place of one that still waits.
    pub fn pong(&self, frame: Bytes) {
        let mut state = self.state();
        if !state.ending {
            state.pong = Some(frame);
            self.wake(state);
        }
    }

    /// Sends the last frames after what waits, then ends. Before the first answer what waits is
    /// dropped, since nothing may precede that.
    pub fn end(&self, ending: Ending) {
        let Ending {
            last,
            code,
            at_once,
        } = ending;
        let mut state = self.state();
        if state.ending {
            return;
        }
        if at_once || state.corked {
            state.drop_what_waits();
        }
        // Nothing follows a close.
        state.pong = None;
        let bytes = last.iter().map(Bytes::len).sum();
        state.bytes += bytes;
        state.stamps.append(bytes, None);
        state.queue.extend(last);
        state.ending = true;
        state.code = Some(code);
        state.corked = false;
        self.wake(state);
        self.0.ended.cancel();
    }

    /// Resolves when [`Outbox::end`] has been called, or the transport is gone.
    pub async fn ended(&self) {
        self.0.ended.cancelled().await;
    }

    /// Whether [`Outbox::end`] has been called, or the transport is gone.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.0.ended.is_cancelled()
    }

    /// The close code that the socket was ended with; none while it is open or when it broke.
    #[must_use]
    pub fn end_code(&self) -> Option<u16> {
        self.state().code
    }

    /// Sets the number that counts as the last one sent: that of the first answer.
    pub fn start_at(&self, seq: i64) {
        let mut state = self.state();
        state.last_seq = state.last_seq.max(seq);
    }

    /// The number of the last event queued.
    #[cfg(test)]
    pub(super) fn last_seq(&self) -> i64 {
        self.state().last_seq
    }

    /// Resolves when at most half of the room is taken.
    pub async fn has_room(&self) {
        loop {
            let taken = self.0.taken.notified();
            {
                let state = self.state();
                if state.ending || state.has_room_for_missed(0) {
                    return;
                }
            }
            taken.await;
        }
    }

    /// The transport takes the next slice, of at most `most` bytes where frames can be joined or
    /// cut; `None` at the end.
    pub fn poll_take(&self, cx: &mut Context<'_>, most: usize) -> Poll<Option<Taken>> {
        let mut state = self.state();
        // Only where there was too little room, or never will be any, can someone wait for it.
        let awaited = state.ending || state.bytes > OUTBOX_BYTES / 2;
        // A pong waits for no first answer and for nothing queued, but never comes between the
        // pieces of a frame.
        let pong = if state.unfinished == 0 {
            state.pong.take()
        } else {
            None
        };
        let slice = match pong {
            Some(pong) => Some(Taken {
                slice: pong,
                recorded_at: None,
            }),
            None if state.corked => None,
            None => state.take(most),
        };
        let Some(slice) = slice else {
            if state.ending {
                return Poll::Ready(None);
            }
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        if awaited {
            self.0.taken.notify_waiters();
        }
        Poll::Ready(Some(slice))
    }

    /// The transport is gone: nothing more will be taken.
    pub fn transport_gone(&self) {
        let mut state = self.state();
        state.ending = true;
        state.queue.clear();
        state.bytes = 0;
        drop(state);
        self.0.taken.notify_waiters();
        self.0.ended.cancel();
    }

    /// Wakes the transport after letting go of the lock.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let waker = if state.corked && state.pong.is_none() {
            None
        } else {
            state.waker.take()
        };
        drop(state);
        if let Some(waker) = waker {
            self.0.bell.ring(waker);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn enqueue(state: &mut State, frame: Bytes, recorded_at: Option<Timestamp>) -> Result<(), Full> {
    if !state.has_room_for(frame.len()) {
        return Err(Full);
    }
    state.bytes += frame.len();
    state.stamps.append(frame.len(), recorded_at);
    state.queue.push_back(frame);
    Ok(())
}

#[cfg(test)]
mod tests;
