//! When the events that wait were recorded, each by its place in the stream of bytes, so that their
//! way can be timed to where a socket takes them.

use crate::domain::Timestamp;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Stamps {
    /// Where the next frame will begin.
    end: i64,
    /// Up to where the transport has taken all.
    taken: i64,
    /// Where each event ends, and when it was recorded.
    events: VecDeque<(i64, Timestamp)>,
}

impl Stamps {
    /// So many bytes wait behind all others; an event, if they have a moment.
    pub(super) fn append(&mut self, bytes: usize, recorded_at: Option<Timestamp>) {
        self.end += signed(bytes);
        self.events.extend(recorded_at.map(|at| (self.end, at)));
    }

    /// So many bytes wait before all others.
    pub(super) fn put_first(&mut self, bytes: usize) {
        self.taken -= signed(bytes);
    }

    /// Only so many bytes still wait; whatever they are of is not timed.
    pub(super) fn drop_all_but(&mut self, bytes: usize) {
        self.events.clear();
        self.taken = self.end - signed(bytes);
    }

    /// So many bytes are taken; when the oldest event among those that are complete with them was
    /// recorded.
    pub(super) fn take(&mut self, bytes: usize) -> Option<Timestamp> {
        self.taken += signed(bytes);
        let mut oldest = None;
        while let Some((end, at)) = self.events.front().copied()
            && end <= self.taken
        {
            self.events.pop_front();
            oldest = oldest.or(Some(at));
        }
        oldest
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
