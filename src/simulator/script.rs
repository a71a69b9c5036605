//! The lives of calls as timed steps.

use super::dice::Dice;
use super::hangup::HangupCause;
use super::leg::Leg;
use super::webhook::Webhook;
use std::sync::Arc;
use std::time::Duration;

/// How a call goes, as far as the carrier alone decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// It rings until the caller gives up.
    Abandoned,
    /// It is answered (by a machine, say) without a second leg, and ends.
    Answered,
    /// It is transferred to an agent; they talk; both legs end.
    Transferred,
    /// As transferred, and the recording is saved some seconds after the end.
    Recorded,
    /// The agent's leg is busy; the caller gives up after a while.
    Busy,
    /// The agent's leg rings in vain; the caller gives up after a while.
    NoAnswer,
}

impl Life {
    /// Every life there is.
    pub const ALL: [Self; 6] = [
        Self::Abandoned,
        Self::Answered,
        Self::Transferred,
        Self::Recorded,
        Self::Busy,
        Self::NoAnswer,
    ];

    /// One of the lives, as often as its weight says; `None` when all weights are zero.
    #[must_use]
    pub fn choose(weights: &[(Self, u32)], dice: &Dice) -> Option<Self> {
        let total = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = dice.below(total);
        let chosen = weights.iter().find(|(_, weight)| {
            let here = left < u64::from(*weight);
            left = left.saturating_sub(u64::from(*weight));
            here
        });
        chosen.map(|(life, _)| *life)
    }
}

/// Whose leg something happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The caller's leg: the call.
    Caller,
    /// The leg that a transfer makes.
    Agent,
}

/// What happens to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It begins to ring.
    Initiated,
    Answered,
    /// It hears the other leg.
    Bridged,
    /// It ends.
    HungUp(HangupCause),
    /// A recording of it can be fetched.
    RecordingSaved,
}

/// One thing that happens, some time after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The time since the step before, at natural speed.
    pub after: Duration,
    /// Whose leg.
    pub side: Side,
    pub what: Happening,
}

/// A life with its times: what will happen, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Which life it is.
    pub life: Life,
    /// Its steps, in the order in which they occur.
    pub steps: Vec<Step>,
}

impl Script {
    /// The script of a life; the dice decide how long things take.
    #[must_use]
    pub fn write(life: Life, dice: &Dice) -> Self {
        use HangupCause::{NormalClearing, OriginatorCancel, Timeout, UserBusy};
        use Happening::{Answered, Bridged, HungUp, Initiated, RecordingSaved};
        use Side::{Agent, Caller};

        let mut pen = Pen {
            dice,
            steps: Vec::new(),
        };
        pen.then(0, 0, Caller, Initiated);
        match life {
            Life::Abandoned => pen.then(5_000, 40_000, Caller, HungUp(OriginatorCancel)),
            Life::Answered => {
                pen.then(2_000, 15_000, Caller, Answered);
                pen.then(20_000, 180_000, Caller, HungUp(NormalClearing));
            }
            Life::Transferred | Life::Recorded => {
                pen.then(2_000, 15_000, Agent, Initiated);
                pen.then(1_000, 8_000, Agent, Answered);
                pen.then(50, 400, Agent, Bridged);
                pen.then(0, 100, Caller, Bridged);
                pen.then(20_000, 180_000, Caller, HungUp(NormalClearing));
                pen.then(50, 400, Agent, HungUp(NormalClearing));
                if life == Life::Recorded {
                    pen.then(2_000, 10_000, Caller, RecordingSaved);
                }
            }
            Life::Busy => {
                pen.then(2_000, 15_000, Agent, Initiated);
                pen.then(300, 2_000, Agent, HungUp(UserBusy));
                pen.then(5_000, 20_000, Caller, HungUp(OriginatorCancel));
            }
            Life::NoAnswer => {
                pen.then(2_000, 15_000, Agent, Initiated);
                pen.then(25_000, 25_000, Agent, HungUp(Timeout));
                pen.then(5_000, 20_000, Caller, HungUp(OriginatorCancel));
            }
        }
        let steps = pen.steps;
        Self { life, steps }
    }
}

struct Pen<'a> {
    dice: &'a Dice,
    steps: Vec<Step>,
}

impl Pen<'_> {
    fn then(&mut self, shortest_ms: u64, longest_ms: u64, side: Side, what: Happening) {
        let (shortest, longest) = (
            Duration::from_millis(shortest_ms),
            Duration::from_millis(longest_ms),
        );
        let after = self.dice.between(shortest, longest);
        self.steps.push(Step { after, side, what });
    }
}

