//! A database in memory that keeps what the real one keeps and finds what the real one finds
//! (`store/queries/search.rs`), so that whatever a ledger forgets to write is missed by the next.

use super::super::append::{Answer, Append};
use super::super::batch::apply;
use super::people::People;
use super::story::{AGENCY, agency, second};
use crate::domain::{
    AgencyId, Call, CallId, CallLog, Claim, ClaimId, Command, CommandId, Event, Happened, Leg,
    LegHandle, Standing, value_of,
};
use crate::store::batch::{BatchKeys, Head, Loaded, NewEvent, WebhookKey, WebhookOutcome, Writes};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

type Handle = (AgencyId, LegHandle);

#[derive(Default)]
pub(super) struct Database {
    heads: BTreeMap<AgencyId, Head>,
    pub webhooks: BTreeMap<WebhookKey, (Option<LegHandle>, WebhookOutcome)>,
    pub legs: BTreeMap<Handle, Leg>,
    pub calls: BTreeMap<CallId, Call>,
    pub call_logs: BTreeMap<CallId, CallLog>,
    pub claims: BTreeMap<ClaimId, (AgencyId, Claim, Standing)>,
    pub commands: BTreeMap<CommandId, Command>,
    /// Those of calls.
    pub events: Vec<NewEvent>,
    pub people: People,
    pub answers: Vec<Option<Answer>>,
    batches: i64,
}

fn of_call(call: &Call) -> Handle {
    (call.agency_id, call.handle.clone())
}

impl NewEvent {
    /// What happened to a call; stories without agents have nothing else.
    pub(super) fn of_call(&self) -> &Event {
        match &self.event {
            Happened::ToCall(event) => event,
            Happened::ToAgent(event) => panic!("of an agent: {event:?}"),
        }
    }
}

impl Database {
    /// With the agency of stories and another one.
    pub(super) fn new() -> Self {
        let head = Head {
            epoch: "epoch".into(),
            last_seq: 0,
            pruned_seq: 0,
        };
        Self {
            heads: [AGENCY, "other agency"]
                .map(|name| (agency(name), head.clone()))
                .into(),
            ..Self::default()
        }
    }

    /// Commits these appends in one batch.
    pub(super) fn commit(&mut self, appends: &[Append]) {
        let appends: Vec<Arc<Append>> = appends.iter().cloned().map(Arc::new).collect();
        let mut keys = BatchKeys::default();
        for append in &appends {
            append.add_keys(&mut keys);
        }
        // Our clock at the commit: no two batches share it, and it is none of the story's seconds.
        self.batches += 1;
        let now = second(1000 + self.batches);
        let (writes, committed) = apply(self.load(keys), &appends, now, now).unwrap();
        self.write(writes);
        self.answers.extend(committed.answers);
    }

    /// The webhooks of these keys that are there and had such an outcome.
    fn known(
        &self,
        ids: &BTreeSet<WebhookKey>,
        had: impl Fn(WebhookOutcome) -> bool,
    ) -> HashSet<WebhookKey> {
        let there = self.webhooks.iter();
        let known = there.filter(|(key, (_, outcome))| ids.contains(key) && had(*outcome));
        known.map(|(key, _)| key.clone()).collect()
    }

