//! What the carrier's traffic must leave on the boards, known from the seed alone.

use super::deeds::Deeds;
use super::reading::{Reading, digest};
use super::verdict::Verdict;
use callboard_simulator::Timestamp;
use callboard_simulator::browser::Event;
use callboard_simulator::{Carrier, Cast, Side, Traffic};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Examples of what went wrong that are told.
const MOST_EXAMPLES: usize = 10;

/// Acknowledged webhooks by their `data.id`, and when each occurred.
pub(super) type Acks = HashMap<Uuid, Timestamp>;

/// The webhooks of the traffic, each with the call that it is about.
#[derive(Debug, Default)]
pub(super) struct Plan(HashMap<Uuid, Planned>);

#[derive(Clone, Debug)]
struct Planned {
    /// The caller's leg.
    call: Arc<str>,
    /// `call.initiated` of the caller's leg, without which nothing of the call is shown.
    announces: bool,
    /// It must show as an event: all that is about the caller's leg. A second leg without a claim
    /// is nobody's, and shows nothing.
    shows: bool,
    event_type: String,
}

impl Plan {
    /// Plays the first `calls` calls again without sending anything: the same seed gives the same
    /// ids. So what a webhook should have caused does not depend on anything that the server says.
    pub(super) fn replay(carrier: &Carrier, traffic: &Traffic, calls: u64) -> Self {
        let mut planned = HashMap::new();
        for (_, plan) in (0..calls).zip(traffic.plans()) {
            let caller = carrier.new_call_by(plan.dice, &plan.from);
            let call: Arc<str> = caller.call_control_id.as_str().into();
            let mut cast = Cast::new(caller);
            for planned_step in plan.steps {
                let webhook = cast.play(&planned_step.step);
                let of_caller = planned_step.step.side == Side::Caller;
                planned.insert(
                    webhook.id,
                    Planned {
                        call: Arc::clone(&call),
                        announces: of_caller && webhook.event_type == "call.initiated",
                        shows: of_caller,
                        event_type: webhook.event_type,
                    },
                );
            }
        }
        Self(planned)
    }

    /// Somebody to compare the journal with what was acknowledged.
    pub(super) fn judge(self, acks: Acks, deeds: Deeds) -> Judge {
        let announced = acks.keys().filter_map(|id| self.0.get(id));
        let announced = announced.filter(|planned| planned.announces);
        let announced = announced.map(|planned| Arc::clone(&planned.call)).collect();
        Judge {
            plan: self,
            acks,
            deeds,
            announced,
            stored: HashSet::new(),
            shown: HashMap::new(),
            stages: HashMap::new(),
            reading: Reading::default(),
            verdict: Verdict::default(),
            examples: Vec::new(),
        }
    }
}

/// Compares what was acknowledged with what the database holds, and holds the database's own
/// numbering to its promises.
#[derive(Debug)]
pub(super) struct Judge {
    plan: Plan,
    acks: Acks,
    deeds: Deeds,
    /// Calls whose beginning was acknowledged.
    announced: HashSet<Arc<str>>,
    stored: HashSet<Uuid>,
    /// How many events tell of each moment of each call.
    shown: HashMap<(String, Timestamp), u32>,
    /// How far each call has come.
    stages: HashMap<String, u8>,
    reading: Reading,
    verdict: Verdict,
    examples: Vec<String>,
}

impl Judge {
    /// A webhook is kept under this id.
    pub(super) fn stored(&mut self, id: Uuid) {
        self.stored.insert(id);
    }

    /// The journal's next event, and its text.
    pub(super) fn event(&mut self, event: &Event, text: &str) {
        let expected = self.reading.head + 1;
        if event.seq > expected {
            self.verdict.gaps += event.seq - expected;
            self.example(format!(
                "event {} follows event {}",
                event.seq,
                expected - 1
            ));
        }
        if event.seq < expected {
            self.verdict.twice += 1;
            self.example(format!("event {} is there twice", event.seq));
        }
        self.reading.head = event.seq;
        self.reading.digest = digest(self.reading.digest, text);

        let call = event.call.text("call_control_id").unwrap_or_default();
        let shown = self.shown.entry((call.to_owned(), event.occurred_at));
        *shown.or_default() += 1;
        self.deeds.event(event);
        self.judge_order(event, call);
    }

    /// A call begins with ringing and goes forward only, but for a claim that is released; and
    /// nobody takes a call that somebody has.
    fn judge_order(&mut self, event: &Event, call: &str) {
        let stage = match event.call.status() {
            "incoming" => 1,
            "answering" => 2,
            "answered" => 3,
            _ => 4,
        };
        let before = self.stages.insert(call.to_owned(), stage).unwrap_or(0);
        let right = match event.kind.as_str() {
            "call.incoming" => before == 0,
            "call.answering" => (before, stage) == (1, 2),
            "call.released" => (before, stage) == (2, 1),
            _ => before != 0 && stage >= before,
        };
        if !right {
            self.verdict.out_of_order += 1;
            self.example(format!("event {} ({}) of {call}", event.seq, event.kind));
        }
    }

    /// What the journal was, once all of it has been taken in.
    pub(super) const fn reading(&self) -> Reading {
        self.reading
    }

    /// What is missing and what is there too often, once all has been taken in.
    pub(super) fn verdict(&mut self) -> Verdict {
        let mut wrong = Vec::new();
        for (id, occurred_at) in &self.acks {
            let Some(planned) = self.plan.0.get(id) else {
                self.verdict.otherwise += 1;
                wrong.push(format!("webhook {id} was acknowledged and never planned"));
                continue;
            };
            let (event_type, call) = (&planned.event_type, &planned.call);
            let moment = (planned.call.to_string(), *occurred_at);
            let owed = planned.shows && self.announced.contains(&planned.call);
            let shown = self.shown.get(&moment).copied().unwrap_or(0);
            if !self.stored.contains(id) {
                self.verdict.lost += 1;
                wrong.push(format!("{event_type} {id} of {call} is not stored"));
            } else if owed && shown == 0 {
                self.verdict.lost += 1;
                wrong.push(format!("{event_type} {id} of {call} has no event"));
            } else if planned.shows && shown > 1 {
                self.verdict.twice += u64::from(shown - 1);
                wrong.push(format!("{event_type} {id} of {call} has {shown} events"));
            }
        }
        let missing = self.deeds.missing(&self.stored, &self.shown);
        self.verdict.lost += u64::try_from(missing.len()).unwrap_or(u64::MAX);
        for example in wrong.into_iter().chain(missing) {
            self.example(example);
        }
        let load = u64::try_from(self.acks.len()).unwrap_or(u64::MAX);
        self.verdict.acknowledged = load + self.deeds.webhooks();
        self.verdict.clicks = self.deeds.clicks();
        self.verdict
    }

    /// Some of what went wrong, for whoever looks for the cause.
    pub(super) fn examples(&self) -> &[String] {
        &self.examples
    }

    fn example(&mut self, what: String) {
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(what);
        }
    }
}

#[cfg(test)]
mod tests;
