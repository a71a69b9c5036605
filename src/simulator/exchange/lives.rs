//! What happens to legs: ringing, answering, hearing each other, playing, ending.

use super::super::hangup::{HangupCause, HangupSource};
use super::super::leg::{Direction, Leg};
use super::settings::Habit;
use super::switchboard::{Audio, Operator, Party};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a piece of audio lasts.
const AUDIO: Duration = Duration::from_secs(30);

impl Operator<'_> {
    /// A phone rings, and does what it is in the habit of; it rings no longer than its time.
    pub(super) fn rings(&mut self, id: &str, timeout: Duration) {
        self.says(id, Leg::initiated);
        let Some(party) = self.party(id) else { return };
        let habit = self.habit(&party.leg.to);
        let phone = id.to_owned();
        self.board.later(timeout, move |operator| {
            operator.refuses(&phone, HangupCause::Timeout);
        });
        let phone = id.to_owned();
        match habit {
            Habit::Rings => {}
            Habit::Answers(after) => self
                .board
                .later(after, move |operator| operator.picks_up(&phone)),
            Habit::Busy(after) => self.board.later(after, move |operator| {
                operator.refuses(&phone, HangupCause::UserBusy);
            }),
            Habit::Rejects(after) => self.board.later(after, move |operator| {
                operator.refuses(&phone, HangupCause::CallRejected);
            }),
            Habit::NotFound => self.refuses(&phone, HangupCause::NotFound),
        }
    }

    fn habit(&self, address: &str) -> Habit {
        let told = self.state.habits.get(plain(address));
        told.copied().unwrap_or(self.board.settings.phones)
    }

    /// A phone that still rings does so no more.
    pub(super) fn refuses(&mut self, id: &str, cause: HangupCause) {
        if self.party(id).is_some_and(Party::rings) {
            self.ends(id, cause, cause.source());
        }
    }

    /// A ringing phone is answered, and hears whoever was transferred to it.
    pub(super) fn picks_up(&mut self, id: &str) {
        if !self.party(id).is_some_and(Party::rings) {
            return;
        }
        self.is_answered(id);
        let caller = self.party(id).and_then(|party| party.dialled_by.clone());
        match caller.filter(|caller| self.is_alive(caller)) {
            Some(caller) => self.bridges(id, &caller),
            // Nobody is left to talk to.
            None => self.ends(id, HangupCause::NormalClearing, HangupSource::Caller),
        }
    }

    /// A leg is answered, and recorded if that was asked for.
    pub(super) fn is_answered(&mut self, id: &str) {
        self.says(id, Leg::answered);
        let shape = self
            .party_mut(id)
            .and_then(|party| party.records_on_answer.take());
        if let Some(shape) = shape {
            self.records(id, shape);
        }
    }

    /// Two legs hear each other. Whoever heard one of them before is hung up.
    pub(super) fn bridges(&mut self, one: &str, other: &str) {
        for (leg, next) in [(one, other), (other, one)] {
            let before = self.party_mut(leg).and_then(|party| party.partner.take());
            let left = before.filter(|before| before != next);
            if let Some(left) = left {
                self.is_left_by_partner(&left);
            }
        }
        for (leg, next) in [(one, other), (other, one)] {
            self.audio_ends(leg, "cancelled");
            if !self.party(leg).is_some_and(Party::is_answered) {
                self.is_answered(leg);
            }
            if let Some(party) = self.party_mut(leg) {
                party.partner = Some(next.to_owned());
            }
            self.says(leg, Leg::bridged);
        }
    }

    fn is_left_by_partner(&mut self, id: &str) {
        let Some(party) = self.party_mut(id) else {
            return;
        };
        party.partner = None;
        if !party.parks {
            self.ends(id, HangupCause::NormalClearing, HangupSource::Callee);
        }
    }

    /// A leg ends, and with it what hangs on it: the conversation, its recording, the phones that
    /// ring for it.
    pub(super) fn ends(&mut self, id: &str, cause: HangupCause, source: HangupSource) {
        if !self.is_alive(id) {
            return;
        }
        self.audio_ends(id, "call_hangup");
        self.says(id, |leg| leg.hung_up_by(cause, source));
        self.recording_ends(id);
        if let Some(partner) = self.party_mut(id).and_then(|party| party.partner.take()) {
            self.is_left_by_partner(&partner);
        }
        if self.board.settings.cancels_second_leg {
            let phones = self.ids(|party| party.dialled_by.as_deref() == Some(id) && party.rings());
            for phone in phones {
                self.ends(&phone, HangupCause::OriginatorCancel, HangupSource::Caller);
            }
        }
    }

    /// The person at the other end of a leg hangs up.
    pub(super) fn person_hangs_up(&mut self, id: &str) {
        let Some(party) = self.party(id) else { return };
        let (cause, source) = match (party.leg.direction, party.is_answered()) {
            (Direction::Incoming, false) => (HangupCause::OriginatorCancel, HangupSource::Caller),
            (Direction::Incoming, true) => (HangupCause::NormalClearing, HangupSource::Caller),
            (Direction::Outgoing, false) => (HangupCause::CallRejected, HangupSource::Callee),
            (Direction::Outgoing, true) => (HangupCause::NormalClearing, HangupSource::Callee),
        };
        self.ends(id, cause, source);
    }

    /// The carrier's customer hangs a leg up.
    pub(super) fn customer_hangs_up(&mut self, id: &str) {
        let Some(party) = self.party(id) else { return };
        let (cause, source) = match (party.leg.direction, party.is_answered()) {
            (Direction::Incoming, false) => (HangupCause::CallRejected, HangupSource::Callee),
            (Direction::Incoming, true) => (HangupCause::NormalClearing, HangupSource::Callee),
            (Direction::Outgoing, false) => (HangupCause::OriginatorCancel, HangupSource::Caller),
            (Direction::Outgoing, true) => (HangupCause::NormalClearing, HangupSource::Caller),
        };
        self.ends(id, cause, source);
    }

    /// A leg hears something else than silence, so many times over; without end when absent.
    pub(super) fn audio_begins(&mut self, id: &str, mut audio: Audio, times: Option<u32>) {
        self.audio_ends(id, "cancelled");
        audio.number = self.state.dice.roll();
        let (number, fields) = (audio.number, about(&audio));
        let Some(party) = self.party_mut(id) else {
            return;
        };
        party.audio = Some(audio);
        self.says(id, |leg| leg.event("call.playback.started", fields));
        let Some(times) = times else { return };
        let id = id.to_owned();
        self.board
            .later(AUDIO.saturating_mul(times), move |operator| {
                let audio = operator.party(&id).and_then(|party| party.audio.as_ref());
                if audio.is_some_and(|audio| audio.number == number) {
                    operator.audio_ends(&id, "completed");
                }
            });
    }

    pub(super) fn audio_ends(&mut self, id: &str, status: &str) {
        let Some(audio) = self.party_mut(id).and_then(|party| party.audio.take()) else {
            return;
        };
        let mut fields = about(&audio);
        fields.insert("status".to_owned(), Value::from(status));
        self.says(id, |leg| leg.event("call.playback.ended", fields));
    }
}

fn about(audio: &Audio) -> Map<String, Value> {
    let fields = json!({
        "media_name": audio.media_name,
        "media_url": audio.media_url,
        "overlay": false,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// An address without its parameters (`;secure=srtp`).
pub(super) fn plain(address: &str) -> &str {
    address.split(';').next().unwrap_or(address)
}
