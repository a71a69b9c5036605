//! When a delivery counts, and when it is tried again.
//!
//! Telnyx's own pages contradict each other. Its page on voice webhooks, the most specific one,
//! takes 2xx for done, follows 3xx up to three times, tries again after 408, 429, 5xx, time-outs
//! and broken connections, and gives up at once on any other 4xx. Its general page on webhooks
//! wants a 2xx within 2 s and retries everything else, redirects included, at each address. The
//! API's description wants exactly 200. The number and spacing of voice retries are documented
//! nowhere; what a command may ask for (`webhook_retries_policies`) is at most five, over at most
//! 60 s. A failover address takes over after two failures in a row.
//!
//! A receiver that is safe under [`RetrySchedule::voice`] and [`RetrySchedule::general`] is safe
//! whichever page is right.

use std::time::Duration;

/// How long one attempt may take, by every page that names a number.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Failures in a row after which the failover address takes over.
const FAILOVER_AFTER: u32 = 2;

/// What the carrier makes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Acknowledged,
    /// The receiver does not want it, and will not be asked again.
    Refused,
    /// To be tried again, while the schedule lasts.
    Failed,
}

/// When to try again, and what an answer means.
#[derive(Clone, Debug)]
pub struct RetrySchedule {
    waits: Waits,
    rule: Rule,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum Waits {
    Listed(Vec<Duration>),
    /// So many attempts at each address, the waits doubling from a second.
    PerAddress(u32),
    /// Until it is through, or has waited this long in all.
    Persistent(Duration),
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    /// 4xx is an answer, save 408 and 429; redirects are followed.
    Voice,
    /// Everything but 2xx is a failure, a redirect too.
    General,
}

impl RetrySchedule {
    /// By the page on voice webhooks, with five retries over a minute: the most that
    /// `webhook_retries_policies` allows.
    #[must_use]
    pub fn voice() -> Self {
        let seconds = [2, 4, 8, 16, 30];
        Self::listed(seconds.into_iter().map(Duration::from_secs).collect())
    }

    /// By the general page on webhooks: three attempts at each address with exponential back-off.
    /// With a failover address that is two at the first, then three at the other.
    #[must_use]
    pub fn general() -> Self {
        Self::new(Waits::PerAddress(3), Rule::General)
    }

    /// Retries by the voice rule after exactly these waits: a command's `retries_ms`.
    #[must_use]
    pub fn listed(waits: Vec<Duration>) -> Self {
        Self::new(Waits::Listed(waits), Rule::Voice)
    }

    /// One attempt, for tests that want to see the answer.
    #[must_use]
    pub fn once() -> Self {
        Self::listed(Vec::new())
    }

    /// More patient than Telnyx: retries by the voice rule, first after 100 ms and then ever less
    /// often down to once a second, until the waits add up to `max`. A server that is killed and
    /// started again gets everything it did not acknowledge, so that whatever is missing later
    /// was lost by the server and not by the carrier.
    #[must_use]
    pub fn until_acknowledged(max: Duration) -> Self {
        Self::new(Waits::Persistent(max), Rule::Voice)
    }

    /// The same with another time-out for each attempt than the documented 2 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn new(waits: Waits, rule: Rule) -> Self {
        let timeout = TIMEOUT;
        Self {
            waits,
            rule,
            timeout,
        }
    }

    /// How long one attempt may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many redirects an attempt follows.
    #[must_use]
    pub const fn redirects(&self) -> usize {
        match self.rule {
            Rule::Voice => 3,
            Rule::General => 0,
        }
    }

    /// What an answer means; `None` when there was none in time.
    #[must_use]
    pub const fn judge(&self, status: Option<u16>) -> Verdict {
        match (status, self.rule) {
            (Some(200..=299), _) => Verdict::Acknowledged,
            (None | Some(408 | 429 | 500..), _) | (_, Rule::General) => Verdict::Failed,
            (Some(_), Rule::Voice) => Verdict::Refused,
        }
    }

