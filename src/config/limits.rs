//! How much is kept and how many may come.

use super::error::{Mistakes, Rule};
use clap::Args;
use std::num::NonZeroU32;

const RETENTION: Rule = Rule {
    name: "CALLBOARD_RETENTION_DAYS",
    expected: "a number of days between 1 and 3650",
    fix: "set CALLBOARD_RETENTION_DAYS=7",
};
const CALLS_KEPT: Rule = Rule {
    name: "CALLBOARD_CALLS_KEPT_DAYS",
    expected: "a number of days between CALLBOARD_RETENTION_DAYS and 36500",
    fix: "set CALLBOARD_CALLS_KEPT_DAYS=90, or leave it out to keep calls for ever",
};
const CALL_LOGS_KEPT: Rule = Rule {
    name: "CALLBOARD_CALL_LOGS_KEPT_DAYS",
    expected: "a number of days between 1 and 36500",
    fix: "set CALLBOARD_CALL_LOGS_KEPT_DAYS=730, or leave it out to keep them for ever",
};
const PER_USER: Rule = Rule {
    name: "CALLBOARD_MAX_SOCKETS_PER_USER",
    expected: "a whole number from 1 on",
    fix: "set CALLBOARD_MAX_SOCKETS_PER_USER=20",
};
const PER_AGENCY: Rule = Rule {
    name: "CALLBOARD_MAX_SOCKETS_PER_AGENCY",
    expected: "a whole number from 1 on",
    fix: "set CALLBOARD_MAX_SOCKETS_PER_AGENCY=10000",
};
const DEFAULT_RETENTION_DAYS: u32 = 7;
const DEFAULT_PER_USER: u32 = 20;
const DEFAULT_PER_AGENCY: u32 = 10_000;
const LONGEST_RETENTION_DAYS: u32 = 3650;
const LONGEST_KEPT_DAYS: u32 = 36_500;

/// The limits, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Days for which events stay resumable and raw webhooks are kept [default: 7]
    #[arg(
        long,
        env = "CALLBOARD_RETENTION_DAYS",
        value_name = "DAYS",
        global = true,
        hide_short_help = true
    )]
    pub retention_days: Option<String>,
    /// Days for which ended calls are kept, with their legs, claims and commands [default: for ever]
    #[arg(
        long,
        env = "CALLBOARD_CALLS_KEPT_DAYS",
        value_name = "DAYS",
        global = true,
        hide_short_help = true
    )]
    pub calls_kept_days: Option<String>,
    /// Days for which call logs are kept, agents' notes among them [default: for ever]
    #[arg(
        long,
        env = "CALLBOARD_CALL_LOGS_KEPT_DAYS",
        value_name = "DAYS",
        global = true,
        hide_short_help = true
    )]
    pub call_logs_kept_days: Option<String>,
    /// Most sockets of one user; one more is closed with 4002 [default: 20]
    #[arg(
        long,
        env = "CALLBOARD_MAX_SOCKETS_PER_USER",
        value_name = "N",
        global = true,
        hide_short_help = true
    )]
    pub max_sockets_per_user: Option<String>,
    /// Most sockets of one agency; one more is closed with 4002 [default: 10000]
    #[arg(
        long,
        env = "CALLBOARD_MAX_SOCKETS_PER_AGENCY",
        value_name = "N",
        global = true,
        hide_short_help = true
    )]
    pub max_sockets_per_agency: Option<String>,
}

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Days for which events stay resumable and raw webhooks are kept: 1 to 3650.
    pub retention_days: u32,
    /// Days for which ended calls are kept, never fewer than `retention_days`, so that no webhook
    /// outlives its call. `None`: for ever.
    pub calls_kept_days: Option<u32>,
    /// Days for which call logs are kept. `None`: for ever.
    pub call_logs_kept_days: Option<u32>,
    /// Most sockets of one user, at least 1.
    pub sockets_per_user: u32,
    /// Most sockets of one agency, at least 1.
    pub sockets_per_agency: u32,
}

