//! Those who take calls, beside the stories of the calls: what is stored of them always follows from the
//! calls that are stored.

use super::super::append::Append;
use super::database::Database;
use super::story::{AGENCY, Story, agency, second, user};
use crate::domain::{
    AgencyId, AgentEvent, AgentState, AgentTime, Call, CallId, Claim, KnownAgent, Status, UserId,
};
use crate::store::batch::{AgentKey, LoadedAgents};
use std::collections::{BTreeMap, BTreeSet};

/// How long they write about a call, in seconds.
const WRAP_UP_S: i64 = 5;

/// The agents of a database in memory; none unless the story watches them.
#[derive(Default)]
pub(super) struct People {
    known: BTreeMap<AgentKey, KnownAgent>,
    told: Vec<(i64, AgentEvent)>,
    times: Vec<(i64, AgentTime)>,
}

impl People {
    pub(super) fn last_seq(&self, agency: AgencyId) -> i64 {
        let told = self.told.iter().rev();
        let last = told.clone().find(|(_, event)| event.agency_id == agency);
        last.map_or(0, |(seq, _)| *seq)
    }

    pub(super) fn hear(&mut self, seq: i64, event: AgentEvent) {
        self.told.push((seq, event));
    }

    pub(super) fn write(&mut self, agents: Vec<KnownAgent>, times: Vec<(i64, AgentTime)>) {
        for known in agents {
            self.known.insert((known.agency_id, known.agent.id), known);
        }
        self.times.extend(times);
    }
}

/// Whose hands are full with it.
fn holder(call: &Call) -> Option<UserId> {
    let is_held = matches!(call.status, Status::Answering | Status::Answered);
    call.answered_by.filter(|_| is_held)
}

impl Database {
    /// The same one, in which those who take calls are there.
    pub(super) fn watching(mut self, names: &[&str]) -> Self {
        for name in names {
            let mut known = KnownAgent::new(agency(AGENCY), user(name), second(0));
            known.facts.present = true;
            known.agent.state = AgentState::Available;
            self.people
                .known
                .insert((agency(AGENCY), user(name)), known);
        }
        self
    }

    /// What the real one finds (`store/queries/agents.rs`).
    pub(super) fn load_agents(
        &self,
        named: &BTreeSet<AgentKey>,
        claims: &[(AgencyId, Claim)],
    ) -> LoadedAgents {
        let goes_on = |call: &CallId| self.calls[call].status != Status::Ended;
        let claims = claims.iter().filter(|(_, claim)| goes_on(&claim.call_id));
        let mut keys = named.clone();
        keys.extend(claims.map(|(agency, claim)| (*agency, claim.user_id)));
        let known = keys.iter().filter_map(|key| self.people.known.get(key));
        let held = self.calls.values().filter_map(|call| {
            let key = (call.agency_id, holder(call)?);
            let talking = call.status == Status::Answered;
            keys.contains(&key).then_some((key, call.id, talking))
        });
        LoadedAgents {
            known: known.map(|known| (known.clone(), WRAP_UP_S)).collect(),
            held: held.collect(),
            ..LoadedAgents::default()
        }
    }

    /// Whoever has a call is busy and nobody else is; what was told last is what is stored; and what
    /// somebody was follows without a gap.
    fn check_people(&self) {
        for (key, known) in &self.people.known {
            let agent = &known.agent;
            let mut held = self
                .calls
                .values()
                .filter(|call| (call.agency_id, holder(call)) == (key.0, Some(key.1)));
            let is_busy = held.next().is_some();
            assert_eq!(agent.state == AgentState::Busy, is_busy, "{agent:?}");
            let told = self.people.told.iter().rev();
            let mut told = told.filter(|(_, event)| event.agent.id == agent.id);
            if let Some((_, last)) = told.next() {
                assert_eq!(&last.agent, agent, "the last event shows the row");
            }
            let times = self.people.times.iter().map(|(_, time)| time);
            let times: Vec<&AgentTime> = times.filter(|time| time.user_id == agent.id).collect();
            for pair in times.windows(2) {
                assert_eq!(
                    (pair[0].ended, pair[0].state != pair[1].state),
                    (pair[1].began, true)
                );
            }
            if let Some(last) = times.last() {
                assert_eq!((last.ended, last.state != agent.state), (agent.since, true));
            }
        }
    }
}

/// Tells it in batches of these sizes, with people and without: calls are told the same, and after each
/// batch people are what follows from them.
pub(super) fn play_with_people(appends: &[Append], names: &[&str], sizes: &[usize]) {
    let mut database = Database::new().watching(names);
    let mut without = Database::new();
    let mut rest = appends;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        let (batch, later) = rest.split_at(size);
        rest = later;
        database.commit(batch);
        without.commit(batch);
        database.check_people();
    }
    assert_eq!(database.told(), without.told());
    assert_eq!(database.rows(), without.rows());
}

#[test]
fn a_batch_that_tells_a_whole_call_tells_each_change_of_the_agent() {
    let appends = Story::new()
        .rings("+15550100")
        .claims("anna")
        .at(7)
        .phone_answers("anna")
        .at(9)
        .caller_hangs_up()
        .into_appends();
    for sizes in [&[1][..], &[100], &[2, 1]] {
        let mut database = Database::new().watching(&["anna", "ben"]);
        let mut rest = &appends[..];
        for size in sizes.iter().copied().cycle() {
            if rest.is_empty() {
                break;
            }
            let (batch, later) = rest.split_at(size.min(rest.len()));
            rest = later;
            database.commit(batch);
            database.check_people();
        }
        let told = database.people.told.iter();
        let states: Vec<_> = told.map(|(_, event)| event.agent.state).collect();
        assert_eq!(states, [AgentState::Busy, AgentState::WrapUp], "{sizes:?}");
        let known = &database.people.known[&(agency(AGENCY), user("anna"))];
        assert!(known.facts.wrap_up_until.is_some());
    }
}
