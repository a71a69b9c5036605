//! A wall clock that never jumps.

use super::Tick;
use crate::domain::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Of the time that has passed, at most one part in so many is gone towards the wall clock.
const SLEW: i64 = 10;

/// What a clock showed, and when.
type Reading = (Tick, Timestamp);

#[derive(Debug, Default)]
pub(super) struct Steady(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The last reading; none before the first.
    last: Option<Reading>,
    /// A clock in common with other machines, to go by in place of this one's wall.
    common: Option<Reading>,
}

impl Steady {
    /// Goes by this clock from now on, and shows what it shows if this is the first time.
    pub(super) fn go_by(&self, tick: Tick, time: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.common.replace((tick, time)).is_none() {
            state.last = Some((tick, time));
        }
    }

    /// The reading now, never earlier than the one before.
    pub(super) fn read(&self, tick: Tick, wall: Timestamp) -> Timestamp {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let aim = match state.common {
            Some((at, time)) => time.plus_micros(tick.0.saturating_sub(at.0)),
            None => wall,
        };
        let Some((at, shown)) = state.last else {
            state.last = Some((tick, aim));
            return aim;
        };
        // Whoever read the tick before another came in between is not put back.
        let tick = tick.max(at);
        let passed = tick.0.saturating_sub(at.0);
        let most = passed / SLEW;
        let goes_on = shown.plus_micros(passed);
        let correction = aim.micros_since(goes_on).clamp(-most, most);
        let shown = goes_on.plus_micros(correction);
        state.last = Some((tick, shown));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::Steady;
    use crate::clock::{Clock, Tick};
    use crate::domain::Timestamp;
    use std::time::Duration;

    fn clock() -> Clock {
        Clock::by_hand(Timestamp::parse("2026-11-21T09:00:00Z").unwrap())
    }

    #[test]
    fn it_is_the_wall_as_long_as_that_is_not_stepped() {
        let clock = clock();
        for millis in [1, 999, 60_000, 7] {
            clock.advance(Duration::from_millis(millis));
            assert_eq!(clock.steady(), clock.now());
        }
    }

    #[test]
    fn a_deadline_of_45_s_is_off_by_a_tenth_at_most_however_the_wall_is_stepped() {
        for step in [3600, -3600, 30, -30, 86_400] {
            let clock = clock();
            let set = clock.steady();
            clock.step_wall(step);
            assert_eq!(clock.steady(), set, "no time has passed");
            for _ in 0..45 {
                clock.advance(Duration::from_secs(1));
                let _ = clock.steady();
            }
            let waited = clock.steady().micros_since(set);
            let right = 40_500_000..=49_500_000;
            assert!(right.contains(&waited), "{step}: {waited}");
        }
    }

    #[test]
    fn it_comes_back_to_the_wall_in_ten_times_the_step_and_never_runs_backwards() {
        for step in [600, -600] {
            let clock = clock();
            clock.step_wall(step);
            let mut before = clock.steady();
            for _ in 0..6_000 {
                clock.advance(Duration::from_secs(1));
                let now = clock.steady();
                assert!(now > before);
                before = now;
            }
            assert_eq!(clock.steady(), clock.now(), "{step}");
        }
    }

    #[test]
    fn two_machines_whose_walls_differ_agree_by_the_clock_they_have_in_common() {
        let common = Timestamp::parse("2026-11-21T09:00:00Z").unwrap();
        let second = |seconds: i64| Tick(seconds * 1_000_000);
        for off in [3600, -3600] {
            let steady = Steady::default();
            steady.read(second(0), common.plus_seconds(off));
            steady.go_by(second(1), common);
            // The wall does not matter any more, stepped or not.
            let wall = common.plus_seconds(-off);
            assert_eq!(steady.read(second(11), wall), common.plus_seconds(10));
            // Even the common clock may be put right; it is then followed slowly.
            steady.go_by(second(11), common.plus_seconds(3600));
            assert_eq!(steady.read(second(21), wall), common.plus_seconds(21));
        }
    }

    #[test]
    fn a_clock_that_begins_after_a_step_knows_only_what_the_wall_shows() {
        let clock = clock();
        clock.step_wall(-3600);
        let restarted = Clock::by_hand(clock.now());
        assert_eq!(restarted.steady(), clock.now());
    }
}
