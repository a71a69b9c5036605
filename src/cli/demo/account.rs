//! What the carrier was told, and what the boards saw of it.

use super::numbers::count;
use crate::domain::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An acknowledged webhook whose event no board has seen after this long counts as lost.
const PATIENCE_MICROS: i64 = 3_000_000;

/// What must show as an event: the call, and when it occurred. An event carries the `occurred_at`
/// of what caused it, so the two find each other without knowing the server's ids.
pub(super) type Due = (String, Timestamp);

/// The books of a demo, kept from many tasks.
#[derive(Debug, Default)]
pub(super) struct Account(Mutex<Books>);

impl Account {
    /// The books. A task that fell over while it wrote into them spoils nothing worse than a sum.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was sent and acknowledged, and which events are still to be seen.
#[derive(Debug, Default)]
pub(super) struct Books {
    sums: Sums,
    due: HashMap<Due, State>,
}

/// What has been counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Acknowledged deliveries, repeats included.
    pub(super) webhooks: u64,
    /// Deliveries of a webhook that was being, or had been, delivered already.
    pub(super) repeats: u64,
    /// Webhooks that a later one of the same call overtook.
    pub(super) out_of_order: u64,
    /// Deliveries that the server refused, or never acknowledged.
    pub(super) refused: u64,
    /// Events that the boards saw, each counted once.
    pub(super) events: u64,
    /// Acknowledged, and not seen; and what boards were told wrongly.
    pub(super) lost: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// On its way: nobody has promised anything.
    Sent,
    /// On its way, and seen already: boards may be faster than the acknowledgement.
    Seen,
    /// Acknowledged then, and not seen yet.
    Acknowledged(Timestamp),
}

impl Books {
    /// Something that must show as an event is about to be sent.
    pub(super) fn expect(&mut self, due: Due) {
        self.due.entry(due).or_insert(State::Sent);
    }

    /// The server has taken it: from now on it must not be lost.
    pub(super) fn acknowledged(&mut self, due: &Due, now: Timestamp) {
        match self.due.get_mut(due) {
            Some(State::Seen) => {
                self.due.remove(due);
            }
            Some(state @ State::Sent) => *state = State::Acknowledged(now),
            Some(State::Acknowledged(_)) | None => {}
        }
    }

    /// The server has not taken it, so it owes nothing.
    pub(super) fn not_taken(&mut self, due: &Due) {
        self.due.remove(due);
    }

    /// A delivery was acknowledged.
    pub(super) fn delivered(&mut self, repeat: bool) {
        self.sums.webhooks += 1;
        self.sums.repeats += u64::from(repeat);
    }

    /// A delivery was refused or given up.
    pub(super) fn refused(&mut self) {
        self.sums.refused += 1;
    }

    /// A webhook was overtaken by a later one.
    pub(super) fn overtaken(&mut self) {
        self.sums.out_of_order += 1;
    }

    /// A board saw an event for the first time.
    pub(super) fn seen(&mut self, due: &Due) {
        self.sums.events += 1;
        match self.due.get_mut(due) {
            Some(State::Acknowledged(_)) => {
                self.due.remove(due);
            }
            Some(state) => *state = State::Seen,
            None => {}
        }
    }

    /// For how long, in microseconds, the oldest acknowledged webhook has waited for its event.
    pub(super) fn waiting(&self, now: Timestamp) -> Option<i64> {
        self.acknowledged_at().map(|at| now.micros_since(at)).max()
    }

    /// The sums, where the boards themselves counted `misheard` wrong events.
    pub(super) fn sums(&self, now: Timestamp, misheard: u64) -> Sums {
        let late = |at: &Timestamp| now.micros_since(*at) > PATIENCE_MICROS;
        let missing = self.acknowledged_at().filter(late).count();
        Sums {
            lost: misheard + u64::try_from(missing).unwrap_or(u64::MAX),
            ..self.sums
        }
    }

    fn acknowledged_at(&self) -> impl Iterator<Item = Timestamp> {
        self.due.values().filter_map(|state| match state {
            State::Acknowledged(at) => Some(*at),
            State::Sent | State::Seen => None,
        })
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} webhooks, {} repeats, {} out of order → {} events, lost {}",
            count(self.webhooks),
            count(self.repeats),
            count(self.out_of_order),
            count(self.events),
            count(self.lost)
        )?;
        if self.refused > 0 {
            write!(f, ", not taken {}", count(self.refused))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Books, Due, Sums};
    use crate::domain::Timestamp;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn ring(call: &str) -> Due {
        (call.to_owned(), second(0))
    }

    #[test]
    fn an_acknowledged_webhook_without_an_event_is_lost_after_a_while() {
        let mut books = Books::default();
        for call in ["heard", "lost", "refused", "fast"] {
            books.expect(ring(call));
        }
        books.acknowledged(&ring("heard"), second(1));
        books.seen(&ring("heard"));
        books.seen(&ring("fast"));
        books.acknowledged(&ring("fast"), second(1));
        books.acknowledged(&ring("lost"), second(1));
        books.not_taken(&ring("refused"));
        assert_eq!(books.sums(second(3), 0).lost, 0, "it may still come");
        assert_eq!(books.waiting(second(3)), Some(2_000_000));
        assert_eq!(books.sums(second(5), 0).lost, 1);
        assert_eq!(books.sums(second(5), 2).lost, 3);
        books.seen(&ring("lost"));
        assert_eq!(books.sums(second(5), 0).lost, 0);
        assert_eq!(books.waiting(second(5)), None);
    }

    #[test]
    fn a_repeat_that_is_acknowledged_late_awaits_no_second_event() {
        let mut books = Books::default();
        books.expect(ring("a"));
        books.acknowledged(&ring("a"), second(0));
        books.seen(&ring("a"));
        books.acknowledged(&ring("a"), second(1));
        assert_eq!(books.sums(second(9), 0).lost, 0);
    }

    #[test]
    fn the_totals_read_as_a_sentence() {
        let sums = Sums {
            webhooks: 1_041,
            repeats: 12,
            out_of_order: 5,
            refused: 0,
            events: 24,
            lost: 0,
        };
        assert_eq!(
            sums.to_string(),
            "1,041 webhooks, 12 repeats, 5 out of order → 24 events, lost 0"
        );
        let told = Sums { refused: 2, ..sums }.to_string();
        assert!(told.ends_with("lost 0, not taken 2"), "{told}");
    }
}
