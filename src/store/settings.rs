//! How an agency works, as the columns of `agencies` say it.

use super::rows::AgencyRow;
use crate::domain::{AgencyChange, AgencySettings, Role, Zone};

/// What the row says. Its values were checked before they were stored; one that was written by hand or
/// that only a later version knows counts as the default, so that the agency goes on.
pub(super) fn of(row: &AgencyRow) -> AgencySettings {
    let default = AgencySettings::default();
    let seconds = |stored: i32, default: u16| u16::try_from(stored).unwrap_or(default);
    AgencySettings {
        time_zone: Zone::from_name(&row.time_zone).unwrap_or_default(),
        mask_numbers_for: roles(&row.mask_numbers_for),
        ring_s: seconds(row.ring_s, default.ring_s),
        service_level_s: seconds(row.service_level_s, default.service_level_s),
        wrap_up_s: seconds(row.wrap_up_s, default.wrap_up_s),
        away_reasons: serde_json::from_str(&row.away_reasons).unwrap_or(default.away_reasons),
        numbers: serde_json::from_str(&row.numbers).unwrap_or_default(),
    }
}

/// The roles for which callers' numbers are masked. One that only a later version knows is nobody's
/// here.
fn roles(names: &str) -> Vec<Role> {
    names.split(',').filter_map(Role::from_name).collect()
}

/// What is to be written into which column.
pub(super) struct Changed {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub mask_numbers_for: Option<String>,
    pub ring_s: Option<i32>,
    pub service_level_s: Option<i32>,
    pub wrap_up_s: Option<i32>,
    pub away_reasons: Option<String>,
    pub numbers: Option<String>,
}

impl Changed {
    pub(super) fn of(change: AgencyChange) -> Self {
        let names = |roles: Vec<Role>| roles.into_iter().map(Role::name).collect::<Vec<_>>();
        Self {
            name: change.name,
            time_zone: change.time_zone.map(|zone| zone.name().to_owned()),
            mask_numbers_for: change.mask_numbers_for.map(|roles| names(roles).join(",")),
            ring_s: change.ring_s.map(i32::from),
            service_level_s: change.service_level_s.map(i32::from),
            wrap_up_s: change.wrap_up_s.map(i32::from),
            away_reasons: change
                .away_reasons
                .map(|list| serde_json::json!(list).to_string()),
            numbers: change
                .numbers
                .map(|names| serde_json::json!(names).to_string()),
        }
    }
}
