//! What agents were told is done, and what the carrier was acknowledged of their calls: all of it
//! must be found.

use crate::cli::demo::owed::{Callers, must_show};
use callboard_simulator::Acknowledged;
use callboard_simulator::Timestamp;
use callboard_simulator::browser::{Call, Event};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// An answer of 200 to a click.
#[derive(Clone, Debug)]
struct Done {
    call: String,
    agent: String,
    /// The event that must tell of it.
    kind: &'static str,
    /// The change of the call that the answer told of.
    changed: Option<Timestamp>,
}

/// The agents' part in the torture.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    callers: Callers,
    acks: HashMap<Uuid, Acknowledged>,
    done: Vec<Done>,
    /// How often the journal tells of such a deed: call, agent, kind.
    told: HashMap<(String, String, String), usize>,
    /// The changes of calls that the journal tells of.
    changes: HashSet<(String, Timestamp)>,
}

impl Deeds {
    /// This call is one of the agents'.
    pub(super) fn plays(&mut self, session: Uuid, caller: &str) {
        self.callers.add(session, caller);
    }

    /// The server has acknowledged this webhook. Given back when it is of no call of the agents'.
    pub(super) fn acknowledged(&mut self, webhook: Acknowledged) -> Option<Acknowledged> {
        if self.callers.of(&webhook).is_none() {
            return Some(webhook);
        }
        self.acks.insert(webhook.data_id, webhook);
        None
    }

    /// This agent was told that the call is hers.
    pub(super) fn answered(&mut self, call: &str, agent: &str, told: Option<&Call>) {
        let changed = told.and_then(|call| call.text("updated_at"));
        self.done.push(Done {
            call: call.to_owned(),
            agent: agent.to_owned(),
            kind: "call.answering",
            changed: changed.and_then(Timestamp::parse),
        });
    }

    /// This agent was told that the call is given back.
    pub(super) fn released(&mut self, call: &str, agent: &str) {
        self.done.push(Done {
            call: call.to_owned(),
            agent: agent.to_owned(),
            kind: "call.released",
            changed: None,
        });
    }

    /// How many clicks were acknowledged.
    pub(super) fn clicks(&self) -> u64 {
        u64::try_from(self.done.len()).unwrap_or(u64::MAX)
    }

    /// How many webhooks.
    pub(super) fn webhooks(&self) -> u64 {
        u64::try_from(self.acks.len()).unwrap_or(u64::MAX)
    }

    /// The journal tells of this.
    pub(super) fn event(&mut self, event: &Event) {
        let call = event.call.text("call_control_id").unwrap_or_default();
        if let Some(changed) = event.call.text("updated_at").and_then(Timestamp::parse) {
            self.changes.insert((call.to_owned(), changed));
        }
        if let Some(actor) = &event.actor {
            let deed = (call.to_owned(), actor.id.clone(), event.kind.clone());
            *self.told.entry(deed).or_default() += 1;
        }
    }

    /// What was acknowledged and cannot be found, where these webhooks are stored and these moments
    /// of these calls are shown.
    pub(super) fn missing(
        &self,
        stored: &HashSet<Uuid>,
        shown: &HashMap<(String, Timestamp), u32>,
    ) -> Vec<String> {
        let webhooks = self.acks.values().filter_map(|webhook| {
            let (event, id) = (&webhook.event_type, webhook.data_id);
            let call = self.callers.of(webhook)?;
            if !stored.contains(&id) {
                return Some(format!("{event} {id} of {call} is not stored"));
            }
            // Of an agent's phone nothing must show: another claim may have made it pointless.
            let moment = (call.clone(), webhook.occurred_at);
            (must_show(webhook, call) && !shown.contains_key(&moment))
                .then(|| format!("{event} {id} of {call} has no event"))
        });
        let clicks = self.done.iter().filter_map(|done| self.is_missing(done));
        webhooks.chain(clicks).collect()
    }

