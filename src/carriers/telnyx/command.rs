//! What a leg is told to do.

use super::mark::client_state;
use super::{Account, Telnyx};
use crate::carriers::{CarrierError, Channels, Dial};
use crate::providers::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

/// What a caller hears who was answered and waits for an agent: the North American ringing tone,
/// 440 and 480 Hz, two seconds of six. Made once, by hand: a mono WAV of two sines with a tenth
/// of the full amplitude each, at 8 kHz, through `lame -m m -b 8 --resample 8 -q 0 -t`.
const RINGING: &[u8] = include_bytes!("ringing.mp3");
static RINGING_IN_BASE64: LazyLock<String> = LazyLock::new(|| STANDARD.encode(RINGING));

/// How long an agent's phone may ring, in seconds, as Telnyx has it.
const RING_SECS: std::ops::RangeInclusive<u16> = 5..=600;
/// Longest display name, in characters.
const LONGEST_NAME: usize = 128;

/// All commands may be given again with the same id while their outcome is unknown.
impl Telnyx {
    /// Answers an incoming leg.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn answer(&self, to: &Account, leg: &str, id: Uuid) -> Result<(), CarrierError> {
        self.command(to, leg, ["answer", "answer"], id, json!({}))
            .await
    }

    /// Connects a leg with someone else, who is rung first.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn transfer(
        &self,
        account: &Account,
        leg: &str,
        dial: &Dial,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        let body = transfer(dial);
        self.command(account, leg, ["transfer", "transfer"], id, body)
            .await
    }

    /// Hangs a leg up.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer; [`CarrierError::Ended`] when there was nothing left
    /// to hang up.
    pub async fn hang_up(&self, to: &Account, leg: &str, id: Uuid) -> Result<(), CarrierError> {
        self.command(to, leg, ["hang_up", "hangup"], id, json!({}))
            .await
    }

    /// The same, asked for once: for whoever looks, before asking again, whether that is still
    /// wanted.
    ///
    /// # Errors
    /// As for [`Telnyx::hang_up`].
    pub async fn hang_up_once(
        &self,
        account: &Account,
        leg: &str,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        let request = self.action(leg, "hangup", id, json!({}));
        self.ask(account, "hang_up", request).await.map(drop)
    }

    /// Starts to record a leg and whoever it is connected with.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn start_recording(
        &self,
        account: &Account,
        leg: &str,
        channels: Channels,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        let channels = match channels {
            Channels::Single => "single",
            Channels::Dual => "dual",
        };
        let body = json!({"channels": channels, "format": "mp3"});
        self.command(account, leg, ["start_recording", "record_start"], id, body)
            .await
    }

    /// Plays a ringing tone to an answered leg until it is told to stop.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn start_ringing(
        &self,
        to: &Account,
        leg: &str,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        let body = json!({
            "playback_content": &*RINGING_IN_BASE64, "audio_type": "mp3", "loop": "infinity",
        });
        self.command(to, leg, ["start_ringing", "playback_start"], id, body)
            .await
    }

    /// Stops all that is played to a leg.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn stop_playback(
        &self,
        to: &Account,
        leg: &str,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        let body = json!({"stop": "all"});
        self.command(to, leg, ["stop_playback", "playback_stop"], id, body)
            .await
    }

    /// `words` are ours and Telnyx's for the action.
    async fn command(
        &self,
        account: &Account,
        leg: &str,
        words: [&'static str; 2],
        id: Uuid,
        body: Value,
    ) -> Result<(), CarrierError> {
        let [ours, theirs] = words;
        let request = self.action(leg, theirs, id, body).repeatable();
        self.ask(account, ours, request).await.map(drop)
    }

    fn action(&self, leg: &str, action: &str, id: Uuid, mut body: Value) -> Request {
        if let Value::Object(fields) = &mut body {
            fields.insert("command_id".into(), id.to_string().into());
        }
        let path = ["calls", leg, "actions", action];
        self.client.request(Method::POST, &path).json(body)
    }
}

/// What follows a comma in `to` would be dialled as digits, and is left out.
fn transfer(dial: &Dial) -> Value {
    let to = dial.to.split(',').next().unwrap_or_default();
    let mut body = json!({
        "to": to,
        "timeout_secs": dial.rings_s.clamp(*RING_SECS.start(), *RING_SECS.end()),
        "target_leg_client_state": client_state(dial.claim),
    });
    let name = dial.name.as_deref().map(display_name);
    let optional = [
        ("from", dial.shown.clone()),
        ("from_display_name", name.filter(|name| !name.is_empty())),
    ];
    if let Value::Object(fields) = &mut body {
        for (key, value) in optional {
            fields.extend(value.map(|value| (key.to_owned(), value.into())));
        }
    }
    body
}

/// Characters that Telnyx does not take are left out.
fn display_name(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || " -_~!.+".contains(*c);
    let name: String = name.chars().filter(fits).take(LONGEST_NAME).collect();
    name.trim().to_owned()
}
