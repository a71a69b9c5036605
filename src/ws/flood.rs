//! A client that says too much.

use crate::domain::Timestamp;
use std::collections::VecDeque;

/// Most messages in the window.
const MESSAGES: usize = 100;
/// The window, in seconds.
const WINDOW_SECONDS: i64 = 10;

/// When the last messages came.
#[derive(Debug, Default)]
pub struct Flood(VecDeque<Timestamp>);

impl Flood {
    /// Counts a message; true when it is one too many.
    pub fn count(&mut self, now: Timestamp) -> bool {
        let since = now.plus_seconds(-WINDOW_SECONDS);
        while self.0.front().is_some_and(|at| *at <= since) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() > MESSAGES
    }
}
