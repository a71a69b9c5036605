//! A node's rounds: what has changed here since the last one, and, on the node whose turn it is, what is
//! not as it should be anywhere.

use super::Presence;
use crate::clock::Tick;
use crate::domain::Timestamp;
use crate::store::StoreError;
use crate::store::agents::BEAT_S;
use crate::store::batch::AgentKey;
use crate::store::kept::Lease;
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// How often a node says that it is there.
const BEAT: Duration = Duration::from_secs(BEAT_S.unsigned_abs());
/// How often those are looked for who are gone.
const SWEEP: Duration = Duration::from_secs(2);
/// How often everything else is compared.
const COMPARE: Duration = Duration::from_secs(60);
/// How long nobody is taken to be gone after a time in which nodes could not say that they are there.
const TRUST_AFTER: Duration = Duration::from_secs(10);
/// For how long a node sweeps without saying that it still does.
const LEASE_S: i64 = 10;
/// Most that are looked at, or noted, at once.
const AT_ONCE: usize = 500;
/// The same as a limit of queries.
const LIMIT: i64 = 500;

pub(super) struct Rounds {
    presence: Presence,
    /// Names this node, for as long as it goes these rounds.
    node: Uuid,
    /// Those of whom the database says that they have sockets here.
    noted: HashSet<AgentKey>,
    beat_at: Tick,
    beaten_at: Tick,
    sweep_at: Tick,
    compare_at: Tick,
    /// Since when the nodes' words are up to date.
    trust_at: Tick,
    /// As of which change people were compared.
    people_as_of: i64,
    lease: Lease,
}

impl Rounds {
    /// The first round is still to come.
    pub(super) fn begin(presence: Presence) -> Self {
        let now = presence.0.clock.tick();
        let node = Uuid::new_v4();
        Self {
            presence,
            node,
            noted: HashSet::new(),
            beat_at: now,
            beaten_at: now,
            sweep_at: now,
            compare_at: now,
            trust_at: now.plus(TRUST_AFTER),
            people_as_of: -1,
            lease: Lease {
                name: "presence",
                holder: node.to_string(),
                lasts_s: LEASE_S,
            },
        }
    }

    /// What was written last may not have been: all of it is written again.
    pub(super) fn fail(&mut self) {
        let now = self.presence.0.clock.tick();
        self.noted.clear();
        self.beat_at = now;
        self.trust_at = now.plus(TRUST_AFTER);
    }

    /// One round.
    pub(super) async fn go(&mut self) -> Result<(), StoreError> {
        let now = self.presence.0.clock.tick();
        let steady = self.presence.0.clock.steady();
        self.beat(now, steady).await?;
        self.note(steady).await?;
        let version = self.presence.0.directory.version();
        let people_changed = version != self.people_as_of;
        if now < self.sweep_at && !people_changed {
            return Ok(());
        }
        self.sweep_at = now.plus(SWEEP);
        self.people_as_of = version;
        let store = &self.presence.0.store;
        if store.hold_lease(self.lease.clone(), steady).await? {
            self.sweep(now, steady, people_changed).await?;
        }
        Ok(())
    }

    async fn beat(&mut self, now: Tick, steady: Timestamp) -> Result<(), StoreError> {
        if now < self.beat_at {
            return Ok(());
        }
        if now.since(self.beaten_at) > 3 * BEAT {
            // This node stood still: nobody may have heard that its sockets were there.
            self.fail();
        }
        self.presence.0.store.beat(self.node, steady).await?;
        self.beat_at = now.plus(BEAT);
        self.beaten_at = now;
        Ok(())
    }

    /// Notes who has come and who has gone, and has those looked at who were not there.
    async fn note(&mut self, steady: Timestamp) -> Result<(), StoreError> {
        let here = self.presence.0.hub.people();
        let came: Vec<AgentKey> = here.difference(&self.noted).copied().collect();
        let left = self.noted.difference(&here);
        let left: Vec<AgentKey> = left.copied().collect();
        let store = &self.presence.0.store;
        for some in left.chunks(AT_ONCE) {
            store.note_left(self.node, some.to_vec(), steady).await?;
        }
        for some in came.chunks(AT_ONCE) {
            store.note_came(self.node, some.to_vec()).await?;
        }
        self.noted = here;
        for some in came.chunks(AT_ONCE) {
            let absent = store.absent_among(some.to_vec()).await?;
            self.presence.look_at(absent).await;
        }
        Ok(())
    }

    /// Has those looked at, of all nodes, who are not as they should be.
    async fn sweep(
        &mut self,
        now: Tick,
        steady: Timestamp,
        people_changed: bool,
    ) -> Result<(), StoreError> {
        let store = &self.presence.0.store;
        let compares = now >= self.compare_at;
        if people_changed || compares {
            let unlike = store.agents_unlike_people(LIMIT).await?;
            if unlike.len() >= AT_ONCE {
                // There are more, in the next round.
                self.people_as_of = -1;
            }
            self.presence.look_at(unlike).await;
        }
        if now >= self.trust_at {
            let misplaced = store.misplaced_agents(steady, LIMIT).await?;
            self.presence.look_at(misplaced).await;
        }
        if compares {
            self.compare_at = now.plus(COMPARE);
            let unlike = store.agents_unlike_calls(steady, LIMIT).await?;
            self.presence.look_at(unlike).await;
            store.sweep_connections(steady).await?;
        }
        Ok(())
    }
}
