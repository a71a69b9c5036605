//! What the carrier was told, and what the boards saw of it.

use super::numbers::count;
use super::owed::{Callers, Due};
use callboard_simulator::{Acknowledged, Timestamp, Totals};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// An acknowledged webhook whose event no board has seen after this long counts as lost.
const PATIENCE_MICROS: i64 = 3_000_000;
/// How long an event is remembered whose webhook has not been acknowledged, or may be once more.
const REMEMBERED_MICROS: i64 = 600_000_000;
/// Events and calls that are remembered, give or take.
const MOST: usize = 20_000;

/// The books of a demo, kept from many tasks.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

impl Ledger {
    /// The books. A task that fell over while it wrote into them spoils nothing worse than a sum.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which events were seen, and which are still to be.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Events that the boards saw, each counted once.
    events: u64,
    due: HashMap<Due, State>,
    callers: Callers,
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
    /// Acknowledged then, and not seen yet.
    Acknowledged(Timestamp),
    /// Seen then: boards may be faster than the acknowledgement, and webhooks come twice.
    Seen(Timestamp),
}

impl Books {
    /// This call is one of the demo's own.
    pub(super) fn plays(&mut self, session: Uuid, caller: &str) {
        // A demo may run for weeks.
        self.callers.keep_to(MOST);
        self.callers.add(session, caller);
    }

    /// The server has taken a webhook: what it must show may not be lost from now on.
    pub(super) fn taken(&mut self, webhook: &Acknowledged, now: Timestamp) {
        if let Some(due) = self.callers.due(webhook) {
            self.acknowledged(due, now);
        }
    }

    /// The server has taken something that must show: from now on it must not be lost.
    pub(super) fn acknowledged(&mut self, due: Due, now: Timestamp) {
        self.due.entry(due).or_insert(State::Acknowledged(now));
    }

    /// A board saw an event for the first time: of this call, of what occurred then, and of the
    /// call as it was changed then.
    pub(super) fn seen(&mut self, call: &str, moments: [Option<Timestamp>; 2], now: Timestamp) {
        self.events += 1;
        if self.due.len() > MOST {
            self.due.retain(|_, state| match state {
                State::Acknowledged(_) => true,
                State::Seen(at) => now.micros_since(*at) < REMEMBERED_MICROS,
            });
        }
        for moment in moments.into_iter().flatten() {
            self.due.insert((call.to_owned(), moment), State::Seen(now));
        }
    }

    /// For how long, in microseconds, the oldest acknowledged webhook has waited for its event.
    pub(super) fn waiting(&self, now: Timestamp) -> Option<i64> {
        self.acknowledged_at().map(|at| now.micros_since(at)).max()
    }

    /// The sums, where the carrier has counted this and the boards themselves `misheard` wrong
    /// events.
    pub(super) fn sums(&self, carrier: Totals, now: Timestamp, misheard: u64) -> Sums {
        let late = |at: &Timestamp| now.micros_since(*at) > PATIENCE_MICROS;
        let missing = self.acknowledged_at().filter(late).count();
        Sums {
            webhooks: carrier.acknowledged,
            repeats: carrier.repeats,
            out_of_order: carrier.out_of_order,
            refused: carrier.refused + carrier.lost,
            events: self.events,
            lost: misheard + u64::try_from(missing).unwrap_or(u64::MAX),
        }
    }

    fn acknowledged_at(&self) -> impl Iterator<Item = Timestamp> {
        self.due.values().filter_map(|state| match state {
            State::Acknowledged(at) => Some(*at),
            State::Seen(_) => None,
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
    use callboard_simulator::Timestamp;
    use callboard_simulator::Totals;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn ring(call: &str) -> Due {
        (call.to_owned(), second(0))
    }

    fn lost(books: &Books, at: i64, misheard: u64) -> u64 {
        books.sums(Totals::default(), second(at), misheard).lost
    }

    fn sees(books: &mut Books, call: &str) {
        books.seen(call, [Some(second(0)), None], second(1));
    }

    #[test]
    fn an_acknowledged_webhook_without_an_event_is_lost_after_a_while() {
        let mut books = Books::default();
        books.acknowledged(ring("heard"), second(1));
        sees(&mut books, "heard");
        sees(&mut books, "fast");
        books.acknowledged(ring("fast"), second(1));
        books.acknowledged(ring("lost"), second(1));
        assert_eq!(lost(&books, 3, 0), 0, "it may still come");
        assert_eq!(books.waiting(second(3)), Some(2_000_000));
        assert_eq!(lost(&books, 5, 0), 1);
        assert_eq!(lost(&books, 5, 2), 3);
        sees(&mut books, "lost");
        assert_eq!(lost(&books, 5, 0), 0);
        assert_eq!(books.waiting(second(5)), None);
    }

    #[test]
    fn a_repeat_that_is_acknowledged_late_awaits_no_second_event() {
        let mut books = Books::default();
        books.acknowledged(ring("a"), second(0));
        sees(&mut books, "a");
        books.acknowledged(ring("a"), second(1));
        assert_eq!(lost(&books, 9, 0), 0);
    }

    #[test]
    fn an_answer_is_found_by_the_change_that_it_told_of() {
        let mut books = Books::default();
        books.acknowledged(("a".to_owned(), second(2)), second(2));
        books.seen("a", [Some(second(1)), Some(second(3))], second(3));
        assert_eq!(lost(&books, 9, 0), 1, "another change of the same call");
        books.seen("a", [Some(second(1)), Some(second(2))], second(3));
        assert_eq!(lost(&books, 9, 0), 0);
    }

    #[test]
    fn what_the_carrier_counts_is_in_the_sums() {
        let mut books = Books::default();
        sees(&mut books, "a");
        let carrier = Totals {
            acknowledged: 9,
            repeats: 3,
            out_of_order: 2,
            refused: 1,
            lost: 1,
            ..Totals::default()
        };
        let sums = books.sums(carrier, second(1), 0).to_string();
        let told = "9 webhooks, 3 repeats, 2 out of order → 1 events, lost 0, not taken 2";
        assert_eq!(sums, told);
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
