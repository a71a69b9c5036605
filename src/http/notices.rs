//! What the log says of refusals that are final. A carrier, a page or a person that is refused so
//! does not come back by itself, so whoever runs the server must be able to read why.

use crate::clock::{Clock, Tick};
use crate::telemetry::{Metrics, Refused};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Lines of one kind in a window: strangers may not fill a disk.
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// Counts refusals and writes lines about them, a few of each kind.
pub struct Notices {
    clock: Clock,
    metrics: Metrics,
    kinds: Mutex<HashMap<Refused, Window>>,
}

/// The lines of one kind since a moment.
struct Window {
    began: Tick,
    lines: u32,
    left_out: u64,
}

/// Who was refused, as the line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Webhook,
    /// Any other request.
    Request,
    /// A socket, upgraded or not.
    Socket,
    /// A connection on which nothing was asked.
    Connection,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webhook => "Webhook",
            Self::Request => "Request",
            Self::Socket => "Socket",
            Self::Connection => "Connection",
        })
    }
}

impl Notices {
    /// Nobody has been refused yet.
    #[must_use]
    pub fn new(clock: Clock, metrics: Metrics) -> Self {
        Self {
            clock,
            metrics,
            kinds: Mutex::default(),
        }
    }

    /// Counts a refusal, and says why in the log unless much was said of its kind already. `why`
    /// holds no secret and no caller's number.
    pub fn refused(&self, who: Who, reason: Refused, why: &str) {
        self.metrics.refused_for(reason);
        match self.line(reason) {
            None => {}
            Some(0) => tracing::warn!("{who} refused ({reason}): {why}"),
            Some(left_out) => tracing::warn!(
                "{who} refused ({reason}): {why} ({left_out} more of this kind before it)"
            ),
        }
    }

    /// How many of its kind were left out before the line that may be written now, if one may.
    fn line(&self, reason: Refused) -> Option<u64> {
        let now = self.clock.tick();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let window = kinds.entry(reason).or_insert(Window {
            began: now,
            lines: 0,
            left_out: 0,
        });
        if now.since(window.began) >= WINDOW {
            window.began = now;
            window.lines = 0;
        }
        if window.lines >= LINES {
            window.left_out += 1;
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::Notices;
    use crate::clock::Clock;
    use crate::domain::Timestamp;
    use crate::telemetry::{Metrics, Refused};
    use std::time::Duration;

    #[test]
    fn of_one_kind_ten_lines_a_minute_are_written_and_the_others_counted() {
        let clock = Clock::by_hand(Timestamp::from_micros(0));
        let notices = Notices::new(clock.clone(), Metrics::new());
        for _ in 0..10 {
            assert_eq!(notices.line(Refused::Method), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(notices.line(Refused::Method), None);
        }
        assert_eq!(notices.line(Refused::Origin), Some(0), "another kind");
        clock.advance(Duration::from_secs(60));
        assert_eq!(notices.line(Refused::Method), Some(7));
        assert_eq!(notices.line(Refused::Method), Some(0));
    }
}
