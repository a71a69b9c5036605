//! Time as an argument: whoever plays with the carrier says what time it is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A wait that ends when its time has come.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A clock that the simulator can go by: the machine's own, or one that a test winds by hand.
pub trait Time: fmt::Debug + Send + Sync + 'static {
    /// What the wall clock shows. It may jump, either way.
    fn now(&self) -> Timestamp;

    /// Waits until so much time has passed, whatever became of the wall clock.
    fn sleep(&self, duration: Duration) -> Wait<'_>;

    /// Waits until the wall clock shows `moment` or later.
    fn sleep_until(&self, moment: Timestamp) -> Wait<'_>;
}

/// The clock of one carrier or board. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<dyn Time>);

impl<T: Time> From<T> for Clock {
    fn from(time: T) -> Self {
        Self(Arc::new(time))
    }
}

impl Clock {
    /// What the wall clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Waits until so much time has passed.
    pub async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }

    /// Waits until the wall clock shows `moment` or later.
    pub async fn sleep_until(&self, moment: Timestamp) {
        self.0.sleep_until(moment).await;
    }
}

/// Microseconds since 1970-01-01T00:00:00Z, which is as fine as Telnyx dates its webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment this many microseconds after 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment moved by a number of microseconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This moment moved by a number of seconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds from `earlier` to this moment; negative when it is later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339 and cuts off what is finer than a microsecond. `None` when the text is no
    /// such time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.trim().parse().ok()?;
        Some(Self(moment.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with exactly six fractional digits, as Telnyx writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_time_is_written_with_six_digits_and_read_back() {
        let at = Timestamp::parse("2026-11-21T01:40:00.5Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-21T01:40:00.500000Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        assert_eq!(Timestamp::parse("2026-11-21T02:40:00.5+01:00"), Some(at));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
