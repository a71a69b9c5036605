//! A client that says too much.

use crate::clock::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// Most messages in the window.
const MESSAGES: usize = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// When the last messages came.
#[derive(Debug, Default)]
pub(super) struct Flood(VecDeque<Tick>);

impl Flood {
    /// Counts a message; true when it is one too many.
    pub(super) fn count(&mut self, now: Tick) -> bool {
        while self.0.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() > MESSAGES
    }
}
