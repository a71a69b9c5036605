//! One leg of a call, driven step by step.

pub(super) mod payload;

use super::dice::Dice;
use super::hangup::{HangupCause, HangupSource};
use super::webhook::Webhook;
use crate::clock::{Clock, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use uuid::Uuid;

/// What the legs of one carrier have in common.
#[derive(Clone, Debug)]
pub struct Line {
    /// Tells when things occur.
    pub clock: Clock,
    /// The Call Control application's id, a decimal text; payloads leave it out when absent.
    pub connection_id: Option<String>,
    /// The agency's number, which callers dial.
    pub number: String,
}

/// Which way a leg was made, seen from the carrier's customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called us.
    Incoming,
    /// A command of ours called somebody.
    Outgoing,
}

/// One leg. Its methods are what happens to it: each makes a new [`Webhook`] that occurs now, and
/// sends nothing. The caller's leg stands for the call.
///
/// The fields are open, so that a test can make an anonymous caller or a strange address of it.
#[derive(Debug)]
pub struct Leg {
    /// The handle that commands use.
    pub call_control_id: String,
    /// The leg's own id.
    pub call_leg_id: Uuid,
    /// Shared by the legs of one call.
    pub call_session_id: Uuid,
    /// Which way it was made.
    pub direction: Direction,
    /// Who calls: a number, a SIP URI, or what the network shows for nobody.
    pub from: String,
    /// Who is called: a number or a SIP URI.
    pub to: String,
    /// The customer's own note in Base64, echoed by every webhook of the leg.
    pub client_state: Option<String>,
    /// When the leg began.
    pub started_at: Timestamp,
    pub(super) line: Line,
    pub(super) dice: Dice,
    pub(super) answered_at: OnceLock<Timestamp>,
    pub(super) ended_at: OnceLock<Timestamp>,
}

impl Leg {
    /// A caller's leg that begins now. The dice give it its ids.
    #[must_use]
    pub fn incoming(line: Line, dice: Dice, from: &str) -> Self {
        let (session, to) = (dice.uuid(), line.number.clone());
        Self::new(
            line,
            dice,
            session,
            Direction::Incoming,
            from.to_owned(),
            to,
        )
    }

    /// The agent's leg that a transfer makes: of the same session, outgoing, from the number that
    /// the caller dialled (Telnyx's default) to `sip:agent@sip.telnyx.com`. `client_state` is the
    /// command's `target_leg_client_state`, already in Base64.
    #[must_use]
    pub fn second_leg(&self, client_state: Option<String>) -> Self {
        let mut leg = Self::new(
            self.line.clone(),
            self.dice.fork(),
            self.call_session_id,
            Direction::Outgoing,
            self.to.clone(),
            "sip:agent@sip.telnyx.com".to_owned(),
        );
        leg.client_state = client_state;
        leg
    }

    fn new(
        line: Line,
        dice: Dice,
        session: Uuid,
        direction: Direction,
        from: String,
        to: String,
    ) -> Self {
        Self {
            call_control_id: format!("v3:{}", dice.url_safe(54)),
            call_leg_id: dice.uuid(),
            call_session_id: session,
            direction,
            from,
            to,
            client_state: None,
            started_at: line.clock.now(),
            line,
            dice,
            answered_at: OnceLock::new(),
            ended_at: OnceLock::new(),
        }
    }

    /// The leg with a note as commands set it, in clear text here and in Base64 on the wire.
    #[must_use]
    pub fn noted(mut self, client_state: &str) -> Self {
        self.client_state = Some(STANDARD.encode(client_state));
        self
    }

    /// `call.initiated`: it rings.
    pub fn initiated(&self) -> Webhook {
        self.webhook("call.initiated", payload::initiated(self))
    }

    /// `call.answered`.
    pub fn answered(&self) -> Webhook {
        self.answered_at.get_or_init(|| self.line.clock.now());
        self.webhook("call.answered", payload::answered(self))
    }

    /// `call.bridged`: it hears the other leg, which it does not name.
    pub fn bridged(&self) -> Webhook {
        self.answered_at.get_or_init(|| self.line.clock.now());
        self.webhook("call.bridged", payload::conversation(self))
    }

    /// `call.hangup`, brought about by the side that usually does.
    pub fn hung_up(&self, cause: HangupCause) -> Webhook {
        self.hung_up_by(cause, cause.source())
    }

    /// `call.hangup`.
    pub fn hung_up_by(&self, cause: HangupCause, source: HangupSource) -> Webhook {
        self.ended_at.get_or_init(|| self.line.clock.now());
        self.webhook("call.hangup", payload::hangup(self, cause, source))
    }

    /// `call.recording.saved`. Each is a recording of its own, as when recording was stopped and
    /// begun again.
    pub fn recording_saved(&self) -> Webhook {
        self.webhook("call.recording.saved", payload::recording_saved(self))
    }

    /// Any other event, known or unknown: the leg's ids and note, and what `extra` adds to them or
    /// puts in their place.
    pub fn event(&self, event_type: &str, extra: Map<String, Value>) -> Webhook {
        let mut payload = payload::ids(self);
        payload.extend(extra);
        self.webhook(event_type, payload)
    }

    fn webhook(&self, event_type: &str, payload: Map<String, Value>) -> Webhook {
        Webhook {
            event_type: event_type.to_owned(),
            id: self.dice.uuid(),
            occurred_at: self.line.clock.now(),
            payload,
        }
    }
}
