//! How an agency works, in JSON.

use super::words::RoleName;
use crate::domain::{Agency, AgencySettings, Role};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// `GET /api/agency`: the agency and how it works.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AgencySettings)]
pub struct AgencySettingsView {
    id: Uuid,
    name: String,
    /// Where its days begin, by its name in the IANA database.
    time_zone: String,
    /// The roles for which callers' numbers are masked.
    #[schema(value_type = Vec<RoleName>)]
    mask_numbers_for: Vec<&'static str>,
    /// How long an agent has after a call, in seconds.
    wrap_up_s: u16,
    /// Why somebody may be away.
    away_reasons: Vec<String>,
    /// How long an agent's phone rings, in seconds.
    ring_s: u16,
    /// The longest wait that it promises, in seconds.
    service_level_s: u16,
    /// What its people call its numbers.
    numbers: BTreeMap<String, String>,
}

impl AgencySettingsView {
    /// An agency and how it works.
    #[must_use]
    pub fn new(agency: &Agency, settings: &AgencySettings) -> Self {
        let masked = settings.mask_numbers_for.iter();
        Self {
            id: agency.id.0,
            name: agency.name.clone(),
            time_zone: settings.time_zone.name().to_owned(),
            mask_numbers_for: masked.copied().map(Role::name).collect(),
            wrap_up_s: settings.wrap_up_s,
            away_reasons: settings.away_reasons.clone(),
            ring_s: settings.ring_s,
            service_level_s: settings.service_level_s,
            numbers: settings.numbers.clone(),
        }
    }
}
