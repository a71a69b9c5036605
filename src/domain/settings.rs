//! How an agency works: what its owner sets.

use super::{Role, Zone};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use thiserror::Error;

/// How long an agent's phone may ring, in seconds. A claim of which nothing is heard goes after
/// [`CLAIM_SECONDS`](super::CLAIM_SECONDS), so a phone rings for less.
const RING_S: RangeInclusive<u16> = 5..=40;
/// What may be promised as the longest wait, in seconds.
const SERVICE_LEVEL_S: RangeInclusive<u16> = 1..=3600;
/// How long an agent may have after a call, in seconds.
const WRAP_UP_S: RangeInclusive<u16> = 0..=3600;
/// The longest of them.
pub(super) const LONGEST_WRAP_UP_S: i64 = 3600;

const MOST_REASONS: usize = 20;
const MOST_NUMBERS: usize = 1000;
/// Characters of a name, a reason or a number.
const MOST_CHARACTERS: usize = 100;

/// How an agency works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencySettings {
    /// Where its days begin.
    pub time_zone: Zone,
    /// The roles for which it masks callers' numbers.
    pub mask_numbers_for: Vec<Role>,
    /// How long an agent's phone rings, in seconds.
    pub ring_s: u16,
    /// The longest wait that it promises, in seconds.
    pub service_level_s: u16,
    /// How long an agent has after a call, in seconds.
    pub wrap_up_s: u16,
    /// Why somebody may be away.
    pub away_reasons: Vec<String>,
    /// What its people call its numbers.
    pub numbers: BTreeMap<String, String>,
}

impl Default for AgencySettings {
    fn default() -> Self {
        Self {
            time_zone: Zone::default(),
            mask_numbers_for: Vec::new(),
            ring_s: 25,
            service_level_s: 20,
            wrap_up_s: 0,
            away_reasons: ["break", "lunch", "meeting"].map(str::to_owned).into(),
            numbers: BTreeMap::new(),
        }
    }
}

/// What is to be different; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgencyChange {
    pub name: Option<String>,
    pub time_zone: Option<Zone>,
    pub mask_numbers_for: Option<Vec<Role>>,
    pub ring_s: Option<u16>,
    pub service_level_s: Option<u16>,
    pub wrap_up_s: Option<u16>,
    pub away_reasons: Option<Vec<String>>,
    pub numbers: Option<BTreeMap<String, String>>,
}

