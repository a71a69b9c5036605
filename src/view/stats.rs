//! The numbers of a wallboard in JSON.

use super::rfc3339;
use super::words::Time;
use crate::domain::{AgentState, AgentStats, Hour, Stats, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// `GET /api/stats`. Waits are in seconds, with a fraction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stats)]
pub struct StatsView {
    /// Callers whom no agent has yet, those included for whom an agent's phone rings.
    waiting_now: i64,
    /// How long the longest of them has waited; 0 when nobody does.
    longest_wait_s: f64,
    /// Calls that began since `since` and are over, by result.
    answered: i64,
    missed: i64,
    abandoned: i64,
    /// From the ring to the answer, on average of the answered calls; null without one.
    #[schema(required)]
    average_wait_s: Option<f64>,
    /// The share (0 to 1) of the answered calls that were answered within 20 s; null without one.
    #[schema(required)]
    within_20_s: Option<f64>,
    /// The longest wait that the agency promises.
    service_level_s: u16,
    /// The share (0 to 1) of the answered calls that waited no longer than that; null without one.
    #[schema(required)]
    within_service_level: Option<f64>,
    /// Every hour from `since` to now, oldest first, by when the calls began.
    calls_by_hour: Vec<HourView>,
    /// Everybody who takes calls, by name; nobody for a key.
    agents: Vec<AgentStatsView>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    since: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    as_of: Timestamp,
}

/// One hour: the calls that began in it and are over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hour)]
pub(crate) struct HourView {
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    hour: Timestamp,
    calls: i64,
    answered: i64,
    missed: i64,
    abandoned: i64,
}

/// How one person does since `since`. Times are in seconds, with a fraction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentStats)]
pub(crate) struct AgentStatsView {
    id: Uuid,
    #[schema(required)]
    name: Option<String>,
    /// Calls that began since `since`, are over, and were theirs.
    answered: i64,
    /// Times that their phone rang for a call that they had taken, and was not answered.
    missed: i64,
    /// How long they talked on those calls.
    talk_s: f64,
    /// How long they wrote about calls.
    wrap_up_s: f64,
    /// How long they were what, up to now.
    time_in_state: TimeInStateView,
}

/// Seconds in each state, with a fraction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeInState)]
pub(crate) struct TimeInStateView {
    available: f64,
    busy: f64,
    away: f64,
    wrap_up: f64,
    offline: f64,
}

impl From<&AgentStats> for AgentStatsView {
    fn from(stats: &AgentStats) -> Self {
        let time = |state| seconds(stats.time_as(state));
        Self {
            id: stats.id.0,
            name: stats.name.clone(),
            answered: stats.counts.answered,
            missed: stats.counts.missed,
            talk_s: seconds(stats.counts.talk_micros),
            wrap_up_s: time(AgentState::WrapUp),
            time_in_state: TimeInStateView {
                available: time(AgentState::Available),
                busy: time(AgentState::Busy),
                away: time(AgentState::Away),
                wrap_up: time(AgentState::WrapUp),
                offline: time(AgentState::Offline),
            },
        }
    }
}

impl StatsView {
    /// The numbers of the agency, and of its people.
    #[must_use]
    pub fn new(stats: &Stats, agents: &[AgentStats]) -> Self {
        Self {
            waiting_now: stats.waiting_now,
            longest_wait_s: seconds(stats.longest_wait_micros),
            answered: stats.answered,
            missed: stats.missed,
            abandoned: stats.abandoned,
            average_wait_s: stats.average_wait_micros.map(seconds),
            within_20_s: stats.within_20_s,
            service_level_s: stats.service_level_s,
            within_service_level: stats.as_promised,
            calls_by_hour: stats.hours.iter().map(HourView::from).collect(),
            agents: agents.iter().map(AgentStatsView::from).collect(),
            since: stats.since,
            as_of: stats.as_of,
        }
    }
}

impl From<&Hour> for HourView {
    fn from(hour: &Hour) -> Self {
        Self {
            hour: hour.start,
            calls: hour.answered + hour.missed + hour.abandoned,
            answered: hour.answered,
            missed: hour.missed,
            abandoned: hour.abandoned,
        }
    }
}

/// Seconds, to the millisecond.
#[allow(clippy::cast_precision_loss)] // Milliseconds of a wait, far below 2^52.
fn seconds(micros: i64) -> f64 {
    (micros / 1000) as f64 / 1000.0
}
