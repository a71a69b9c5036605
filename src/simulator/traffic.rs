//! How many calls, of which kind, and how much trouble: decided before anything is sent.

use super::dice::Dice;
use super::script::{Life, Script, Step};
use std::time::Duration;

/// What to play.
///
/// The same traffic makes the same calls: their ids, numbers, lives and times, which webhooks are
/// repeated and which are held back follow from `seed` and the order of the calls alone. Only
/// `occurred_at` is the clock's, and what the network makes of concurrent requests is its own.
/// So a receiver that has stored a seed's calls takes a second run of it for repeats.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Calls that begin in a minute of the clock, on average; 0 for none at all.
    pub calls_per_minute: f64,
    /// Decides everything else.
    pub seed: u64,
    /// How many webhooks in a hundred are delivered twice.
    pub duplicates: u8,
    /// How many webhooks in a hundred are held back until after the call's next one.
    pub reorder: u8,
    /// How many times faster than natural the lives go; `f64::INFINITY` for no waits. The rate of
    /// calls is as `calls_per_minute` says all the same.
    pub speed: f64,
    /// Calls to begin in all; without end when absent.
    pub max_calls: Option<u64>,
    /// Calls under way at once; further ones wait until one has ended.
    pub calls_at_once: usize,
    /// Which lives, by weight.
    pub lives: Vec<(Life, u32)>,
}

impl Default for Traffic {
    /// A quiet office on a good day: ten calls a minute without end, of every kind, each webhook
    /// delivered once and in order.
    fn default() -> Self {
        Self {
            calls_per_minute: 10.0,
            seed: 0,
            duplicates: 0,
            reorder: 0,
            speed: 1.0,
            max_calls: None,
            calls_at_once: 1_000,
            lives: vec![
                (Life::Abandoned, 20),
                (Life::Answered, 15),
                (Life::Transferred, 40),
                (Life::Recorded, 15),
                (Life::Busy, 5),
                (Life::NoAnswer, 5),
            ],
        }
    }
}

/// How a webhook is delivered a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Not at all.
    Never,
    /// At the same time.
    AtOnce,
    /// After the first delivery has come to its end.
    Afterwards,
}

/// A step, and what trouble its webhook makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// What happens, and when.
    pub step: Step,
    /// Whether the webhook comes twice.
    pub repeat: Repeat,
    /// Whether it is held back until the call's next webhook that is not has been sent.
    pub held_back: bool,
}

/// One call, as far as it can be known beforehand.
#[derive(Debug)]
pub struct Plan {
    /// How long after the call before it this one begins.
    pub after: Duration,
    /// Who calls: `+15550100000` to `+15550108999`.
    pub from: String,
    /// How it goes.
    pub life: Life,
    pub steps: Vec<PlannedStep>,
    /// Decide the ids of its legs and webhooks.
    pub dice: Dice,
}

impl Traffic {
    /// The calls of this traffic, in order, without end.
    pub fn plans(&self) -> impl Iterator<Item = Plan> + '_ {
        let dice = Dice::seeded(self.seed);
        std::iter::repeat_with(move || self.plan(dice.fork()))
    }

    fn plan(&self, dice: Dice) -> Plan {
        let mean = Duration::try_from_secs_f64(60.0 / self.calls_per_minute)
            .unwrap_or(Duration::from_secs(24 * 3_600));
        let after = dice.between(mean / 2, mean.saturating_mul(3) / 2);
        let from = format!("+1555010{:04}", dice.below(9_000));
        let life = Life::choose(&self.lives, &dice).unwrap_or(Life::Abandoned);
        let script = Script::write(life, &dice);
        let last = script.steps.len().saturating_sub(1);
        let planned = |(index, step)| PlannedStep {
            step,
            repeat: self.repeat(&dice),
            held_back: dice.percent(self.reorder) && index < last,
        };
        let steps = script.steps.into_iter().enumerate().map(planned).collect();
        Plan {
            after,
            from,
            life,
            steps,
            dice,
        }
    }

    fn repeat(&self, dice: &Dice) -> Repeat {
        match (dice.percent(self.duplicates), dice.percent(50)) {
            (false, _) => Repeat::Never,
            (true, true) => Repeat::AtOnce,
            (true, false) => Repeat::Afterwards,
        }
    }

    /// A natural wait at this speed.
    #[must_use]
    pub fn sped_up(&self, wait: Duration) -> Duration {
        Duration::try_from_secs_f64(wait.as_secs_f64() / self.speed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Repeat, Traffic};
    use std::time::Duration;

    fn told(plan: &Plan) -> String {
        let (after, from, life, steps) = (plan.after, &plan.from, plan.life, &plan.steps);
        format!("{after:?} {from} {life:?} {steps:?} {}", plan.dice.uuid())
    }

    fn calls(traffic: &Traffic, count: usize) -> Vec<String> {
        traffic
            .plans()
            .take(count)
            .map(|plan| told(&plan))
            .collect()
    }

    fn troubled(seed: u64) -> Traffic {
        Traffic {
            seed,
            duplicates: 20,
            reorder: 10,
            ..Traffic::default()
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_calls_and_the_same_trouble() {
        assert_eq!(calls(&troubled(7), 100), calls(&troubled(7), 100));
        assert_ne!(calls(&troubled(7), 1), calls(&troubled(8), 1));
    }

    #[test]
    fn trouble_comes_as_often_as_asked_for() {
        let plans: Vec<Plan> = troubled(1).plans().take(2_000).collect();
        let steps: Vec<_> = plans.iter().flat_map(|plan| &plan.steps).collect();
        let share = |hits: usize| hits * 100 / steps.len();
        let repeated = steps.iter().filter(|step| step.repeat != Repeat::Never);
        assert!((18..=22).contains(&share(repeated.count())));
        // The last step of a call has nothing to be late for.
        let held_back = steps.iter().filter(|step| step.held_back).count();
        assert!((6..=10).contains(&share(held_back)), "{}", share(held_back));
        assert!(
            plans
                .iter()
                .all(|plan| !plan.steps.last().unwrap().held_back)
        );
    }

    #[test]
    fn a_good_day_has_no_trouble_and_fictional_callers() {
        for plan in Traffic::default().plans().take(500) {
            assert!(plan.from.starts_with("+1555010") && plan.from.len() == 12);
            assert!(plan.steps.iter().all(|step| step.repeat == Repeat::Never));
            assert!(plan.steps.iter().all(|step| !step.held_back));
            assert!(plan.after >= Duration::from_secs(3) && plan.after <= Duration::from_secs(9));
        }
    }

    #[test]
    fn speed_shortens_the_waits_and_infinity_takes_them_away() {
        let mut traffic = Traffic::default();
        let minute = Duration::from_secs(60);
        assert_eq!(traffic.sped_up(minute), minute);
        traffic.speed = 10.0;
        assert_eq!(traffic.sped_up(minute), Duration::from_secs(6));
        traffic.speed = f64::INFINITY;
        assert_eq!(traffic.sped_up(minute), Duration::ZERO);
    }
}
