//! Time as an argument.
//!
//! Everything that asks for the time or waits for it asks this clock, so that a test can wind it
//! by hand: an expiring token, a heartbeat and a retention run then take no time at all.
//!
//! A machine's wall clock can be put right, which may be an hour at once. So there are three
//! readings, each for something else:
//!
//! | reading | is | for |
//! |---|---|---|
//! | [`Clock::now`] | the wall's | what is stored or shown as a moment, and what others date: tokens, signatures |
//! | [`Clock::tick`] | the time that has passed | patience: heartbeats, time-outs, circuits, caches, rates |
//! | [`Clock::steady`] | a wall that never jumps | deadlines that are stored: errands, leases, claims |

mod steady;

use crate::domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use steady::Steady;
use tokio::sync::watch;

/// The clock of one running server. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    steady: Steady,
}

#[derive(Debug)]
enum Kind {
    System { began: Instant },
    ByHand(Hand),
}

#[derive(Debug)]
struct Hand {
    /// The time that has passed, in microseconds.
    passed: AtomicI64,
    /// What the wall clock showed when none had: the wall is the sum, so that the two move as one.
    wall_at_start: AtomicI64,
    /// Woken on every move of the hand; carries nothing, since sleepers look for themselves.
    moved: watch::Sender<()>,
}

/// A moment in a process's life, which no step of the wall clock moves. It means nothing outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tick(i64);

impl Tick {
    /// The moment so much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The time from `earlier` to this moment; none when `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let passed = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(passed).unwrap_or(0))
    }
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // The one place that reads the machine's clock.
    pub fn system() -> Self {
        let began = Instant::now();
        Self::of(Kind::System { began })
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it: for tests.
    #[must_use]
    pub fn by_hand(start: Timestamp) -> Self {
        Self::of(Kind::ByHand(Hand {
            passed: AtomicI64::new(0),
            wall_at_start: AtomicI64::new(start.micros()),
            moved: watch::Sender::new(()),
        }))
    }

    fn of(kind: Kind) -> Self {
        let clock = Self(Arc::new(Inner {
            kind,
            steady: Steady::default(),
        }));
        // It begins with the clock, not with whoever asks first.
        let _ = clock.steady();
        clock
    }

    /// What time it is on the wall. It may jump, either way.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // The one place that reads the machine's clock.
    pub fn now(&self) -> Timestamp {
        match &self.0.kind {
            Kind::System { .. } => Timestamp::from_micros(jiff::Timestamp::now().as_microsecond()),
            Kind::ByHand(hand) => hand.wall(),
        }
    }

    /// How much time has passed, whatever became of the wall clock.
    #[must_use]
    pub fn tick(&self) -> Tick {
        match &self.0.kind {
            Kind::System { began } => Tick(micros(began.elapsed())),
            Kind::ByHand(hand) => Tick(hand.passed.load(Ordering::SeqCst)),
        }
    }

    /// What time it is for deadlines that are written down: the wall's time when this clock began,
    /// and from then on the time that passes. Towards a wall clock that was put right it goes a
    /// tenth faster or slower, so a deadline set and read here is off by a tenth at most.
    /// See [`Clock::steady_by`] for several machines.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        self.0.steady.read(self.tick(), self.now())
    }

    /// Has [`Clock::steady`] go by a clock that several machines have in common, which shows `time`
    /// now. The first time it is set to that; from then on it only goes towards it. A hand-wound
    /// clock stays by itself.
    pub fn steady_by(&self, time: Timestamp) {
        if let Kind::System { .. } = &self.0.kind {
            self.0.steady.go_by(self.tick(), time);
        }
    }

    /// Waits until `duration` has passed.
    #[allow(clippy::disallowed_methods)] // The one place that waits for the machine's clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0.kind {
            Kind::System { .. } => tokio::time::sleep(duration).await,
            Kind::ByHand(hand) => {
                let moment = self.tick().plus(duration);
                hand.wait(|| self.tick() >= moment).await;
            }
        }
    }

    /// Waits until that moment, or not at all when it has passed.
    pub async fn until(&self, moment: Tick) {
        match &self.0.kind {
            Kind::System { .. } => self.sleep(moment.since(self.tick())).await,
            // Not by way of a duration: the hand may move between two looks at it.
            Kind::ByHand(hand) => hand.wait(|| self.tick() >= moment).await,
        }
    }

    /// Waits until the wall clock shows `moment` or later, going by what it shows now: for those
    /// who play strangers. A server waits for a [`Tick`].
    pub async fn sleep_until(&self, moment: Timestamp) {
        match &self.0.kind {
            Kind::System { .. } => {
                let left = moment.micros_since(self.now()).max(0);
                self.sleep(Duration::from_micros(left.unsigned_abs())).await;
            }
            Kind::ByHand(hand) => hand.wait(|| hand.wall() >= moment).await,
        }
    }

    /// How many wait for a hand-wound clock to move, so that a test need not move it too early.
    /// None, for the machine's own clock.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match &self.0.kind {
            Kind::System { .. } => 0,
            Kind::ByHand(hand) => hand.moved.receiver_count(),
        }
    }

    /// Lets time pass on a hand-wound clock and wakes those whose time has come. The machine's own
    /// clock is left as it is.
    pub fn advance(&self, duration: Duration) {
        if let Kind::ByHand(hand) = &self.0.kind {
            hand.passed.fetch_add(micros(duration), Ordering::SeqCst);
            hand.moved.send_replace(());
        }
    }

    /// Puts a hand-wound wall clock forward, or back, by so many seconds, while no time passes.
    pub fn step_wall(&self, seconds: i64) {
        if let Kind::ByHand(hand) = &self.0.kind {
            let micros = seconds.saturating_mul(1_000_000);
            hand.wall_at_start.fetch_add(micros, Ordering::SeqCst);
            hand.moved.send_replace(());
        }
    }
}

impl Hand {
    fn wall(&self) -> Timestamp {
        let start = self.wall_at_start.load(Ordering::SeqCst);
        Timestamp::from_micros(start).plus_micros(self.passed.load(Ordering::SeqCst))
    }

    async fn wait(&self, is_over: impl Fn() -> bool) {
        let mut moved = self.moved.subscribe();
        while !is_over() {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::domain::Timestamp;
    use std::time::Duration;

    const HOUR: i64 = 3600;

    #[test]
    fn a_step_of_the_wall_lets_no_time_pass() {
        let clock = Clock::by_hand(Timestamp::default());
        for seconds in [HOUR, -2 * HOUR, 30] {
            let (tick, wall) = (clock.tick(), clock.now());
            clock.step_wall(seconds);
            assert_eq!(clock.tick(), tick);
            assert_eq!(clock.now(), wall.plus_seconds(seconds));
            clock.advance(Duration::from_secs(2));
            assert_eq!(clock.tick().since(tick), Duration::from_secs(2));
            assert_eq!(tick.since(clock.tick()), Duration::ZERO);
        }
    }

    #[test]
    fn the_machines_clock_has_three_readings_that_agree_when_nobody_steps_it() {
        let clock = Clock::system();
        let (tick, wall, steady) = (clock.tick(), clock.now(), clock.steady());
        assert!(steady.micros_since(wall).abs() < 1_000_000);
        assert!(clock.tick() >= tick);
    }
}
