//! How long a client waits before it comes back.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(20);

/// Full-jitter exponential back-off: each wait is drawn evenly between nothing and a ceiling that
/// starts at 0.5 s and doubles up to 20 s. A thousand boards that lost the same server so come
/// back spread out, not in step.
#[derive(Debug)]
pub struct Backoff {
    ceiling: Duration,
    random: StdRng,
}

impl Backoff {
    /// Draws from the machine's randomness.
    #[must_use]
    pub fn new() -> Self {
        Self::drawing_from(rand::make_rng())
    }

    /// Draws the same waits for the same seed: for runs that are to be repeated.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::drawing_from(StdRng::seed_from_u64(seed))
    }

    fn drawing_from(random: StdRng) -> Self {
        Self {
            ceiling: FIRST,
            random,
        }
    }

    /// The next wait; the one after may be twice as long.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.random.random_range(Duration::ZERO..=self.ceiling);
        self.ceiling = self.ceiling.saturating_mul(2).min(LONGEST);
        wait
    }

    /// Starts from 0.5 s again: the connection has proved good.
    pub fn reset(&mut self) {
        self.ceiling = FIRST;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

    /// The longest of many first, second, third… waits.
    fn longest_waits(tries: usize) -> Vec<Duration> {
        let mut longest = vec![Duration::ZERO; tries];
        for seed in 0..500 {
            let mut backoff = Backoff::seeded(seed);
            for slot in &mut longest {
                *slot = (*slot).max(backoff.next_wait());
            }
        }
        longest
    }

    #[test]
    fn waits_double_from_half_a_second_and_stop_at_twenty() {
        let ceilings = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0];
        for (longest, ceiling) in longest_waits(ceilings.len()).into_iter().zip(ceilings) {
            let ceiling = Duration::from_secs_f64(ceiling);
            assert!(longest <= ceiling, "{longest:?} over {ceiling:?}");
            assert!(longest > ceiling.mul_f64(0.9), "{longest:?} of {ceiling:?}");
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let mut backoff = Backoff::seeded(7);
        let short = (0..1000)
            .filter(|_| {
                backoff.reset();
                backoff.next_wait() < Duration::from_millis(100)
            })
            .count();
        assert!((120..280).contains(&short), "{short} of 1000 under a fifth");
    }

    #[test]
    fn a_good_connection_starts_the_waits_again() {
        let mut backoff = Backoff::seeded(1);
        for _ in 0..10 {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(500));
    }
}
