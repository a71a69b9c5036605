//! Agents, as their rows say them.

use super::StoreError;
use super::rows::{id, unknown};
use super::schema::plain::{agent_times, agents, connections};
use crate::domain::{
    AgencyId, Agent, AgentFacts, AgentPhone, AgentState, AgentTime, Choice, KnownAgent, Timestamp,
    UserId,
};
use diesel::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = agents, treat_none_as_default_value = false)]
pub struct AgentRow {
    pub agency_id: String,
    pub user_id: String,
    pub name: Option<String>,
    pub phone: String,
    pub state: String,
    pub reason: Option<String>,
    pub since: i64,
    pub present: bool,
    pub away: bool,
    pub away_reason: Option<String>,
    pub wrap_up_until: Option<i64>,
    pub talked: bool,
    pub last_seen: Option<i64>,
}

#[derive(Clone, Debug, Insertable, Serialize)]
#[diesel(table_name = agent_times, treat_none_as_default_value = false)]
pub struct AgentTimeRow {
    pub agency_id: String,
    pub seq: i64,
    pub user_id: String,
    pub state: &'static str,
    pub reason: Option<String>,
    pub began_at: i64,
    pub ended_at: i64,
}

/// A node has sockets of somebody, or had until then.
#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = connections, treat_none_as_default_value = false)]
pub struct ConnectionRow {
    pub agency_id: String,
    pub user_id: String,
    pub node: String,
    pub left_at: Option<i64>,
}

impl AgentRow {
    pub fn of(known: &KnownAgent) -> Self {
        let KnownAgent { agent, facts, .. } = known;
        let (away, away_reason) = match &facts.choice {
            Choice::Available => (false, None),
            Choice::Away(reason) => (true, reason.clone()),
        };
        Self {
            agency_id: known.agency_id.to_string(),
            user_id: agent.id.to_string(),
            name: agent.name.clone(),
            phone: agent.phone.name().into(),
            state: agent.state.name().into(),
            reason: agent.reason.clone(),
            since: agent.since.micros(),
            present: facts.present,
            away,
            away_reason,
            wrap_up_until: facts.wrap_up_until.map(Timestamp::micros),
            talked: facts.talked,
            last_seen: known.last_seen.map(Timestamp::micros),
        }
    }

    pub fn known(self) -> Result<KnownAgent, StoreError> {
        let row = &self.user_id;
        let state = AgentState::from_name(&self.state);
        let state = state.ok_or_else(|| unknown("agents.state", row, &self.state))?;
        let phone = AgentPhone::from_name(&self.phone);
        let phone = phone.ok_or_else(|| unknown("agents.phone", row, &self.phone))?;
        Ok(KnownAgent {
            agency_id: AgencyId(id(&self.agency_id, "agents.agency_id")?),
            agent: Agent {
                id: UserId(id(&self.user_id, "agents.user_id")?),
                name: self.name,
                state,
                reason: self.reason,
                since: Timestamp::from_micros(self.since),
                phone,
            },
            facts: AgentFacts {
                present: self.present,
                choice: if self.away {
                    Choice::Away(self.away_reason)
                } else {
                    Choice::Available
                },
                wrap_up_until: self.wrap_up_until.map(Timestamp::from_micros),
                talked: self.talked,
            },
            last_seen: self.last_seen.map(Timestamp::from_micros),
        })
    }
}

impl AgentTimeRow {
    pub fn of((seq, time): &(i64, AgentTime)) -> Self {
        Self {
            agency_id: time.agency_id.to_string(),
            seq: *seq,
            user_id: time.user_id.to_string(),
            state: time.state.name(),
            reason: time.reason.clone(),
            began_at: time.began.micros(),
            ended_at: time.ended.micros(),
        }
    }
}
