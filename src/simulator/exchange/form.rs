//! What the body of each command may say, by the API's description. Unknown fields are let pass.

use super::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What may stand in a field.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    /// A text in Base64, which the carrier echoes.
    Note,
    /// A text of so many characters.
    Sized(usize, usize),
    OneOf(&'static [&'static str]),
    Between(i64, i64),
    Uuid,
    /// A phone number.
    Number,
    /// A phone number or a SIP address.
    Target,
    List,
    Object,
    TextOrNumber,
}

use Kind::{Between, Flag, List, Note, Number, Object, OneOf, Sized, Target, Text, TextOrNumber};

type Field = (&'static str, Kind);

const COMMON: &[Field] = &[("client_state", Note), ("command_id", Text)];
const NOBODY: (i64, i64) = (0, i32::MAX as i64);

/// Recording from the answer, which answer, transfer and bridge can ask for.
const RECORD: &[Field] = &[
    ("record", OneOf(&["record-from-answer"])),
    ("record_channels", OneOf(&["single", "dual"])),
    ("record_custom_file_name", Sized(1, 40)),
    ("record_format", OneOf(&["wav", "mp3"])),
    ("record_max_length", Between(0, 43_200)),
    ("record_timeout_secs", Between(NOBODY.0, NOBODY.1)),
    ("record_track", OneOf(&["both", "inbound", "outbound"])),
    ("record_trim", OneOf(&["trim-silence"])),
];

/// Where the webhooks that follow go, which is checked and not followed.
const WEBHOOKS: &[Field] = &[
    ("webhook_retries_policies", Object),
    ("webhook_url", Text),
    ("webhook_url_method", OneOf(&["POST", "GET"])),
    ("webhook_urls", Object),
    ("webhook_urls_method", OneOf(&["POST", "GET"])),
];

const ANSWER: &[Field] = &[
    ("billing_group_id", Kind::Uuid),
    ("custom_headers", List),
    ("preferred_codecs", Text),
    ("send_silence_when_idle", Flag),
    ("sip_headers", List),
    (
        "stream_track",
        OneOf(&["inbound_track", "outbound_track", "both_tracks"]),
    ),
    ("stream_url", Text),
    ("transcription", Flag),
];

const TRANSFER: &[Field] = &[
    ("to", Target),
    ("from", Number),
    ("from_display_name", Sized(0, 128)),
    (
        "answering_machine_detection",
        OneOf(&[
            "premium",
            "detect",
            "detect_beep",
            "detect_words",
            "greeting_end",
            "disabled",
        ]),
    ),
    ("answering_machine_detection_config", Object),
    ("audio_url", Text),
    ("custom_headers", List),
    ("early_media", Flag),
    ("media_encryption", OneOf(&["disabled", "SRTP", "DTLS"])),
    ("media_name", Text),
    ("mute_dtmf", OneOf(&["none", "both", "self", "opposite"])),
    ("park_after_unbridge", Text),
    ("preferred_codecs", Text),
    ("privacy", OneOf(&["id", "none"])),
    ("send_digits_on_answer", Text),
    ("sip_auth_password", Text),
    ("sip_auth_username", Text),
    ("sip_headers", List),
    (
        "sip_region",
        OneOf(&["US", "Europe", "Canada", "Australia", "Middle East"]),
    ),
    ("sip_transport_protocol", OneOf(&["UDP", "TCP", "TLS"])),
    ("target_leg_client_state", Note),
    ("time_limit_secs", Between(30, 14_400)),
    ("timeout_secs", Between(5, 600)),
];

const BRIDGE: &[Field] = &[
    ("call_control_id", Text),
    ("hold_after_unbridge", Flag),
    ("mute_dtmf", OneOf(&["none", "both", "self", "opposite"])),
    ("park_after_unbridge", Text),
    ("play_ringtone", Flag),
    ("prevent_double_bridge", Flag),
    ("queue", Text),
    ("ringtone", Text),
    ("video_room_context", Text),
    ("video_room_id", Kind::Uuid),
];

const RECORD_START: &[Field] = &[
    ("channels", OneOf(&["single", "dual"])),
    ("format", OneOf(&["wav", "mp3"])),
    ("custom_file_name", Sized(1, 40)),
    ("max_length", Between(0, 14_400)),
    ("play_beep", Flag),
    ("recording_track", OneOf(&["both", "inbound", "outbound"])),
    ("timeout_secs", Between(NOBODY.0, NOBODY.1)),
    ("transcription", Flag),
    (
        "transcription_engine",
        OneOf(&["A", "B", "deepgram/nova-3"]),
    ),
    ("transcription_language", Text),
    (
        "transcription_max_speaker_count",
        Between(NOBODY.0, NOBODY.1),
    ),
    (
        "transcription_min_speaker_count",
        Between(NOBODY.0, NOBODY.1),
    ),
    ("transcription_profanity_filter", Flag),
    ("transcription_speaker_diarization", Flag),
    ("trim", OneOf(&["trim-silence"])),
];

const PLAYBACK_START: &[Field] = &[
    ("audio_type", OneOf(&["mp3", "wav"])),
    ("audio_url", Text),
    ("cache_audio", Flag),
    ("loop", TextOrNumber),
    ("media_name", Text),
    ("overlay", Flag),
    ("playback_content", Text),
    ("stop", Text),
    ("target_legs", Text),
];

/// The fields of a command, and those that must be there; absent: there is no such command.
fn fields(action: &str) -> Option<(Vec<&'static [Field]>, &'static [&'static str])> {
    Some(match action {
        "answer" => (vec![COMMON, RECORD, WEBHOOKS, ANSWER], &[]),
        "reject" => (
            vec![COMMON, &[("cause", OneOf(&["CALL_REJECTED", "USER_BUSY"]))]],
            &["cause"],
        ),
        "hangup" => (vec![COMMON, &[("custom_headers", List)]], &[]),
        "transfer" => (vec![COMMON, RECORD, WEBHOOKS, TRANSFER], &["to"]),
        "bridge" => (vec![COMMON, RECORD, BRIDGE], &["call_control_id"]),
        "record_start" => (vec![COMMON, RECORD_START], &["channels", "format"]),
        "record_stop" => (vec![COMMON, &[("recording_id", Kind::Uuid)]], &[]),
        "playback_start" => (vec![COMMON, PLAYBACK_START], &[]),
        "playback_stop" => (vec![COMMON, &[("overlay", Flag), ("stop", Text)]], &[]),
        _ => return None,
    })
}

/// Whether there is such a command.
pub(super) fn knows(action: &str) -> bool {
    fields(action).is_some()
}

/// Looks a body over.
pub(super) fn check(action: &str, body: &Map<String, Value>) -> Result<(), Problem> {
    let (tables, required) = fields(action).ok_or_else(Problem::not_found)?;
    for name in required {
        if matches!(body.get(*name), None | Some(Value::Null)) || text(body, name) == Some("") {
            return Err(Problem::missing(name));
        }
    }
    for (name, kind) in tables.into_iter().flatten() {
        match body.get(*name) {
            // An empty choice is no choice.
            None | Some(Value::Null) => {}
            Some(value) => kind.check(name, value)?,
        }
    }
    let audio = ["audio_url", "media_name", "playback_content"];
    if action == "playback_start" && audio.iter().all(|name| text(body, name).is_none()) {
        return Err(Problem::missing("audio_url"));
    }
    Ok(())
}

/// A text of the body.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

impl Kind {
    fn check(self, name: &str, value: &Value) -> Result<(), Problem> {
        let wrong = || Problem::bad_value(name);
        let holds = |fits: bool, problem: Problem| if fits { Ok(()) } else { Err(problem) };
        match self {
            Flag => return holds(value.is_boolean(), wrong()),
            List => return holds(value.is_array(), wrong()),
            Object => return holds(value.is_object(), wrong()),
            TextOrNumber => return holds(value.is_string() || value.is_i64(), wrong()),
            Between(least, most) => {
                let number = value.as_i64().ok_or_else(wrong)?;
                let fits = (least..=most).contains(&number);
                return holds(fits, Problem::out_of_range(name, least, most));
            }
            _ => {}
        }
        let text = value.as_str().ok_or_else(wrong)?;
        match self {
            Note => holds(STANDARD.decode(text).is_ok(), Problem::not_base64(name)),
            Sized(least, most) => holds((least..=most).contains(&text.chars().count()), wrong()),
            OneOf(values) => holds(values.contains(&text), Problem::not_listed(name, values)),
            Kind::Uuid => holds(uuid::Uuid::parse_str(text).is_ok(), wrong()),
            Number => holds(is_number(text), Problem::not_e164(name)),
            Target => {
                let fits = is_number(text) || is_address(text);
                holds(fits, Problem::not_e164(name))
            }
            _ => Ok(()),
        }
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_address(text: &str) -> bool {
    let address = text.strip_prefix("sip:").or(text.strip_prefix("sips:"));
    let parts = address.and_then(|address| address.split_once('@'));
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !text.contains(char::is_whitespace)
}
