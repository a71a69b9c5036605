//! What this node has told and when, until it hears itself: the proof that both ways are open.

use crate::clock::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// Most messages that are on their way at once.
const MOST: usize = 256;

/// Our own messages on their way.
#[derive(Debug)]
pub(super) struct Beats {
    told: VecDeque<(u64, Tick)>,
    heard: Tick,
}

impl Beats {
    /// None on their way at that moment.
    pub(super) fn new(now: Tick) -> Self {
        Self {
            told: VecDeque::new(),
            heard: now,
        }
    }

    /// That number was told.
    pub(super) fn told(&mut self, n: u64, now: Tick) {
        if self.told.len() >= MOST {
            self.told.pop_front();
        }
        self.told.push_back((n, now));
    }

    /// That number was heard. How long it took, of one that is on its way; none of any other.
    pub(super) fn heard(&mut self, n: u64, now: Tick) -> Option<Duration> {
        let place = self.told.iter().position(|(told, _)| *told == n)?;
        let (_, told) = self.told.drain(..=place).next_back()?;
        self.heard = now;
        Some(now.since(told))
    }

    /// For how long nothing of ours was heard.
    pub(super) fn silence(&self, now: Tick) -> Duration {
        now.since(self.heard)
    }
}

#[cfg(test)]
mod tests {
    use super::Beats;
    use crate::clock::Tick;
    use std::time::Duration;

    #[test]
    fn only_what_we_told_and_have_not_heard_yet_breaks_the_silence() {
        let second = Duration::from_secs(1);
        let start = Tick::default();
        let mut beats = Beats::new(start);
        beats.told(1, start);
        beats.told(2, start.plus(second));
        let later = start.plus(3 * second);
        assert_eq!(beats.heard(7, later), None);
        assert_eq!(beats.silence(later), 3 * second);
        assert_eq!(beats.heard(2, later), Some(2 * second));
        assert_eq!(beats.silence(later), Duration::ZERO);
        // One that comes again, or that was overtaken, proves nothing.
        assert_eq!(beats.heard(2, later), None);
        assert_eq!(beats.heard(1, later), None);
    }
}