/// Why a setting is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingError {
    #[error("{setting}: from {} to {} seconds", .allowed.start(), .allowed.end())]
    OutOfRange {
        setting: &'static str,
        allowed: RangeInclusive<u16>,
    },
    #[error("{setting}: at most {most}")]
    TooMany { setting: &'static str, most: usize },
    #[error("{setting}: a text of 1 to {MOST_CHARACTERS} characters, without control characters")]
    Text { setting: &'static str },
    #[error("{setting}: the same one twice")]
    Twice { setting: &'static str },
}

impl AgencyChange {
    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same with spaces around texts taken away, or everything that is wrong with it.
    ///
    /// # Errors
    /// All the mistakes together.
    pub fn checked(mut self) -> Result<Self, Vec<SettingError>> {
        let mut wrong = Vec::new();
        for (setting, value, allowed) in [
            ("ring_s", self.ring_s, RING_S),
            ("service_level_s", self.service_level_s, SERVICE_LEVEL_S),
            ("wrap_up_s", self.wrap_up_s, WRAP_UP_S),
        ] {
            if value.is_some_and(|value| !allowed.contains(&value)) {
                wrong.push(SettingError::OutOfRange { setting, allowed });
            }
        }
        self.name = self.name.map(|name| text("name", &name, &mut wrong));
        self.away_reasons = self
            .away_reasons
            .map(|reasons| reasons_of(&reasons, &mut wrong));
        self.numbers = self.numbers.map(|numbers| numbers_of(&numbers, &mut wrong));
        if let Some(roles) = &mut self.mask_numbers_for {
            roles.sort_unstable_by_key(|role| role.name());
            roles.dedup();
        }
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(wrong)
        }
    }
}

fn reasons_of(reasons: &[String], wrong: &mut Vec<SettingError>) -> Vec<String> {
    let setting = "away_reasons";
    if reasons.len() > MOST_REASONS {
        let most = MOST_REASONS;
        wrong.push(SettingError::TooMany { setting, most });
    }
    let mut kept: Vec<String> = Vec::new();
    for reason in reasons {
        let reason = text(setting, reason, wrong);
        if kept.contains(&reason) {
            wrong.push(SettingError::Twice { setting });
        }
        kept.push(reason);
    }
    kept
}

fn numbers_of(
    numbers: &BTreeMap<String, String>,
    wrong: &mut Vec<SettingError>,
) -> BTreeMap<String, String> {
    let setting = "numbers";
    if numbers.len() > MOST_NUMBERS {
        let most = MOST_NUMBERS;
        wrong.push(SettingError::TooMany { setting, most });
    }
    let kept: BTreeMap<String, String> = numbers
        .iter()
        .map(|(number, name)| (text(setting, number, wrong), text(setting, name, wrong)))
        .collect();
    if kept.len() < numbers.len() {
        wrong.push(SettingError::Twice { setting });
    }
    kept
}

/// The text without the spaces around it.
fn text(setting: &'static str, given: &str, wrong: &mut Vec<SettingError>) -> String {
    let text = given.trim();
    let fits = (1..=MOST_CHARACTERS).contains(&text.chars().count());
    let refusal = SettingError::Text { setting };
    if (!fits || text.chars().any(char::is_control)) && !wrong.contains(&refusal) {
        wrong.push(refusal);
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{AgencyChange, SettingError};
    use crate::domain::Role;
    use std::collections::BTreeMap;

    #[test]
    fn all_that_is_wrong_with_a_change_is_named() {
        let change = AgencyChange {
            name: Some("  ".into()),
            ring_s: Some(41),
            service_level_s: Some(0),
            wrap_up_s: Some(3601),
            away_reasons: Some(vec!["lunch".into(), " lunch ".into(), "a\tb".into()]),
            numbers: Some(BTreeMap::from([("+1".into(), "x".repeat(101))])),
            ..AgencyChange::default()
        };
        let wrong = change.checked().unwrap_err();
        let said: Vec<String> = wrong.iter().map(SettingError::to_string).collect();
        assert_eq!(
            said,
            [
                "ring_s: from 5 to 40 seconds",
                "service_level_s: from 1 to 3600 seconds",
                "wrap_up_s: from 0 to 3600 seconds",
                "name: a text of 1 to 100 characters, without control characters",
                "away_reasons: the same one twice",
                "away_reasons: a text of 1 to 100 characters, without control characters",
                "numbers: a text of 1 to 100 characters, without control characters",
            ]
        );
    }

    #[test]
    fn what_is_right_is_kept_without_the_spaces_around_it() {
        let change = AgencyChange {
            name: Some(" Acme ".into()),
            ring_s: Some(5),
            mask_numbers_for: Some(vec![Role::Member, Role::Admin, Role::Member]),
            away_reasons: Some(vec![" lunch".into()]),
            numbers: Some(BTreeMap::from([(" +15550100 ".into(), " Sales ".into())])),
            ..AgencyChange::default()
        };
        let kept = change.checked().unwrap();
        assert_eq!(kept.name.as_deref(), Some("Acme"));
        assert_eq!(kept.mask_numbers_for, Some(vec![Role::Admin, Role::Member]));
        assert_eq!(kept.away_reasons, Some(vec!["lunch".to_owned()]));
        let numbers = kept.numbers.unwrap();
        assert_eq!(numbers.get("+15550100").map(String::as_str), Some("Sales"));
        assert_eq!(kept.time_zone, None);
    }
}