    /// How long to wait after so many failed attempts and so much waiting between them; `None`
    /// when that was enough.
    #[must_use]
    pub fn wait(&self, failed: u32, waited: Duration, has_failover: bool) -> Option<Duration> {
        match &self.waits {
            Waits::Listed(waits) => {
                let index = usize::try_from(failed).ok()?.checked_sub(1)?;
                waits.get(index).copied()
            }
            Waits::PerAddress(attempts) => {
                let before = if has_failover { FAILOVER_AFTER } else { 0 };
                let wait = doubled(Duration::from_secs(1), failed);
                (failed < before + attempts).then_some(wait)
            }
            Waits::Persistent(max) => {
                let wait = doubled(Duration::from_millis(100), failed).min(Duration::from_secs(1));
                let left = max.saturating_sub(waited);
                (!left.is_zero()).then_some(wait.min(left))
            }
        }
    }

    /// Whether this attempt, counted from 1, goes to the failover address where there is one.
    #[must_use]
    pub const fn fails_over(attempt: u32) -> bool {
        attempt > FAILOVER_AFTER
    }
}

/// The first wait, doubled for each failure after the first.
fn doubled(first: Duration, failed: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::{RetrySchedule, Verdict};
    use std::time::Duration;

    fn waits(schedule: &RetrySchedule, has_failover: bool) -> Vec<Duration> {
        let mut waits: Vec<Duration> = Vec::new();
        while let Some(wait) = schedule.wait(
            u32::try_from(waits.len()).unwrap() + 1,
            waits.iter().sum(),
            has_failover,
        ) {
            waits.push(wait);
        }
        waits
    }

    fn verdicts(schedule: &RetrySchedule, verdict: Verdict) -> Vec<u16> {
        let statuses = [200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503, 504];
        let judged = |status: &u16| schedule.judge(Some(*status)) == verdict;
        statuses.into_iter().filter(judged).collect()
    }

    #[test]
    fn voice_retries_overload_and_time_outs_but_takes_a_no_for_an_answer() {
        let voice = RetrySchedule::voice();
        assert_eq!(verdicts(&voice, Verdict::Acknowledged), [200, 204]);
        assert_eq!(
            verdicts(&voice, Verdict::Refused),
            [302, 400, 401, 403, 404]
        );
        assert_eq!(verdicts(&voice, Verdict::Failed), [408, 429, 500, 503, 504]);
        assert_eq!(voice.judge(None), Verdict::Failed);
        assert_eq!(voice.redirects(), 3);
        assert_eq!(waits(&voice, false).len(), 5);
        assert_eq!(
            waits(&voice, false).iter().sum::<Duration>(),
            Duration::from_secs(60)
        );
        assert_eq!(voice.timeout(), Duration::from_secs(2));
    }

    #[test]
    fn the_general_schedule_retries_everything_three_times_at_each_address() {
        let general = RetrySchedule::general();
        assert_eq!(verdicts(&general, Verdict::Refused), [0_u16; 0]);
        assert_eq!(verdicts(&general, Verdict::Acknowledged), [200, 204]);
        assert_eq!(general.redirects(), 0);
        assert_eq!(waits(&general, false), [1, 2].map(Duration::from_secs));
        assert_eq!(waits(&general, true), [1, 2, 4, 8].map(Duration::from_secs));
        let failover: Vec<bool> = (1..=5).map(RetrySchedule::fails_over).collect();
        assert_eq!(failover, [false, false, true, true, true]);
    }

    #[test]
    fn a_persistent_carrier_goes_on_for_as_long_as_it_was_told() {
        let patient = RetrySchedule::until_acknowledged(Duration::from_millis(3_000));
        let expected = [100, 200, 400, 800, 1_000, 500].map(Duration::from_millis);
        assert_eq!(waits(&patient, false), expected);
        assert_eq!(patient.judge(Some(401)), Verdict::Refused);
    }
}
