//! How each person does.

use super::{AgentState, KnownAgent, Timestamp, UserId};
use std::collections::BTreeMap;

/// What was counted of one person since the beginning of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// Calls that they answered.
    pub answered: i64,
    /// Times that their phone rang for a call that they had taken, and nobody answered it.
    pub missed: i64,
    /// How long they talked, in microseconds.
    pub talk_micros: i64,
    /// How long they were what, in microseconds, up to the last change.
    pub times: BTreeMap<AgentState, i64>,
}

/// How one person does. All of it is of the day; times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStats {
    pub id: UserId,
    pub name: Option<String>,
    pub counts: AgentCounts,
}

impl AgentStats {
    /// Everybody who takes calls, by name, with what was counted since `since`; the state in which each
    /// is at `now` goes on.
    #[must_use]
    pub fn of(
        agents: impl IntoIterator<Item = KnownAgent>,
        mut counted: BTreeMap<UserId, AgentCounts>,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = agents
            .into_iter()
            .map(|known| {
                let agent = known.agent;
                let mut counts = counted.remove(&agent.id).unwrap_or_default();
                let goes_on = now.micros_since(agent.since.max(since)).max(0);
                *counts.times.entry(agent.state).or_default() += goes_on;
                Self {
                    id: agent.id,
                    name: agent.name,
                    counts,
                }
            })
            .collect();
        all.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        all
    }

    /// How long they were that, in microseconds.
    #[must_use]
    pub fn time_as(&self, state: AgentState) -> i64 {
        self.counts.times.get(&state).copied().unwrap_or(0)
    }
}
