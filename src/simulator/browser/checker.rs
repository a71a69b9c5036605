//! Holds a server to its promises, as the exact client would see them.

use super::{Agent, AgentEvent, Call, Fault, Message, Position, Resumed, Snapshot, Tally};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Holes remembered in order to tell "late" from "twice". A server with more is beyond telling.
const MOST_HOLES: usize = 1024;

/// Fed with all messages of one board, over all its connections, it keeps what an exact client
/// must know (position and calls) and counts what was delivered wrongly. It does no I/O and knows
/// no time.
///
/// It takes for granted that each connection is made with [`Checker::position`], and that
/// [`Checker::disconnected`] is called when one ends without a [`Message::Closed`].
#[derive(Debug, Default)]
pub struct Checker {
    position: Option<Position>,
    calls: BTreeMap<String, Call>,
    agents: BTreeMap<String, Agent>,
    /// Whether the present connection has been answered.
    answered: bool,
    /// Numbers that were skipped and may still come late.
    holes: Vec<RangeInclusive<u64>>,
    tally: Tally,
}

impl Checker {
    /// A board that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A board that stopped at `position`, without its calls.
    #[must_use]
    pub fn at(position: Position) -> Self {
        Self {
            position: Some(position),
            ..Self::default()
        }
    }

    /// Takes in a message; says so when it breaks a promise.
    pub fn feed(&mut self, message: &Message) -> Option<Fault> {
        let fault = match message {
            Message::Snapshot(snapshot) => self.snapshot(snapshot),
            Message::Resumed(resumed) => self.resumed(resumed),
            Message::Event(event) => self.event(event.seq, |board| board.apply(&event.call)),
            Message::Agent(event) => self.event(event.seq, |board| board.apply_agent(event)),
            Message::Heartbeat { seq, .. } => self.heartbeat(*seq),
            Message::Closed(_) => {
                self.disconnected();
                None
            }
            Message::TokenExpiring { .. }
            | Message::Refreshed { .. }
            | Message::Pong
            | Message::Error(_)
            | Message::Other { .. } => None,
        };
        if let Some(fault) = &fault {
            self.count(fault);
        }
        fault
    }

    /// The present connection is over; the next message is of a new one.
    pub fn disconnected(&mut self) {
        self.answered = false;
    }

    /// What to give to the next connection; `None` before the first answer.
    #[must_use]
    pub const fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// The calls on this board by id: what an exact client must know at [`Checker::position`].
    #[must_use]
    pub const fn calls(&self) -> &BTreeMap<String, Call> {
        &self.calls
    }

    /// Those who take calls, by id, likewise.
    #[must_use]
    pub const fn agents(&self) -> &BTreeMap<String, Agent> {
        &self.agents
    }

    /// What came so far, and what was wrong with it.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    fn snapshot(&mut self, snapshot: &Snapshot) -> Option<Fault> {
        self.tally.connections += 1;
        let fault = self.judge_snapshot(snapshot);
        self.answered = true;
        self.holes.clear();
        self.position = Some(snapshot.position());
        self.calls = (snapshot.calls.iter())
            .map(|call| (call.id().to_owned(), call.clone()))
            .collect();
        self.agents = (snapshot.agents.iter())
            .map(|agent| (agent.id.clone(), agent.clone()))
            .collect();
        fault
    }

    fn judge_snapshot(&self, snapshot: &Snapshot) -> Option<Fault> {
        if self.answered {
            return Some(Fault::AnsweredTwice);
        }
        let position = self.position.as_ref()?;
        let same_epoch = position.epoch == snapshot.epoch;
        if same_epoch && snapshot.seq < position.seq {
            return Some(Fault::Rewound {
                from: position.seq,
                to: snapshot.seq,
            });
        }
        let taken = match snapshot.reason.as_str() {
            "fresh" => false,
            "epoch_changed" => !same_epoch,
            _ => true,
        };
        (!taken).then(|| Fault::PositionIgnored {
            reason: snapshot.reason.clone(),
        })
    }

    fn resumed(&mut self, resumed: &Resumed) -> Option<Fault> {
        self.tally.connections += 1;
        self.tally.resumed += 1;
        if self.answered {
            return Some(Fault::AnsweredTwice);
        }
        self.answered = true;
        let given = Position {
            epoch: resumed.epoch.clone(),
            seq: resumed.from,
        };
        if self.position.as_ref() != Some(&given) || resumed.seq < resumed.from {
            return Some(Fault::WrongResume {
                position: self.position.clone(),
                resumed: given,
            });
        }
        None
    }

    fn event(&mut self, seq: u64, apply: impl FnOnce(&mut Self)) -> Option<Fault> {
        self.tally.events += 1;
        if !self.answered {
            return Some(Fault::Unanswered);
        }
        let last = self.position.as_mut()?;
        let expected = last.seq.saturating_add(1);
        if seq < expected {
            return Some(self.late(seq, expected.saturating_sub(1)));
        }
        last.seq = seq;
        apply(self);
        (seq > expected).then(|| {
            self.remember_hole(expected..=seq.saturating_sub(1));
            Fault::Gap { expected, got: seq }
        })
    }

    /// Whoever is nobody of the agency's any more leaves the board.
    fn apply_agent(&mut self, event: &AgentEvent) {
        let agent = &event.agent;
        if event.kind == "agent.removed" {
            self.agents.remove(&agent.id);
        } else {
            self.agents.insert(agent.id.clone(), agent.clone());
        }
    }

    fn heartbeat(&self, told: u64) -> Option<Fault> {
        if !self.answered {
            return Some(Fault::Unanswered);
        }
        let seen = self.position.as_ref()?.seq;
        (told != seen).then_some(Fault::Heartbeat { told, seen })
    }

    /// An ended call leaves the board, also when a late detail of it still comes.
    fn apply(&mut self, call: &Call) {
        if call.is_ended() {
            self.calls.remove(call.id());
        } else {
            self.calls.insert(call.id().to_owned(), call.clone());
        }
    }

    /// A number that fills a hole came late, any other came before.
    fn late(&mut self, seq: u64, after: u64) -> Fault {
        let Some(index) = self.holes.iter().position(|hole| hole.contains(&seq)) else {
            return Fault::Twice { seq };
        };
        let hole = self.holes.swap_remove(index);
        if *hole.start() < seq {
            self.remember_hole(*hole.start()..=seq - 1);
        }
        if seq < *hole.end() {
            self.remember_hole(seq + 1..=*hole.end());
        }
        Fault::OutOfOrder { seq, after }
    }

    fn remember_hole(&mut self, hole: RangeInclusive<u64>) {
        if self.holes.len() < MOST_HOLES {
            self.holes.push(hole);
        }
    }

    fn count(&mut self, fault: &Fault) {
        match fault {
            Fault::Twice { .. } => self.tally.twice += 1,
            Fault::OutOfOrder { .. } => {
                self.tally.out_of_order += 1;
                // It was counted as skipped, and has come after all.
                self.tally.gaps = self.tally.gaps.saturating_sub(1);
            }
            Fault::Gap { expected, got } => self.tally.gaps += got - expected,
            Fault::Rewound { from, to } => self.tally.lost += from - to,
            _ => self.tally.other += 1,
        }
    }
}

#[cfg(test)]
mod tests;
