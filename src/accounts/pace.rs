//! How fast passwords may be tried.
//!
//! Tries are counted for an address from one network, and for an address from everywhere; before the
//! password is looked at, so that many at once gain nothing. Waiting grows with what was tried in
//! vain. Nobody can lock anybody out: the count of all networks does not bind where that account is
//! signed in already, ends at half a minute elsewhere, and a link opens the account past it.

use super::{AccountError, Accounts};
use crate::domain::Timestamp;
use crate::store::Attempts;

/// Tries from one network that need not wait.
const FREE_HERE: i32 = 5;
/// Longest wait of one network, in seconds.
const LONGEST_HERE_S: i64 = 15 * 60;
/// Tries from everywhere that need not wait.
const FREE_ELSEWHERE: i32 = 20;
/// Longest wait for the tries of others, in seconds.
const LONGEST_ELSEWHERE_S: i64 = 30;

impl Accounts {
    /// Counts a try for these, before anything is looked at.
    pub(super) async fn count_try(&self, subjects: &[String]) -> Result<(), AccountError> {
        let now = self.0.clock.now();
        let counted = self.0.store.count_attempts(subjects.to_vec(), may, now);
        match counted.await? {
            (true, _) => Ok(()),
            (false, stood) => Err(AccountError::TooOften(wait_s(&stood, now))),
        }
    }
}

/// Whether another try may be made now, given how it stands from this network and, where that is
/// strange to the account, from everywhere.
fn may(stood: &[Attempts], now: Timestamp) -> bool {
    wait_s(stood, now) == 0
}

/// Seconds until the next try.
fn wait_s(stood: &[Attempts], now: Timestamp) -> u64 {
    let limits = [
        (FREE_HERE, LONGEST_HERE_S),
        (FREE_ELSEWHERE, LONGEST_ELSEWHERE_S),
    ];
    let waits = stood.iter().zip(limits).map(|(attempts, (free, longest))| {
        let until = attempts
            .last_at
            .plus_seconds(pause_s(attempts.failures, free, longest));
        let micros = until.micros_since(now).max(0);
        u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
    });
    waits.max().unwrap_or(0)
}

/// A second, doubled with each try beyond those that are free.
fn pause_s(failures: i32, free: i32, longest: i64) -> i64 {
    let beyond = failures - free;
    if beyond < 0 {
        return 0;
    }
    let doubled = u32::try_from(beyond)
        .ok()
        .and_then(|n| 1_i64.checked_shl(n.min(40)));
    doubled.unwrap_or(longest).min(longest)
}

#[cfg(test)]
mod tests {
    use super::{may, wait_s};
    use crate::domain::Timestamp;
    use crate::store::Attempts;

    #[test]
    fn waiting_doubles_and_ends_and_others_cost_half_a_minute_at_most() {
        let now = Timestamp::from_micros(0);
        let after = |failures| Attempts {
            failures,
            last_at: now,
        };
        let here = |failures| wait_s(&[after(failures)], now);
        assert_eq!(
            [4, 5, 6, 8, 14, 15, 1000].map(here),
            [0, 1, 2, 8, 512, 900, 900]
        );
        let elsewhere = |failures| wait_s(&[after(0), after(failures)], now);
        assert_eq!([19, 20, 24, 25, 9999].map(elsewhere), [0, 1, 16, 30, 30]);
        assert!(!may(&[after(5)], now.plus_micros(999_999)));
        assert!(may(&[after(5)], now.plus_seconds(1)));
    }
}
