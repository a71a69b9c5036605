//! What commands do.

use super::super::hangup::{HangupCause, HangupSource};
use super::super::leg::Direction;
use super::form::{self, text};
use super::post::micros;
use super::problem::Problem;
use super::recording::Shape;
use super::switchboard::{Audio, Operator, REPEATED_WITHIN};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a phone rings that was given no time.
const RINGS: u64 = 30;

type Body = Map<String, Value>;

/// What a command came to.
#[derive(Debug)]
pub(super) struct Done {
    /// `data` of the answer.
    pub(super) data: Value,
    /// Whether it did anything: a repeat does not.
    pub(super) effect: bool,
}

impl Operator<'_> {
    /// One command, checked and carried out.
    pub(super) fn commands(
        &mut self,
        action: &str,
        id: &str,
        body: &Body,
    ) -> Result<Done, Problem> {
        if !form::knows(action) {
            return Err(Problem::not_found());
        }
        if self.remembered(id).is_none() {
            let problem = if is_handle(id) {
                Problem::not_found()
            } else {
                Problem::not_a_leg()
            };
            return Err(problem);
        }
        form::check(action, body)?;
        if self.is_repeated(id, body) {
            let data = json!({"result": "ok"});
            return Ok(Done {
                data,
                effect: false,
            });
        }
        if !self.is_alive(id) {
            return Err(Problem::ended());
        }
        let recording = self.carries_out(action, id, body)?;
        self.remembers(id, body);
        let mut data = json!({"result": "ok"});
        if let (Some(recording), Some(data)) = (recording, data.as_object_mut()) {
            data.insert("recording_id".to_owned(), json!(recording));
        }
        Ok(Done { data, effect: true })
    }

    fn is_repeated(&self, id: &str, body: &Body) -> bool {
        let Some(command) = text(body, "command_id") else {
            return false;
        };
        let key = (id.to_owned(), command.to_owned());
        let taken = self.state.commands.get(&key);
        let now = self.board.clock.now();
        taken.is_some_and(|at| now.micros_since(*at) < micros(REPEATED_WITHIN))
    }

    fn remembers(&mut self, id: &str, body: &Body) {
        if let Some(command) = text(body, "command_id") {
            let now = self.board.clock.now();
            let key = (id.to_owned(), command.to_owned());
            self.state.commands.insert(key, now);
        }
    }

    fn carries_out(
        &mut self,
        action: &str,
        id: &str,
        body: &Body,
    ) -> Result<Option<Uuid>, Problem> {
        self.allows(action, id, body)?;
        if let Some(party) = self.party_mut(id) {
            party.commanded = true;
            if let Some(note) = text(body, "client_state") {
                party.note = Some(note.to_owned());
            }
            if text(body, "park_after_unbridge") == Some("self") {
                party.parks = true;
            }
        }
        match action {
            "answer" => return Ok(self.answers(id, body)),
            "reject" => self.rejects(id, body),
            "hangup" => self.customer_hangs_up(id),
            "transfer" => self.transfers(id, body),
            "bridge" => self.bridges(id, text(body, "call_control_id").unwrap_or_default()),
            "record_start" => {
                let shape = Shape::of(text(body, "channels"), text(body, "format"));
                self.records(id, shape);
            }
            "record_stop" => self.recording_ends(id),
            "playback_start" => self.plays(id, body),
            _ => self.audio_ends(id, "cancelled"),
        }
        Ok(None)
    }

    /// Whether the leg is in a state for this.
    fn allows(&mut self, action: &str, id: &str, body: &Body) -> Result<(), Problem> {
        let settings = &self.board.settings;
        let (while_ringing, audio_after) = (settings.transfers_while_ringing, settings.audio_after);
        let party = self.party(id).ok_or_else(Problem::not_found)?;
        let answered_at = party.leg.answered_at.get().copied();
        let needs_answer = match action {
            "answer" | "reject" | "hangup" => false,
            "transfer" => !while_ringing,
            _ => true,
        };
        if needs_answer && answered_at.is_none() {
            return Err(Problem::unanswered());
        }
        match (action, answered_at) {
            // A leg that was answered rings no more, and an agent's phone is not ours to answer.
            ("reject", Some(_)) => Err(Problem::bad_value("call_control_id")),
            ("answer" | "reject", _) if party.leg.direction == Direction::Outgoing => {
                Err(Problem::bad_value("call_control_id"))
            }
            ("record_start", Some(at))
                if self.board.clock.now().micros_since(at) < micros(audio_after) =>
            {
                Err(Problem::no_audio())
            }
            ("bridge", _) => {
                let other = text(body, "call_control_id").unwrap_or_default();
                match self.remembered(other) {
                    None => Err(Problem::not_a_leg()),
                    Some(other) if !other.is_alive() => Err(Problem::ended()),
                    Some(other) if !other.is_answered() => Err(Problem::unanswered()),
                    Some(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn answers(&mut self, id: &str, body: &Body) -> Option<Uuid> {
        let party = self.party_mut(id)?;
        if party.is_answered() {
            return None;
        }
        party.records_on_answer = Shape::from_answer(body);
        self.is_answered(id);
        let running = self.party(id)?.recording.as_ref()?;
        Some(running.id)
    }

    fn rejects(&mut self, id: &str, body: &Body) {
        let cause = match text(body, "cause") {
            Some("USER_BUSY") => HangupCause::UserBusy,
            _ => HangupCause::CallRejected,
        };
        self.ends(id, cause, HangupSource::Callee);
    }

    /// A second leg of the same session rings; this one waits.
    fn transfers(&mut self, id: &str, body: &Body) {
        let Some(party) = self.party(id) else { return };
        let courier = party.courier.clone();
        let note = text(body, "target_leg_client_state").map(str::to_owned);
        let mut leg = party.leg.second_leg(note);
        if let Some(to) = text(body, "to") {
            to.clone_into(&mut leg.to);
        }
        if let Some(from) = text(body, "from") {
            from.clone_into(&mut leg.from);
        }
        let phone = leg.call_control_id.clone();
        let timeout = body.get("timeout_secs").and_then(Value::as_u64);
        self.registers(Arc::new(leg), &courier, Some(id));
        if let Some(party) = self.party_mut(&phone) {
            party.records_on_answer = Shape::from_answer(body);
        }
        self.rings(&phone, Duration::from_secs(timeout.unwrap_or(RINGS)));
    }

    fn plays(&mut self, id: &str, body: &Body) {
        let owned = |name| text(body, name).map(str::to_owned);
        let (media_url, media_name) = (owned("audio_url"), owned("media_name"));
        let name = media_url.clone().or_else(|| media_name.clone());
        let audio = Audio {
            name: name.unwrap_or_else(|| "playback_content".to_owned()),
            media_url,
            media_name,
            number: 0,
        };
        self.audio_begins(id, audio, times(body.get("loop")));
    }

    /// Whether a command has taken effect on a leg.
    pub(super) fn is_commanded(&self, id: &str) -> bool {
        self.party(id).is_some_and(|party| party.commanded)
    }
}

/// How often audio is played: a number, a text of one, or `infinity`; absent then.
fn times(repeats: Option<&Value>) -> Option<u32> {
    match repeats {
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
        None => Some(1),
    }
}

impl Shape {
    fn of(channels: Option<&str>, format: Option<&str>) -> Self {
        Self {
            channels: channels.unwrap_or("dual").to_owned(),
            format: format.unwrap_or("mp3").to_owned(),
        }
    }

    /// What a command wants recorded from the answer on, if anything.
    fn from_answer(body: &Body) -> Option<Self> {
        text(body, "record")?;
        Some(Self::of(
            text(body, "record_channels"),
            text(body, "record_format"),
        ))
    }
}

/// Whether it looks like the handle of a leg.
pub(super) fn is_handle(id: &str) -> bool {
    let token = ["v1:", "v2:", "v3:"]
        .iter()
        .find_map(|version| id.strip_prefix(version));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
    token.is_some_and(|token| token.len() >= 8 && token.bytes().all(plain))
        || uuid::Uuid::parse_str(id).is_ok()
}
