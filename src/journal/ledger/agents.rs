//! Who takes calls, while a batch is worked out: what follows for them from their calls, from being
//! there and from what they choose.

use super::{Ledger, holder};
use crate::domain::{
    Actor, AgencyId, Agent, AgentEvent, AgentEventType, CallId, Choice, Errand, ErrandKind,
    GRACE_S, Hands, Happened, KnownAgent, Moment, Status, Timestamp, User, UserId,
};
use crate::journal::append::AgentAppend;
use crate::store::StoreError;
use crate::store::batch::{AgentKey, LoadedAgents};
use std::collections::{BTreeSet, HashMap};

/// The agents of a batch.
#[derive(Default)]
pub(super) struct Agents {
    known: HashMap<AgentKey, KnownAgent>,
    /// How long the agency's people write about a call, in seconds.
    wrap_up_s: HashMap<AgencyId, i64>,
    /// The calls that they had when the batch began, and whether somebody has talked on it.
    held: HashMap<AgentKey, Vec<(CallId, bool)>>,
    people: HashMap<UserId, User>,
    /// Until when they count as there.
    there_until: HashMap<AgentKey, Timestamp>,
    changed: BTreeSet<AgentKey>,
}

impl Agents {
    pub(super) fn of(loaded: LoadedAgents) -> Self {
        let mut agents = Self::default();
        for (known, wrap_up_s) in loaded.known {
            agents.wrap_up_s.insert(known.agency_id, wrap_up_s);
            let key = (known.agency_id, known.agent.id);
            agents.known.insert(key, known);
        }
        for (key, call, talking) in loaded.held {
            agents.held.entry(key).or_default().push((call, talking));
        }
        let people = loaded.people.into_iter();
        agents.people = people.map(|user| (user.id, user)).collect();
        for (key, until) in loaded.there_until {
            let latest = agents.there_until.entry(key).or_insert(until);
            *latest = until.max(*latest);
        }
        agents
    }

    /// Those of whom something is to be written.
    pub(super) fn changed(&self) -> Vec<KnownAgent> {
        let changed = self.changed.iter();
        changed
            .filter_map(|key| self.known.get(key).cloned())
            .collect()
    }

    /// The person, if they are one of the agency's.
    fn person(&self, (agency, user): AgentKey) -> Option<&User> {
        let is_theirs = |user: &&User| user.agency_id == Some(agency) && user.role.is_some();
        self.people.get(&user).filter(is_theirs)
    }
}

impl Ledger {
    /// Looks at an agent, and takes in what they choose. None of whoever takes no calls there.
    pub(super) fn agent(&mut self, append: &AgentAppend) -> Result<Option<Agent>, StoreError> {
        let key = (append.agency_id, append.user_id);
        let moment = Moment {
            occurred: append.at,
            received: append.at,
        };
        let known = self.agents.known.get(&key).cloned();
        let Some(person) = self.agents.person(key) else {
            return self.agent_leaves(key, known, moment);
        };
        let is_new = known.is_none();
        let mut agent =
            known.unwrap_or_else(|| KnownAgent::new(append.agency_id, append.user_id, self.now));
        agent.goes_by(person);
        let until = self.agents.there_until.get(&key).copied();
        let is_there = append.is_here || until.is_some_and(|until| until > self.steady);
        if agent.facts.present && !is_there {
            // Their last socket closed so long ago; of one on a node that died, about then.
            let left = until.map(|until| until.plus_seconds(-GRACE_S));
            agent.last_seen = Some(left.unwrap_or(self.now).min(self.now));
        }
        agent.facts.present = is_there;
        let actor = append.choice.is_some().then(|| Actor {
            id: append.user_id,
            name: agent.agent.name.clone(),
        });
        if let Some(choice) = &append.choice {
            agent.chooses(choice.clone());
        }
        if is_new {
            // Whatever they are, nobody has been told of them.
            self.agents.changed.insert(key);
        }
        self.settle_agent(agent, is_new, moment, actor).map(Some)
    }

