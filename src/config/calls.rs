//! What happens to calls.

use super::error::{Mistakes, Rule};
use crate::domain::words;
use clap::Args;
use std::num::NonZeroU32;

const RECORDING: Rule = Rule {
    name: "CALLBOARD_RECORDING",
    expected: "dual, single or off",
    fix: "set CALLBOARD_RECORDING=dual",
};
const TRANSFER_REFUSED: Rule = Rule {
    name: "CALLBOARD_TRANSFER_REFUSED",
    expected: "answer or release",
    fix: "set CALLBOARD_TRANSFER_REFUSED=answer",
};
const PER_AGENT: Rule = Rule {
    name: "CALLBOARD_CALLS_PER_AGENT",
    expected: "a whole number, 0 for no limit",
    fix: "set CALLBOARD_CALLS_PER_AGENT=1",
};
const LIMIT_HOURS: Rule = Rule {
    name: "CALLBOARD_CALL_LIMIT_HOURS",
    expected: "a whole number of hours, from 1 to 168",
    fix: "set CALLBOARD_CALL_LIMIT_HOURS=4",
};
const PRESENCE: Rule = Rule {
    name: "CALLBOARD_PRESENCE",
    expected: "on or off",
    fix: "set CALLBOARD_PRESENCE=on",
};
/// A person has one mouth.
const ONE: Option<NonZeroU32> = NonZeroU32::new(1);
const FOUR_HOURS: u16 = 4;
const WEEK: u16 = 168;

/// What happens to calls, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Calls")]
pub struct CallSettings {
    /// Record answered calls with two channels, with one, or not: dual, single or off
    /// [default: dual]
    #[arg(
        long,
        env = "CALLBOARD_RECORDING",
        value_name = "dual|single|off",
        global = true,
        hide_short_help = true
    )]
    pub recording: Option<String>,
    /// When the carrier refuses a transfer: answer the call, or release the claim
    /// [default: answer]
    #[arg(
        long,
        env = "CALLBOARD_TRANSFER_REFUSED",
        value_name = "answer|release",
        global = true,
        hide_short_help = true
    )]
    pub transfer_refused: Option<String>,
    /// Most calls that one agent may hold at once; 0: no limit [default: 1]
    #[arg(
        long,
        env = "CALLBOARD_CALLS_PER_AGENT",
        value_name = "N",
        global = true,
        hide_short_help = true
    )]
    pub calls_per_agent: Option<String>,
    /// Hours after which a call that the carrier cannot be asked about ends on the board
    /// [default: 4]
    #[arg(
        long,
        env = "CALLBOARD_CALL_LIMIT_HOURS",
        value_name = "N",
        global = true,
        hide_short_help = true
    )]
    pub call_limit_hours: Option<String>,
    /// Show who is there to take a call, and keep how long people were what: on or off, the same on
    /// all nodes [default: on]
    #[arg(
        long,
        env = "CALLBOARD_PRESENCE",
        value_name = "on|off",
        global = true,
        hide_short_help = true
    )]
    pub presence: Option<String>,
}

/// What happens to calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// How answered calls are recorded.
    pub recording: Recording,
    /// What a refused transfer does.
    pub transfer_refused: TransferRefused,
    /// Most calls that one agent may hold. `None`: no limit.
    pub per_agent: Option<NonZeroU32>,
    /// Hours after which a call that the carrier cannot be asked about ends on the board.
    pub limit_hours: u16,
    /// Whether it is shown who is there.
    pub presence: Watching,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            recording: Recording::default(),
            transfer_refused: TransferRefused::default(),
            per_agent: ONE,
            limit_hours: FOUR_HOURS,
            presence: Watching::default(),
        }
    }
}

words! {
    /// How answered calls are recorded.
    #[derive(Default)]
    pub enum Recording {
        /// Caller and agent on channels of their own.
        #[default]
        Dual = "dual",
        /// Both on one channel.
        Single = "single",
        /// Not at all.
        Off = "off",
    }
}