    fn is_missing(&self, done: &Done) -> Option<String> {
        let Done {
            call, agent, kind, ..
        } = done;
        let same = |other: &&Done| {
            (&other.call, &other.agent, other.kind) == (&done.call, &done.agent, done.kind)
        };
        // An answer may be acknowledged again; a release is acknowledged once.
        let owed = match *kind {
            "call.released" => self.done.iter().filter(same).count(),
            _ => 1,
        };
        let deed = (call.clone(), agent.clone(), (*kind).to_owned());
        let found = self.told.get(&deed).copied().unwrap_or(0);
        let change = done.changed.map(|changed| (call.clone(), changed));
        let is_told = change.is_none_or(|change| self.changes.contains(&change));
        (found < owed || !is_told)
            .then(|| format!("{agent} was told of a {kind} of {call} that is not there"))
    }
}

#[cfg(test)]
mod tests {
    use super::Deeds;
    use callboard_simulator::Acknowledged;
    use callboard_simulator::Timestamp;
    use callboard_simulator::browser::{Call, Event};
    use serde_json::{Map, json};
    use std::collections::{HashMap, HashSet};
    use uuid::Uuid;

    const SESSION: Uuid = Uuid::from_u128(7);
    const AT: &str = "2026-11-21T01:40:00.000000Z";

    fn event(kind: &str, agent: &str, updated_at: &str) -> Event {
        let event = json!({
            "type": kind, "seq": 1, "actor": {"id": agent, "name": null},
            "occurred_at": AT, "received_at": AT, "recorded_at": AT,
            "call": {"id": "c1", "status": "answering", "call_control_id": "v3:caller",
                     "updated_at": updated_at},
        });
        serde_json::from_value(event).unwrap()
    }

    fn missing(deeds: &Deeds) -> usize {
        deeds.missing(&HashSet::new(), &HashMap::new()).len()
    }

    #[test]
    fn an_answer_that_was_acknowledged_must_be_in_the_journal_by_that_agent_and_as_it_was_told() {
        let call = json!({"id": "c1", "status": "answering", "updated_at": AT});
        let call: Call = serde_json::from_value(call).unwrap();
        let judged = |events: &[Event]| {
            let mut deeds = Deeds::default();
            deeds.answered("v3:caller", "anna", Some(&call));
            events.iter().for_each(|event| deeds.event(event));
            missing(&deeds)
        };
        let later = "2026-11-21T01:40:01.000000Z";
        assert_eq!(judged(&[event("call.answering", "anna", AT)]), 0);
        assert_eq!(judged(&[]), 1);
        assert_eq!(judged(&[event("call.answering", "ben", AT)]), 1);
        assert_eq!(judged(&[event("call.answering", "anna", later)]), 1);
    }

    #[test]
    fn each_release_that_was_acknowledged_has_an_event_of_its_own() {
        let mut deeds = Deeds::default();
        deeds.released("v3:caller", "anna");
        deeds.event(&event("call.released", "anna", AT));
        assert_eq!(missing(&deeds), 0);
        deeds.released("v3:caller", "anna");
        assert!(missing(&deeds) > 0);
        deeds.event(&event("call.released", "anna", AT));
        assert_eq!(missing(&deeds), 0);
    }

    #[test]
    fn webhooks_of_the_agents_calls_are_stored_and_those_of_the_caller_shown() {
        let mut deeds = Deeds::default();
        deeds.plays(SESSION, "v3:caller");
        let webhook = |number, leg: &str, session: Uuid| Acknowledged {
            event_type: "call.answered".to_owned(),
            call_control_id: leg.to_owned(),
            data_id: Uuid::from_u128(number),
            occurred_at: Timestamp::parse(AT).unwrap(),
            payload: Map::from_iter([("call_session_id".to_owned(), json!(session))]),
        };
        assert!(
            deeds
                .acknowledged(webhook(1, "v3:caller", SESSION))
                .is_none()
        );
        assert!(
            deeds
                .acknowledged(webhook(2, "v3:phone", SESSION))
                .is_none()
        );
        let stranger = webhook(3, "v3:other", Uuid::from_u128(8));
        assert!(deeds.acknowledged(stranger).is_some(), "not the agents'");

        let stored = HashSet::from([1, 2].map(Uuid::from_u128));
        let shown = (("v3:caller".to_owned(), Timestamp::parse(AT).unwrap()), 1);
        let shown = HashMap::from([shown]);
        assert_eq!(deeds.missing(&stored, &shown).len(), 0);
        assert_eq!(deeds.missing(&stored, &HashMap::new()).len(), 1);
        assert_eq!(deeds.missing(&HashSet::new(), &shown).len(), 2);
    }
}