impl Limits {
    pub(super) fn read(settings: &LimitSettings, mistakes: &mut Mistakes) -> Self {
        let mut sockets = |rule, value: &Option<String>, default| {
            mistakes
                .read(rule, value.as_ref(), |text| text.parse().ok())
                .map_or(default, NonZeroU32::get)
        };
        let sockets_per_user = sockets(&PER_USER, &settings.max_sockets_per_user, DEFAULT_PER_USER);
        let sockets_per_agency = sockets(
            &PER_AGENCY,
            &settings.max_sockets_per_agency,
            DEFAULT_PER_AGENCY,
        );
        let retention_days = mistakes
            .read(&RETENTION, settings.retention_days.as_ref(), days)
            .unwrap_or(DEFAULT_RETENTION_DAYS);
        let mut kept = |rule, value: &Option<String>, fewest| {
            let days = |text: &str| {
                let days = text.parse().ok()?;
                (fewest..=LONGEST_KEPT_DAYS).contains(&days).then_some(days)
            };
            mistakes.read(rule, value.as_ref(), days)
        };
        let calls_kept_days = kept(&CALLS_KEPT, &settings.calls_kept_days, retention_days);
        let call_logs_kept_days = kept(&CALL_LOGS_KEPT, &settings.call_logs_kept_days, 1);
        Self {
            retention_days,
            calls_kept_days,
            call_logs_kept_days,
            sockets_per_user,
            sockets_per_agency,
        }
    }
}

fn days(text: &str) -> Option<u32> {
    let days = text.parse().ok()?;
    (1..=LONGEST_RETENTION_DAYS).contains(&days).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use crate::config::testing::{config, mistake};

    #[test]
    fn a_week_is_kept_until_told_otherwise() {
        let limits = Limits {
            retention_days: 7,
            calls_kept_days: None,
            call_logs_kept_days: None,
            sockets_per_user: 20,
            sockets_per_agency: 10_000,
        };
        assert_eq!(config([]).limits, limits);
    }

    #[test]
    fn nothing_is_kept_for_no_day_or_for_ever() {
        for days in ["0", "3651", "7d", "-7"] {
            assert_eq!(
                mistake([("CALLBOARD_RETENTION_DAYS", days)]),
                format!(
                    "CALLBOARD_RETENTION_DAYS: expected a number of days between 1 and 3650, \
                     found {days:?}; set CALLBOARD_RETENTION_DAYS=7"
                )
            );
        }
        assert_eq!(
            config([("CALLBOARD_RETENTION_DAYS", "3650")])
                .limits
                .retention_days,
            3650
        );
    }

    #[test]
    fn a_call_is_not_kept_for_less_long_than_its_webhooks() {
        for (days, kept) in [("7", "7"), ("90", "90"), ("90", "36500")] {
            let set = [
                ("CALLBOARD_RETENTION_DAYS", days),
                ("CALLBOARD_CALLS_KEPT_DAYS", kept),
                ("CALLBOARD_CALL_LOGS_KEPT_DAYS", "1"),
            ];
            let limits = config(set).limits;
            assert_eq!(limits.calls_kept_days, kept.parse().ok());
            assert_eq!(limits.call_logs_kept_days, Some(1));
        }
        for kept in ["6", "0", "36501", "ever"] {
            let said = mistake([("CALLBOARD_CALLS_KEPT_DAYS", kept)]);
            assert!(said.contains("between CALLBOARD_RETENTION_DAYS"), "{said}");
        }
    }

    #[test]
    fn a_limit_that_would_shut_everyone_out_is_refused() {
        let said = mistake([("CALLBOARD_MAX_SOCKETS_PER_USER", "0")]);
        assert!(said.contains("from 1 on, found \"0\""), "{said}");
        let said = mistake([("CALLBOARD_MAX_SOCKETS_PER_AGENCY", "many")]);
        assert!(
            said.contains("set CALLBOARD_MAX_SOCKETS_PER_AGENCY=10000"),
            "{said}"
        );
    }
}
