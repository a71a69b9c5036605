//! How much longer a socket's token is good for.
//!
//! What is left of it is reckoned once, when the token is read, and then time passes: a wall clock
//! that is put right under an open socket neither ends it nor makes it last for ever.

use crate::auth::LEEWAY_SECONDS;
use crate::clock::{Clock, Tick};
use crate::domain::Timestamp;
use std::time::Duration;

/// How long before its expiry a token is called expiring, in seconds.
const EXPIRING_S: i64 = 60;

/// The moments at which a token needs attention.
pub(super) struct Lifetime {
    warning: Option<Tick>,
    end: Tick,
}

impl Lifetime {
    /// What is left of a token that expires then.
    pub(super) fn until(expires_at: Timestamp, clock: &Clock) -> Self {
        let (now, wall) = (clock.tick(), clock.now());
        let in_seconds = |seconds| {
            let left = expires_at.plus_seconds(seconds).micros_since(wall);
            now.plus(Duration::from_micros(u64::try_from(left).unwrap_or(0)))
        };
        Self {
            warning: Some(in_seconds(-EXPIRING_S)),
            end: in_seconds(LEEWAY_SECONDS),
        }
    }

    /// When it next needs attention: its warning, or its end.
    pub(super) fn next_moment(&self) -> Tick {
        self.warning.unwrap_or(self.end)
    }

    /// Whether the moment that has come is that of the warning, which is given once.
    pub(super) fn is_to_be_warned_of(&mut self) -> bool {
        self.warning.take().is_some()
    }
}
