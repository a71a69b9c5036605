//! Who tells, and whether something of it was lost on the way. Pure: it is told the time.

use crate::clock::Tick;
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// A node that is silent for longer has missed a heartbeat and may be gone, and with it what it was
/// about to tell.
const SILENT: Duration = Duration::from_millis(1500);
/// Most lives that are remembered; beyond, the memory starts again.
const MOST: usize = 1000;

/// What is known of the others.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    others: HashMap<Uuid, Other>,
}

#[derive(Debug)]
struct Other {
    n: u64,
    at: Tick,
}

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is missing before it.
    Next,
    /// Something before it was lost, or may have been.
    AfterLoss,
    /// It is not new.
    Repeated,
}

impl Hearing {
    /// A message of that number was told in that life.
    pub(super) fn told(&mut self, boot: Uuid, n: u64, now: Tick) -> Place {
        if self.others.len() >= MOST && !self.others.contains_key(&boot) {
            self.others.clear();
        }
        let place = match self.others.get(&boot) {
            Some(other) if n <= other.n => return Place::Repeated,
            Some(other) if n == other.n + 1 => Place::Next,
            // Somebody who has just begun to tell.
            None if n == 1 => Place::Next,
            _ => Place::AfterLoss,
        };
        self.others.insert(boot, Other { n, at: now });
        place
    }

    /// Whether it is the first of that life that is heard.
    pub(super) fn is_new(&self, boot: Uuid) -> bool {
        !self.others.contains_key(&boot)
    }

    /// That life is over.
    pub(super) fn left(&mut self, boot: Uuid) {
        self.others.remove(&boot);
    }

    /// Forgets those who have been silent for too long, and says whether there were any.
    pub(super) fn misses_somebody(&mut self, now: Tick) -> bool {
        let before = self.others.len();
        self.others.retain(|_, other| now.since(other.at) < SILENT);
        self.others.len() < before
    }

    /// Whether there is anybody else.
    pub(super) fn has_company(&self) -> bool {
        !self.others.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Hearing, Place, SILENT};
    use crate::clock::Tick;
    use proptest::prelude::*;
    use std::time::Duration;
    use uuid::Uuid;

    const ANNA: Uuid = Uuid::from_u128(1);
    const BEN: Uuid = Uuid::from_u128(2);

    #[test]
    fn each_life_has_numbers_of_its_own() {
        let mut hearing = Hearing::default();
        let now = Tick::default();
        assert_eq!(hearing.told(ANNA, 1, now), Place::Next);
        assert_eq!(hearing.told(ANNA, 2, now), Place::Next);
        assert_eq!(hearing.told(BEN, 1, now), Place::Next);
        assert_eq!(hearing.told(ANNA, 2, now), Place::Repeated);
        assert_eq!(hearing.told(ANNA, 4, now), Place::AfterLoss);
        assert_eq!(hearing.told(ANNA, 3, now), Place::Repeated);
        assert_eq!(hearing.told(ANNA, 5, now), Place::Next);
    }

    #[test]
    fn somebody_who_was_there_before_us_may_have_told_what_we_missed() {
        let mut hearing = Hearing::default();
        assert!(hearing.is_new(ANNA));
        assert_eq!(hearing.told(ANNA, 7, Tick::default()), Place::AfterLoss);
        assert!(!hearing.is_new(ANNA) && hearing.is_new(BEN));
    }

    #[test]
    fn somebody_who_falls_silent_is_missed_once() {
        let mut hearing = Hearing::default();
        let start = Tick::default();
        assert!(!hearing.misses_somebody(start) && !hearing.has_company());
        hearing.told(ANNA, 1, start);
        assert!(!hearing.misses_somebody(start.plus(Duration::from_secs(1))));
        assert!(hearing.has_company());
        assert!(hearing.misses_somebody(start.plus(SILENT)));
        assert!(!hearing.misses_somebody(start.plus(SILENT)) && !hearing.has_company());
        hearing.told(BEN, 1, start);
        hearing.left(BEN);
        assert!(!hearing.misses_somebody(start.plus(SILENT)));
    }

    proptest! {
        /// Whatever a relay does with the messages of one life: what was let through is in order and
        /// never twice, and whoever heard the last one was told of every loss before it.
        #[test]
        fn no_loss_goes_unnoticed(order in prop::collection::vec(1_u64..40, 1..80)) {
            let mut hearing = Hearing::default();
            let (mut last, mut heard) = (0, Vec::new());
            for n in order {
                match hearing.told(ANNA, n, Tick::default()) {
                    Place::Next => {
                        prop_assert_eq!(n, last + 1);
                        heard.push(n);
                        last = n;
                    }
                    Place::AfterLoss => {
                        prop_assert!(n > last + 1);
                        heard.push(n);
                        last = n;
                    }
                    Place::Repeated => prop_assert!(n <= last),
                }
            }
            prop_assert!(heard.is_sorted_by(|one, next| one < next));
        }
    }
}