words! {
    /// What happens when the carrier refuses a transfer for good.
    #[derive(Default)]
    pub enum TransferRefused {
        /// The call is answered without a transfer.
        #[default]
        Answer = "answer",
        /// The claim is released and the call rings again.
        Release = "release",
    }
}

words! {
    /// Whether it is shown who is there to take a call.
    #[derive(Default)]
    pub enum Watching {
        /// It is, and how long they were what is kept.
        #[default]
        On = "on",
        /// Nobody is watched.
        Off = "off",
    }
}

impl Calls {
    pub(super) fn read(settings: &CallSettings, mistakes: &mut Mistakes) -> Self {
        let refused = settings.transfer_refused.as_ref();
        let per_agent = settings.calls_per_agent.as_ref();
        Self {
            recording: mistakes
                .read(
                    &RECORDING,
                    settings.recording.as_ref(),
                    Recording::from_name,
                )
                .unwrap_or_default(),
            transfer_refused: mistakes
                .read(&TRANSFER_REFUSED, refused, TransferRefused::from_name)
                .unwrap_or_default(),
            per_agent: mistakes
                .read(&PER_AGENT, per_agent, |text| text.parse().ok())
                .map_or(ONE, NonZeroU32::new),
            limit_hours: mistakes
                .read(&LIMIT_HOURS, settings.call_limit_hours.as_ref(), hours)
                .unwrap_or(FOUR_HOURS),
            presence: mistakes
                .read(&PRESENCE, settings.presence.as_ref(), Watching::from_name)
                .unwrap_or_default(),
        }
    }

    /// Seconds after which a call that the carrier cannot be asked about ends on the board.
    #[must_use]
    pub fn limit_s(&self) -> i64 {
        i64::from(self.limit_hours) * 3600
    }
}

fn hours(text: &str) -> Option<u16> {
    let hours = text.parse().ok()?;
    (1..=WEEK).contains(&hours).then_some(hours)
}

#[cfg(test)]
mod tests {
    use super::{Calls, Recording, TransferRefused};
    use crate::config::testing::{config, mistake};

    #[test]
    fn calls_are_recorded_and_each_agent_has_one_until_told_otherwise() {
        assert_eq!(config([]).calls, Calls::default());
        assert_eq!(config([]).calls.per_agent.unwrap().get(), 1);
        assert_eq!(config([]).calls.limit_s(), 4 * 3600);
        let long = config([("CALLBOARD_CALL_LIMIT_HOURS", "168")]).calls;
        assert_eq!(long.limit_s(), 7 * 86_400);
        assert_eq!(
            config([("CALLBOARD_CALLS_PER_AGENT", "0")]).calls.per_agent,
            None
        );
        let calls = config([
            ("CALLBOARD_RECORDING", "off"),
            ("CALLBOARD_TRANSFER_REFUSED", "release"),
            ("CALLBOARD_CALLS_PER_AGENT", "2"),
        ])
        .calls;
        assert_eq!(calls.recording, Recording::Off);
        assert_eq!(calls.transfer_refused, TransferRefused::Release);
        assert_eq!(calls.per_agent.unwrap().get(), 2);
    }

    #[test]
    fn an_unknown_word_hears_which_there_are() {
        assert_eq!(
            mistake([("CALLBOARD_RECORDING", "yes")]),
            "CALLBOARD_RECORDING: expected dual, single or off, found \"yes\"; \
             set CALLBOARD_RECORDING=dual"
        );
        let said = mistake([("CALLBOARD_TRANSFER_REFUSED", "hang up")]);
        assert!(
            said.contains("expected answer or release, found \"hang up\""),
            "{said}"
        );
        let said = mistake([("CALLBOARD_CALLS_PER_AGENT", "-1")]);
        assert!(said.contains("0 for no limit, found \"-1\""), "{said}");
        for hours in ["0", "169", "4h"] {
            let said = mistake([("CALLBOARD_CALL_LIMIT_HOURS", hours)]);
            assert!(said.contains("from 1 to 168, found"), "{said}");
        }
    }
}
