//! What a leg is told to do.

use super::{Account, CommandError, Telnyx};
use crate::providers::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fmt;
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

/// Where a leg is connected to.
#[derive(Clone)]
pub struct Transfer {
    /// A SIP address or a number in E.164. What follows a comma would be dialled as digits, and is
    /// left out.
    pub to: String,
    /// Whose number the called one sees; the number that was called first, when left out.
    pub from: Option<String>,
    /// The name beside it. Characters that Telnyx does not take are left out.
    pub from_display_name: Option<String>,
    /// How long it rings, in seconds; 5 to 600.
    pub timeout_secs: u16,
    /// Told with every webhook of the new leg; must be Base64.
    pub target_leg_client_state: String,
}

/// Whether the two sides of a call are recorded apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Both in one channel.
    Single,
    /// The recorded leg left, everyone else right.
    Dual,
}

/// How a recording is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioFormat {
    /// Compressed.
    Mp3,
    /// Uncompressed.
    Wav,
}

/// All commands may be given again with the same id while their outcome is unknown.
impl Telnyx {
    /// Answers an incoming leg.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn answer(&self, to: &Account, leg: &str, id: Uuid) -> Result<(), CommandError> {
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
        transfer: &Transfer,
        id: Uuid,
    ) -> Result<(), CommandError> {
        let body = transfer.body();
        self.command(account, leg, ["transfer", "transfer"], id, body)
            .await
    }

    /// Hangs a leg up.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer; [`CommandError::Ended`] when there was nothing left
    /// to hang up.
    pub async fn hang_up(&self, to: &Account, leg: &str, id: Uuid) -> Result<(), CommandError> {
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
    ) -> Result<(), CommandError> {
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
        format: AudioFormat,
        id: Uuid,
    ) -> Result<(), CommandError> {
        let body = json!({"channels": channels.as_str(), "format": format.as_str()});
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
    ) -> Result<(), CommandError> {
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
    ) -> Result<(), CommandError> {
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
    ) -> Result<(), CommandError> {
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

impl Transfer {
    fn body(&self) -> Value {
        let to = self.to.split(',').next().unwrap_or_default();
        let mut body = json!({
            "to": to,
            "timeout_secs": self.timeout_secs.clamp(*RING_SECS.start(), *RING_SECS.end()),
            "target_leg_client_state": self.target_leg_client_state,
        });
        let name = self.from_display_name.as_deref().map(display_name);
        let optional = [
            ("from", self.from.clone()),
            ("from_display_name", name.filter(|name| !name.is_empty())),
        ];
        if let Value::Object(fields) = &mut body {
            for (key, value) in optional {
                fields.extend(value.map(|value| (key.to_owned(), value.into())));
            }
        }
        body
    }
}

/// No numbers: they are logged at debug level only, and by those who mean to.
impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer").finish_non_exhaustive()
    }
}

impl Channels {
    fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Dual => "dual",
        }
    }
}

impl AudioFormat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
        }
    }
}

fn display_name(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || " -_~!.+".contains(*c);
    let name: String = name.chars().filter(fits).take(LONGEST_NAME).collect();
    name.trim().to_owned()
}
