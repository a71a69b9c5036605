//! A leg: one line of the carrier, and everything that its webhooks have told about it.
//!
//! Facts only gather. Merging is commutative and idempotent (each fact keeps its earliest telling),
//! so webhooks may come late, twice and in any order and leave the same leg.

use super::reported::{Moment, Reported, fill, keep_least, value_of};
use super::{Actor, ClaimId, HangupCause, LegHandle, Mark, Recording, Timestamp};
use std::collections::BTreeMap;

/// Which way a leg goes, seen from the carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Somebody calls one of the agency's numbers.
    Incoming,
    /// The agency's side calls somebody, such as an agent's phone.
    Outgoing,
}

/// What a webhook says happened to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegNews {
    /// `call.initiated`; a direction that was not sent counts as incoming.
    Initiated(Direction),
    /// `call.answered`.
    Answered,
    /// `call.bridged`.
    Bridged,
    /// `call.hangup`.
    HungUp {
        /// Why, in the carrier's words.
        cause: Option<String>,
        /// Who hung up, seen from the leg: `caller`, `callee` or `unknown`.
        source: Option<String>,
    },
    /// `call.recording.saved`: id, channels, start, end.
    Recorded {
        /// The carrier's recording id, if it sent one.
        id: Option<String>,
        /// `single` or `dual`.
        channels: Option<String>,
        /// When the recording began.
        started_at: Option<Timestamp>,
        /// When it ended.
        ended_at: Option<Timestamp>,
    },
}

/// One webhook about a leg, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegEvent {
    /// The carrier's handle of the leg.
    pub handle: LegHandle,
    /// What happened.
    pub news: LegNews,
    /// When, and when we heard.
    pub moment: Moment,
    /// What all legs of one phone call share.
    pub session: Option<String>,
    /// The carrier's stable id of the leg.
    pub leg_id: Option<String>,
    /// Who calls, as sent.
    pub from: Option<String>,
    /// Who is called, as sent.
    pub to: Option<String>,
    /// The caller's name, where the network gave one.
    pub caller_name: Option<String>,
    /// Whose doing the leg is.
    pub mark: Mark,
}

/// All that is known of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The carrier's handle of the leg.
    pub handle: LegHandle,
    /// What all legs of one phone call share.
    pub session: Option<Reported>,
    /// The carrier's stable id of the leg.
    pub leg_id: Option<Reported>,
    /// Who calls.
    pub from: Option<Reported>,
    /// Who is called.
    pub to: Option<Reported>,
    /// The caller's name.
    pub caller_name: Option<Reported>,
    /// The claim that caused this leg, by its mark.
    pub claim: Option<ClaimId>,
    /// Its mark is ours: it never shows as a ringing call.
    pub ours: bool,
    /// Its mark is another program's.
    pub foreign: bool,
    /// Known once `call.initiated` has come.
    pub direction: Option<Direction>,
    /// When it began.
    pub initiated: Option<Moment>,
    /// When it was answered.
    pub answered: Option<Moment>,
    /// When it was connected to another leg.
    pub bridged: Option<Moment>,
    /// When it ended.
    pub hung_up: Option<Moment>,
    /// Why it ended, in the carrier's words.
    pub hangup_cause: Option<Reported>,
    /// Who ended it, in the carrier's words.
    pub hangup_source: Option<Reported>,
    /// Its saved recordings, by id.
    pub recordings: BTreeMap<String, Recording>,
    /// When the carrier, asked by us, said that it is over; its hangup may never have come.
    pub over: Option<Moment>,
    /// It is over by our own word: the carrier could not be asked.
    pub presumed: bool,
    /// Since when the carrier could not be asked about it; none while it can, or need not, be.
    pub unasked: Option<Timestamp>,
    /// Who asked the carrier to end it.
    pub ended_by: Option<Actor>,
    /// Nobody is to answer it any more, and the carrier is to be told so.
    pub unwanted: bool,
}

impl Leg {
    /// A leg of which nothing is known yet.
    #[must_use]
    pub fn unknown(handle: LegHandle) -> Self {
        Self {
            handle,
            session: None,
            leg_id: None,
            from: None,
            to: None,
            caller_name: None,
            claim: None,
            ours: false,
            foreign: false,
            direction: None,
            initiated: None,
            answered: None,
            bridged: None,
            hung_up: None,
            hangup_cause: None,
            hangup_source: None,
            recordings: BTreeMap::new(),
            over: None,
            presumed: false,
            unasked: None,
            ended_by: None,
            unwanted: false,
        }
    }

    /// The carrier, asked by us, says that it is over.
    pub fn learn_over(&mut self, moment: Moment) {
        keep_least(&mut self.over, moment);
    }

    /// When it ended: by its hangup or, where that never came, by what the carrier said when asked,
    /// or by when it had not been heard of for too long.
    #[must_use]
    pub fn end(&self) -> Option<Moment> {
        self.hung_up.or(self.over)
    }

    /// Why it ended, by the carrier's word for it.
    #[must_use]
    pub fn hangup(&self) -> HangupCause {
        let word = value_of(&self.hangup_cause);
        HangupCause::of(self.handle.carrier, word)
    }

