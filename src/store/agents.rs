//! Who is there to take a call.

use super::batch::AgentKey;
use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, KnownAgent, Timestamp, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// How often a node says that it is there, in seconds.
pub const BEAT_S: i64 = 5;

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// The agents of an agency, each with what it was told as last and when they were there last.
    pub async fn agents(
        &self,
        agency: AgencyId,
    ) -> Result<HashMap<UserId, KnownAgent>, StoreError> {
        let known = query!(self, read, agents::of_agency(agency))?;
        Ok(known.into_iter().map(|one| (one.agent.id, one)).collect())
    }

    /// Nobody is watched any more.
    pub async fn clear_agents(&self) -> Result<usize, StoreError> {
        query!(self, write, agents::clear())
    }

    /// Forgets when somebody was there and as what; says of how many rows.
    pub async fn forget_agent(&self, agency: AgencyId, user: UserId) -> Result<usize, StoreError> {
        let epoch = format!("{}-{agency}", Uuid::new_v4());
        query!(self, write, agents::forget(agency, user, epoch))
    }

    /// A node says that it is there.
    pub async fn beat(&self, node: Uuid, steady: Timestamp) -> Result<(), StoreError> {
        query!(self, write, presence::beat(node.to_string(), steady))
    }

    /// A node has sockets of these people.
    pub async fn note_came(&self, node: Uuid, people: Vec<AgentKey>) -> Result<(), StoreError> {
        query!(self, write, presence::note_came(node.to_string(), people))
    }

    /// The last sockets of these people on a node have closed.
    pub async fn note_left(
        &self,
        node: Uuid,
        people: Vec<AgentKey>,
        steady: Timestamp,
    ) -> Result<(), StoreError> {
        query!(
            self,
            write,
            presence::note_left(node.to_string(), people, steady)
        )
    }

    /// Those of these people who do not count as there.
    pub async fn absent_among(&self, people: Vec<AgentKey>) -> Result<Vec<AgentKey>, StoreError> {
        query!(self, read, presence::absent_among(people))
    }

    /// Those who count as there without a socket that would say so, or the other way round.
    pub async fn misplaced_agents(
        &self,
        steady: Timestamp,
        limit: i64,
    ) -> Result<Vec<AgentKey>, StoreError> {
        query!(self, read, presence::misplaced(steady, limit))
    }

    /// Agents who are not as the agency's people are.
    pub async fn agents_unlike_people(&self, limit: i64) -> Result<Vec<AgentKey>, StoreError> {
        query!(self, read, presence::unlike_people(limit))
    }

    /// Agents whose state does not follow from their calls.
    pub async fn agents_unlike_calls(
        &self,
        steady: Timestamp,
        limit: i64,
    ) -> Result<Vec<AgentKey>, StoreError> {
        query!(self, read, presence::unlike_calls(steady, limit))
    }

    /// Removes connections that are over long since.
    pub async fn sweep_connections(&self, steady: Timestamp) -> Result<usize, StoreError> {
        query!(self, write, presence::sweep(steady))
    }
}