/// The legs that a script is played with. The agent's begins when it first appears.
#[derive(Debug)]
pub struct Cast {
    caller: Arc<Leg>,
    agent: Option<Arc<Leg>>,
}

impl Cast {
    /// A cast of the caller alone.
    #[must_use]
    pub fn new(caller: impl Into<Arc<Leg>>) -> Self {
        let (caller, agent) = (caller.into(), None);
        Self { caller, agent }
    }

    /// The caller's leg.
    #[must_use]
    pub fn caller(&self) -> &Arc<Leg> {
        &self.caller
    }

    /// The agent's leg, once it has appeared.
    #[must_use]
    pub fn agent(&self) -> Option<&Arc<Leg>> {
        self.agent.as_ref()
    }

    /// Lets a step happen now, and says it as the carrier would.
    pub fn play(&mut self, step: &Step) -> Webhook {
        let leg = match step.side {
            Side::Caller => &self.caller,
            Side::Agent => self
                .agent
                .get_or_insert_with(|| Arc::new(self.caller.second_leg(None))),
        };
        match step.what {
            Happening::Initiated => leg.initiated(),
            Happening::Answered => leg.answered(),
            Happening::Bridged => leg.bridged(),
            Happening::HungUp(cause) => leg.hung_up(cause),
            Happening::RecordingSaved => leg.recording_saved(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cast, Life, Script};
    use crate::clock::Timestamp;
    use crate::dice::Dice;
    use crate::hands::by_hand;
    use crate::leg::{Leg, Line};

    /// The life as `side event` lines, the side told by the leg's direction in the session.
    fn told(life: Life) -> Vec<String> {
        let line = Line {
            clock: by_hand(Timestamp::default()).into(),
            connection_id: None,
            number: "+15550109999".to_owned(),
        };
        let caller = Leg::incoming(line, Dice::seeded(1), "+15550100001");
        let handle = caller.call_control_id.clone();
        let mut cast = Cast::new(caller);
        let script = Script::write(life, &Dice::seeded(2));
        let webhooks = script.steps.iter().map(|step| cast.play(step));
        webhooks
            .map(|webhook| {
                let caller = webhook.call_control_id() == handle;
                let side = if caller { "caller" } else { "agent" };
                let cause = webhook.payload.get("hangup_cause");
                let cause = cause.map(|cause| format!(" {}", cause.as_str().unwrap()));
                format!("{side} {}{}", webhook.event_type, cause.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn an_abandoned_call_rings_and_is_cancelled_by_the_caller() {
        assert_eq!(
            told(Life::Abandoned),
            [
                "caller call.initiated",
                "caller call.hangup originator_cancel"
            ]
        );
    }

    #[test]
    fn a_recorded_call_is_transferred_and_its_recording_comes_after_the_end() {
        let recorded = told(Life::Recorded);
        assert_eq!(
            recorded,
            [
                "caller call.initiated",
                "agent call.initiated",
                "agent call.answered",
                "agent call.bridged",
                "caller call.bridged",
                "caller call.hangup normal_clearing",
                "agent call.hangup normal_clearing",
                "caller call.recording.saved",
            ]
        );
        assert_eq!(told(Life::Transferred), recorded[..7]);
    }

    #[test]
    fn a_busy_agent_leaves_the_caller_waiting() {
        assert_eq!(
            told(Life::Busy),
            [
                "caller call.initiated",
                "agent call.initiated",
                "agent call.hangup user_busy",
                "caller call.hangup originator_cancel",
            ]
        );
        assert_eq!(told(Life::NoAnswer)[2], "agent call.hangup timeout");
    }

    #[test]
    fn lives_are_chosen_by_weight() {
        let dice = Dice::seeded(3);
        let weights = [(Life::Busy, 0), (Life::Answered, 1), (Life::Recorded, 3)];
        let chosen: Vec<Life> = (0..1_000)
            .map(|_| Life::choose(&weights, &dice).unwrap())
            .collect();
        let recorded = chosen
            .iter()
            .filter(|life| **life == Life::Recorded)
            .count();
        assert!((700..800).contains(&recorded), "{recorded}");
        assert!(!chosen.contains(&Life::Busy));
        assert_eq!(Life::choose(&[(Life::Busy, 0)], &dice), None);
    }
}
