//! When the next call comes, and how it goes: the first minute by plan, so that a newcomer sees every kind, and
//! the rest by chance.

use callboard_simulator::Dice;
use std::time::Duration;

/// The rate at which calls go at their natural speed. Faster ones are sped up, or the few calls
/// that a person can watch at once would not be enough.
const NATURAL_CALLS_PER_MINUTE: u32 = 12;

/// How a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// An agent takes it; they talk; it ends.
    Answered,
    /// The same, and it is the agent who hangs up.
    HungUp,
    /// Nobody takes it and the caller gives up.
    Abandoned,
    /// Both agents click in the same moment.
    Race,
    /// An agent takes it and it falls back; the other one answers.
    Released(Fall),
}

/// Why a call falls back to ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fall {
    /// The agent's phone is busy.
    Busy,
    /// The agent's phone rings in vain.
    RingsOut,
    /// The agent gives it back.
    GivenBack,
}

/// A course and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scheduled {
    /// The time since the course before.
    pub(super) after: Duration,
    /// What is played.
    pub(super) course: Course,
}

/// The first half minute: seconds since the call before, and how it goes. It is the same whatever
/// rate was asked for, since it is what the demo is there to show.
const OPENING: [(u64, Course); 7] = [
    (0, Course::Answered),
    (3, Course::Race),
    (4, Course::Abandoned),
    (4, Course::Released(Fall::Busy)),
    (5, Course::HungUp),
    (5, Course::Released(Fall::GivenBack)),
    (5, Course::Released(Fall::RingsOut)),
];

/// How often each course comes afterwards, of a hundred.
const CHANCES: [(u64, Course); 7] = [
    (38, Course::Answered),
    (18, Course::HungUp),
    (22, Course::Abandoned),
    (8, Course::Race),
    (6, Course::Released(Fall::Busy)),
    (4, Course::Released(Fall::RingsOut)),
    (4, Course::Released(Fall::GivenBack)),
];

/// The plan, and then chance.
#[derive(Debug)]
pub(super) struct Schedule {
    dice: Dice,
    /// Between calls, on average.
    mean: Duration,
    speed: f64,
    played: usize,
}

impl Schedule {
    /// A schedule that the dice decide.
    pub(super) fn new(dice: Dice, calls_per_minute: u32) -> Self {
        let rate = calls_per_minute.max(1);
        let speed = f64::from(rate) / f64::from(NATURAL_CALLS_PER_MINUTE);
        Self {
            dice,
            mean: Duration::from_secs(60) / rate,
            speed: speed.max(1.0),
            played: 0,
        }
    }

    /// How many times faster than natural the calls go.
    pub(super) const fn speed(&self) -> f64 {
        self.speed
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> Scheduled {
        let planned = OPENING.get(self.played).copied();
        self.played += 1;
        match planned {
            Some((seconds, course)) => Scheduled {
                after: Duration::from_secs(seconds).div_f64(self.speed),
                course,
            },
            None => Scheduled {
                after: self.dice.between(self.mean / 2, self.mean * 3 / 2),
                course: self.by_chance(),
            },
        }
    }

    fn by_chance(&self) -> Course {
        let all = CHANCES.iter().map(|(chance, _)| chance).sum();
        let mut left = self.dice.below(all);
        let chosen = CHANCES.iter().find(|(chance, _)| {
            let here = left < *chance;
            left = left.saturating_sub(*chance);
            here
        });
        chosen.map_or(Course::Answered, |(_, course)| *course)
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, Fall, Schedule};
    use callboard_simulator::Dice;
    use std::time::Duration;

    #[test]
    fn every_kind_comes_early_in_the_first_minute_at_any_rate() {
        for rate in [1, 12, 600] {
            let mut schedule = Schedule::new(Dice::seeded(7), rate);
            let mut passed = Duration::ZERO;
            let mut kinds = Vec::new();
            for number in 0..7 {
                let scheduled = schedule.next();
                passed += scheduled.after;
                kinds.push(scheduled.course);
                assert!(
                    number > 0 || scheduled.after.is_zero(),
                    "the first comes at once"
                );
            }
            assert!(passed <= Duration::from_secs(30), "{passed:?}");
            for kind in [
                Course::Answered,
                Course::Abandoned,
                Course::Race,
                Course::HungUp,
                Course::Released(Fall::Busy),
            ] {
                assert!(kinds.contains(&kind), "{kind:?} at {rate}");
            }
        }
    }

    #[test]
    fn afterwards_calls_come_at_the_rate_that_was_asked_for_and_of_every_kind() {
        let mut schedule = Schedule::new(Dice::seeded(1), 30);
        for _ in 0..7 {
            schedule.next();
        }
        let all: Vec<_> = (0..3_000).map(|_| schedule.next()).collect();
        let passed: Duration = all.iter().map(|scheduled| scheduled.after).sum();
        let seconds = passed.as_secs();
        assert!((5_800..6_200).contains(&seconds), "{seconds}");
        let races = all
            .iter()
            .filter(|scheduled| scheduled.course == Course::Race)
            .count();
        assert!((180..300).contains(&races), "{races}");
    }

    #[test]
    fn only_a_rate_that_nobody_could_keep_up_with_is_sped_up() {
        let speed = |rate| Schedule::new(Dice::seeded(1), rate).speed();
        assert!((speed(1) - 1.0).abs() < f64::EPSILON);
        assert!((speed(12) - 1.0).abs() < f64::EPSILON);
        assert!((speed(120) - 10.0).abs() < f64::EPSILON);
    }
}