    /// Whoever takes a call is there for it, whatever they had chosen.
    pub(super) fn takes_a_call(&mut self, key: AgentKey) {
        if let Some(agent) = self.agents.known.get_mut(&key) {
            agent.chooses(Choice::Available);
            self.agents.changed.insert(key);
        }
    }

    /// A call has gone from these hands into those.
    pub(super) fn hands_change(
        &mut self,
        agency: AgencyId,
        hands: [Option<UserId>; 2],
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        let hands: BTreeSet<UserId> = hands.into_iter().flatten().collect();
        for user in hands {
            if let Some(agent) = self.agents.known.get(&(agency, user)).cloned() {
                self.settle_agent(agent, false, moment, actor.clone())?;
            }
        }
        Ok(())
    }

    /// Works out what an agent is now, and numbers the event of it where that is a change.
    fn settle_agent(
        &mut self,
        mut agent: KnownAgent,
        is_new: bool,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<Agent, StoreError> {
        let key = (agent.agency_id, agent.agent.id);
        let hands = self.hands_of(key);
        let wrap_up_s = self.agents.wrap_up_s.get(&key.0).copied().unwrap_or(0);
        agent.holds(hands, wrap_up_s, self.steady);
        let over = agent.settles(hands, self.now, self.steady);
        let before = self.agents.known.insert(key, agent.clone());
        if before.as_ref() != Some(&agent) {
            self.agents.changed.insert(key);
        }
        let until = |known: &KnownAgent| known.facts.wrap_up_until;
        if let Some(due) = until(&agent).filter(|due| before.as_ref().and_then(until) != Some(*due))
        {
            let errand = Errand::of_agent(key.0, key.1, ErrandKind::WrapUp, due);
            self.writes.errands.push(errand);
        }
        let is_told = before.is_some_and(|before| before.agent == agent.agent);
        if !is_told || is_new {
            let seq = self.tell_of_agent(key.0, AgentEventType::Updated, &agent, moment, actor)?;
            if let (Some(over), Some(seq), false) = (over, seq, is_new) {
                self.writes.agent_times.push((seq, over));
            }
        }
        Ok(agent.agent)
    }

    /// Whoever is nobody of the agency's any more goes from its boards.
    fn agent_leaves(
        &mut self,
        key: AgentKey,
        known: Option<KnownAgent>,
        moment: Moment,
    ) -> Result<Option<Agent>, StoreError> {
        if let Some(agent) = known {
            self.agents.known.remove(&key);
            self.agents.changed.remove(&key);
            self.writes.agents_gone.push(key);
            self.tell_of_agent(key.0, AgentEventType::Removed, &agent, moment, None)?;
        }
        Ok(None)
    }

    fn tell_of_agent(
        &mut self,
        agency_id: AgencyId,
        event_type: AgentEventType,
        known: &KnownAgent,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<Option<i64>, StoreError> {
        let event = AgentEvent {
            agency_id,
            event_type,
            moment,
            actor,
            agent: known.agent.clone(),
        };
        self.number(agency_id, Happened::ToAgent(event))
    }

    /// Which calls an agent has: those of the batch as they are now, and the others as they were.
    fn hands_of(&self, key: AgentKey) -> Hands {
        let here = self.calls.values();
        let here = here.filter(|call| (call.agency_id, holder(call)) == (key.0, Some(key.1)));
        let here = here.map(|call| call.status == Status::Answered);
        let held = self.agents.held.get(&key).into_iter().flatten();
        let elsewhere = held.filter(|(call, _)| !self.calls.contains_key(call));
        let elsewhere = elsewhere.map(|(_, talking)| *talking);
        here.chain(elsewhere)
            .fold(Hands::default(), |hands, talking| Hands {
                full: true,
                talking: hands.talking || talking,
            })
    }
}
