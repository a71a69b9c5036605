//! How an exchange behaves where Telnyx leaves it open, or where a test wants it otherwise.

use secrecy::SecretString;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a phone does when it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It rings until a test answers it by hand, or the transfer's `timeout_secs` are over.
    Rings,
    /// It is answered after so long.
    Answers(Duration),
    /// It is on another call, and says so after so long.
    Busy(Duration),
    /// It declines after so long.
    Rejects(Duration),
    /// There is no such phone: refused after the command was taken, as a network does.
    NotFound,
}

/// The choices of one exchange.
#[derive(Clone, Debug)]
pub struct ExchangeSettings {
    /// The API key that is accepted; any that is not empty when absent.
    pub api_key: Option<SecretString>,
    /// Decides the ids of what the exchange itself makes.
    pub seed: u64,
    /// Whether a caller can be transferred who was not answered. Telnyx's pages contradict each
    /// other; without it such a transfer is refused with 90034.
    pub transfers_while_ringing: bool,
    /// How long after the answer audio begins: recording that starts sooner is refused with 90020.
    pub audio_after: Duration,
    /// Whether the carrier silences a phone whose caller has left; otherwise it rings on until its
    /// customer hangs it up.
    pub cancels_second_leg: bool,
    /// How long after its end a recording is saved, by the carrier's clock.
    pub recording_saved_after: Duration,
    /// How long after it was saved a recording is still worked on, and has no link.
    pub recording_ready_after: Duration,
    /// Whether `call.recording.saved` names the recording and the leg's handle, as seen in real
    /// traffic; the API's description knows neither field.
    pub recording_named: bool,
    /// What phones do that were told nothing else.
    pub phones: Habit,
    /// How many of a hundred of its own webhooks come twice.
    pub duplicates: u8,
    /// How many of a hundred of its own webhooks are overtaken by the session's next one.
    pub reorder: u8,
    /// How long one of these waits for another to overtake it; zero: only what has another one
    /// waiting behind it is overtaken, and nothing comes late.
    pub held_back: Duration,
    /// Put over what `GET /call_control_applications/{id}` says.
    pub application: Map<String, Value>,
}

impl Default for ExchangeSettings {
    /// A well-behaved exchange whose phones ring until somebody answers them.
    fn default() -> Self {
        Self {
            api_key: None,
            seed: 1,
            transfers_while_ringing: true,
            audio_after: Duration::ZERO,
            cancels_second_leg: true,
            recording_saved_after: Duration::from_secs(2),
            recording_ready_after: Duration::ZERO,
            recording_named: true,
            phones: Habit::Rings,
            duplicates: 0,
            reorder: 0,
            held_back: Duration::from_secs(2),
            application: Map::new(),
        }
    }
}