    /// Takes in what a webhook tells. The order of tellings makes no difference.
    pub fn learn(&mut self, event: &LegEvent) {
        let at = event.moment.occurred;
        let by_initiated = matches!(event.news, LegNews::Initiated(_));
        let tell = |slot: &mut Option<Reported>, value: &Option<String>| {
            if let Some(value) = value {
                keep_least(slot, Reported::new(value.clone(), at, by_initiated));
            }
        };
        tell(&mut self.session, &event.session);
        tell(&mut self.leg_id, &event.leg_id);
        tell(&mut self.from, &event.from);
        tell(&mut self.to, &event.to);
        tell(&mut self.caller_name, &event.caller_name);
        self.learn_mark(event);
        self.unasked = None;
        match &event.news {
            LegNews::Initiated(direction) => {
                keep_least(&mut self.initiated, event.moment);
                keep_least(&mut self.direction, *direction);
            }
            LegNews::Answered => keep_least(&mut self.answered, event.moment),
            LegNews::Bridged => keep_least(&mut self.bridged, event.moment),
            LegNews::HungUp { cause, source } => {
                keep_least(&mut self.hung_up, event.moment);
                tell(&mut self.hangup_cause, cause);
                tell(&mut self.hangup_source, source);
            }
            LegNews::Recorded {
                id,
                channels,
                started_at,
                ended_at,
            } => self.learn_recording(
                Recording {
                    id: id.clone().unwrap_or_default(),
                    channels: channels.clone(),
                    started_at: *started_at,
                    ended_at: *ended_at,
                    saved: event.moment,
                },
                event.leg_id.as_deref(),
            ),
        }
    }

    fn learn_recording(&mut self, mut recording: Recording, leg_id: Option<&str>) {
        if recording.id.is_empty() {
            // Without an id the start tells the recordings of one leg apart.
            let start = recording.started_at.unwrap_or(recording.saved.occurred);
            let leg = leg_id.unwrap_or(&self.handle.id);
            recording.id = format!("{leg}@{}", start.micros());
        }
        self.keep_recording(recording);
    }

    fn keep_recording(&mut self, recording: Recording) {
        match self.recordings.get_mut(&recording.id) {
            Some(known) => known.learn(recording),
            None => {
                self.recordings.insert(recording.id.clone(), recording);
            }
        }
    }

    /// Takes in recordings that were told of this leg before its handle was known.
    pub fn learn_recordings(&mut self, waiting: &Self) {
        for recording in waiting.recordings.values() {
            self.keep_recording(recording.clone());
        }
    }

    /// Whose doing a leg is, its `call.initiated` says. A mark of ours counts before that comes and
    /// on every leg that is no call; but a caller's leg that came in unmarked stays a call, whatever
    /// mark a command puts on it afterwards, or its hangup would never be shown.
    fn learn_mark(&mut self, event: &LegEvent) {
        let came_in = event.news == LegNews::Initiated(Direction::Incoming);
        match event.mark {
            Mark::Ours(_) if self.is_call() => {}
            Mark::Ours(claim) => {
                self.ours = true;
                fill(&mut self.claim, claim);
            }
            Mark::Absent | Mark::Foreign if came_in => {
                self.ours = false;
                self.claim = None;
            }
            Mark::Foreign => {
                self.foreign |= matches!(event.news, LegNews::Initiated(_));
            }
            Mark::Absent => {}
        }
    }

    /// Whether this leg is a call on the board: it came in from outside, and not by our doing.
    #[must_use]
    pub fn is_call(&self) -> bool {
        self.initiated.is_some() && self.direction == Some(Direction::Incoming) && !self.ours
    }

    /// Whether its events count already: before its `call.initiated` a leg that does not carry our
    /// mark could be anyone's.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.initiated.is_some() || self.ours
    }

    /// When somebody was on this leg: answered, and connected, as far as each is known.
    pub fn pick_ups(&self) -> impl Iterator<Item = Timestamp> + use<> {
        [self.answered, self.bridged]
            .into_iter()
            .flatten()
            .map(|moment| moment.occurred)
    }

    /// When somebody was first on this leg, answered or connected.
    #[must_use]
    pub fn picked_up(&self) -> Option<Timestamp> {
        self.pick_ups().min()
    }

    /// This leg as it was known to be at `moment`, for telling a story that is learnt at once in
    /// its order.
    #[must_use]
    pub fn as_of(&self, moment: Timestamp) -> Self {
        let until = |fact: Option<Moment>| fact.filter(|at| at.occurred <= moment);
        let mut leg = self.clone();
        leg.answered = until(leg.answered);
        leg.bridged = until(leg.bridged);
        leg.hung_up = until(leg.hung_up);
        leg.over = until(leg.over);
        if leg.hung_up.is_none() {
            leg.hangup_cause = None;
            leg.hangup_source = None;
        }
        leg.recordings
            .retain(|_, recording| recording.saved.occurred <= moment);
        leg
    }

    /// The moments after the first at which something happened here, in order.
    #[must_use]
    pub fn later_moments(&self) -> Vec<Moment> {
        let recorded = self.recordings.values().map(|recording| recording.saved);
        let mut moments: Vec<Moment> = [self.answered, self.bridged, self.hung_up, self.over]
            .into_iter()
            .flatten()
            .chain(recorded)
            .collect();
        moments.sort();
        moments.dedup_by_key(|moment| moment.occurred);
        moments
    }
}

#[cfg(test)]
mod tests;