    /// All that bears on these keys: what is found names more, until nothing new is named.
    fn load(&self, keys: BatchKeys) -> Loaded {
        let mut handles = keys.handles;
        let mut sessions = keys.sessions;
        let mut claim_ids = keys.claims;
        let mut found = 0;
        loop {
            for ((agency, handle), leg) in &self.legs {
                let of = |id: &str| (*agency, handle.carrier, id.to_owned());
                let session = value_of(&leg.session).map(of);
                let claim = leg.claim.map(|claim| (*agency, claim));
                let key = (*agency, handle.clone());
                if handles.contains(&key)
                    || value_of(&leg.leg_id).is_some_and(|id| keys.leg_ids.contains(&of(id)))
                    || session.as_ref().is_some_and(|key| sessions.contains(key))
                    || claim.as_ref().is_some_and(|key| claim_ids.contains(key))
                {
                    handles.insert(key);
                    sessions.extend(session);
                    claim_ids.extend(claim);
                }
            }
            for (agency, claim, _) in self.claims.values() {
                let handle = self.calls.get(&claim.call_id).map(of_call);
                let handle = handle.expect("a claim's call");
                if claim_ids.contains(&(*agency, claim.id)) || handles.contains(&handle) {
                    claim_ids.insert((*agency, claim.id));
                    handles.insert(handle);
                }
            }
            let known = handles.len() + sessions.len() + claim_ids.len();
            if std::mem::replace(&mut found, known) == known {
                break;
            }
        }
        let claims = self.claims.values();
        let claims = claims.filter(|(agency, claim, _)| claim_ids.contains(&(*agency, claim.id)));
        let mut claims: Vec<_> = claims
            .map(|(agency, claim, _)| (*agency, claim.clone()))
            .collect();
        claims.sort_by_key(|(_, claim)| (claim.call_id, claim.ordinal));
        let here = |agency: &AgencyId| keys.agencies.contains(agency);
        Loaded {
            held: Default::default(),
            heads: self
                .heads
                .iter()
                .filter(|(agency, _)| here(agency))
                .map(|(agency, head)| (*agency, head.clone()))
                .collect(),
            repeats: self.known(&keys.webhook_ids, |outcome| {
                outcome != WebhookOutcome::Failed
            }),
            failed: self.known(&keys.webhook_ids, |outcome| {
                outcome == WebhookOutcome::Failed
            }),
            legs: self
                .legs
                .iter()
                .filter(|(key, _)| handles.contains(key))
                .map(|((agency, _), leg)| (*agency, leg.clone()))
                .collect(),
            calls: self
                .calls
                .values()
                .filter(|call| handles.contains(&of_call(call)))
                .cloned()
                .collect(),
            agents: self.load_agents(&keys.agents, &claims),
            commands: self
                .commands
                .values()
                .filter(|command| claims.iter().any(|(_, claim)| command.by == Some(claim.id)))
                .copied()
                .collect(),
            claims,
        }
    }

    fn write(&mut self, writes: Writes) {
        for (webhook, outcome) in writes.webhooks {
            let key = (webhook.agency_id, webhook.carrier, webhook.webhook_id);
            let kept = (webhook.leg, outcome);
            assert!(self.webhooks.insert(key, kept).is_none(), "a webhook twice");
        }
        for (agency, handle) in writes.unheld {
            for ((of, _, _), (named, outcome)) in &mut self.webhooks {
                if *of == agency && named.as_ref() == Some(&handle) {
                    *outcome = WebhookOutcome::Applied;
                }
            }
        }
        for call in writes.calls {
            let twin = self
                .calls
                .values()
                .find(|other| (other.agency_id, &other.handle) == (call.agency_id, &call.handle));
            assert!(twin.is_none_or(|twin| twin.id == call.id), "a call twice");
            self.calls.insert(call.id, call);
        }
        for log in writes.call_logs {
            self.call_logs.insert(log.id, log);
        }
        for (agency, leg) in writes.legs {
            self.legs.insert((agency, leg.handle.clone()), leg);
        }
        for (_, command) in writes.commands {
            if let Some(known) = self.commands.insert(command.id, command) {
                assert_eq!(
                    known.now(command.state),
                    command,
                    "the database keeps the first"
                );
                assert!(!known.state.is_accepted() || command.state.is_accepted());
            }
        }
        for written in writes.claims {
            let (agency, claim, standing) = (written.agency_id, written.claim, written.standing);
            if let Some((_, known, _)) = self.claims.get(&claim.id) {
                let fixed = |claim: &Claim| (claim.call_id, claim.ordinal, claim.user_id);
                assert_eq!(fixed(known), fixed(&claim), "the database keeps the first");
            }
            self.claims.insert(claim.id, (agency, claim, standing));
        }
        for new in writes.events {
            let last = self.last_seq(new.published.agency);
            assert_eq!(new.published.seq, last + 1, "a gap in the numbers");
            match new.event {
                Happened::ToCall(_) => self.events.push(new),
                Happened::ToAgent(event) => self.people.hear(new.published.seq, event),
            }
        }
        self.people.write(writes.agents, writes.agent_times);
        for (agency, head) in writes.heads {
            self.heads.insert(agency, head);
        }
        for (agency, head) in &self.heads {
            let last = self.last_seq(*agency);
            assert_eq!(head.last_seq, last, "a head beside its events");
        }
    }

    /// An agency's events, by number.
    pub(super) fn of_agency(&self, agency: AgencyId) -> impl DoubleEndedIterator<Item = &NewEvent> {
        let events = self.events.iter();
        events.filter(move |new| new.published.agency == agency)
    }

    fn last_seq(&self, agency: AgencyId) -> i64 {
        let last = self.of_agency(agency).next_back();
        let last = last.map_or(0, |new| new.published.seq);
        last.max(self.people.last_seq(agency))
    }

    /// A call's events, in order.
    pub(super) fn of_call(&self, id: CallId) -> impl Iterator<Item = &NewEvent> {
        let events = self.events.iter();
        events.filter(move |new| new.of_call().call.id == id)
    }
}
