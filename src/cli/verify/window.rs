//! Which calls can be checked: those whose webhooks are all still there.

use super::retold::Retold;
use crate::config::Config;
use crate::domain::Timestamp;

/// A call's first webhooks may have come before its `call.initiated`, by as much as the carrier
/// tries again. Retention may have removed those alone.
const SLACK_SECONDS: i64 = 15 * 60;
/// How far a row's `created_at` may lie before the webhooks and still be found to be wrong.
const DAY_SECONDS: i64 = 24 * 3600;

/// The span of time in which calls can be checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Calls that began before are not even loaded.
    pub(super) since: Timestamp,
    /// Everything that came from here on is still there.
    pub(super) complete_since: Timestamp,
}

/// From when on retention has removed nothing, going by the settings of now.
pub(super) fn retained_since(config: &Config, now: Timestamp) -> Timestamp {
    now.plus_seconds(-i64::from(config.limits.retention_days) * DAY_SECONDS)
}

impl Window {
    /// The window of an agency with these webhooks, of which some have been removed already when
    /// `pruned`, or when they go back further than they are kept.
    pub(super) fn of(retold: &Retold, pruned: bool, retained_since: Timestamp) -> Self {
        let beginning = Timestamp::from_micros(i64::MIN);
        // Retention removes the oldest first, so from the oldest that is left on all are there.
        let oldest = retold.oldest();
        if !pruned && oldest.is_none_or(|oldest| oldest >= retained_since) {
            return Self {
                since: beginning,
                complete_since: beginning,
            };
        }
        let complete_since = oldest.unwrap_or(retained_since).plus_seconds(SLACK_SECONDS);
        let first_call = retold
            .calls()
            .filter_map(|leg| leg.initiated)
            .map(|moment| moment.occurred)
            .min();
        let since = first_call.unwrap_or(complete_since).min(complete_since);
        Self {
            since: since.plus_seconds(-DAY_SECONDS),
            complete_since,
        }
    }
}
