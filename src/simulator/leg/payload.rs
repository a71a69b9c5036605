//! What the webhooks of a leg say: the documented fields, and the undocumented ones that were seen
//! in real traffic, present and absent as they were there. `direction` and `state`, for instance,
//! come with `call.initiated` alone, and a recording names neither number.

use super::{Direction, Leg};
use crate::clock::Timestamp;
use crate::hangup::{HangupCause, HangupSource};
use serde_json::{Map, Value, json};

type Payload = Map<String, Value>;

/// What every webhook of a leg carries.
pub(super) fn ids(leg: &Leg) -> Payload {
    let mut payload = fields(json!({
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "client_state": leg.client_state,
    }));
    if let Some(connection_id) = &leg.line.connection_id {
        payload.insert("connection_id".to_owned(), json!(connection_id));
    }
    payload
}

/// The fields of `call.bridged`, which the other events of a conversation have too.
pub(super) fn conversation(leg: &Leg) -> Payload {
    let more = json!({
        "calling_party_type": party(leg),
        "from": leg.from,
        "start_time": leg.started_at.to_string(),
        "to": leg.to,
    });
    with(ids(leg), more)
}

pub(super) fn initiated(leg: &Leg) -> Payload {
    match leg.direction {
        Direction::Incoming => {
            let more = json!({
                "caller_id_name": leg.from,
                "connection_codecs": "PCMU,PCMA,G729",
                "direction": "incoming",
                "from_sip_uri": format!("{}@192.0.2.186:5060", leg.from),
                "offered_codecs": "AMR-WB~OCTET-ALIGN=0; MODE-SET=0,16000H,PCMU,G729",
                "shaken_stir_attestation": "A",
                "shaken_stir_validated": true,
                "state": "parked",
                "to_sip_uri": format!("{}@us.icp.telnyx.com:5060", leg.to),
            });
            with(conversation(leg), more)
        }
        Direction::Outgoing => {
            let more = json!({
                "custom_headers": [],
                "direction": "outgoing",
                "from_sip_uri": format!("{}@sip.telnyx.com", leg.from),
                "state": "bridging",
                "to_sip_uri": leg.to.trim_start_matches("sip:"),
            });
            let mut payload = with(conversation(leg), more);
            payload.remove("start_time");
            payload
        }
    }
}

pub(super) fn answered(leg: &Leg) -> Payload {
    let more = json!({"codec": "PCMU", "sampling_rate": 8000});
    with(conversation(leg), more)
}

pub(super) fn hangup(leg: &Leg, cause: HangupCause, source: HangupSource) -> Payload {
    let more = json!({
        "end_time": ended_at(leg).to_string(),
        "hangup_cause": cause.name(),
        "hangup_source": source.name(),
        "sip_hangup_cause": cause.sip(),
    });
    let mut payload = with(conversation(leg), more);
    if leg.answered_at.get().is_some() {
        payload.insert("call_quality_stats".to_owned(), quality());
    } else {
        // A call that was never answered has no quality, and leaves an empty note out altogether.
        payload.insert("telnyx_error".to_owned(), Value::Null);
        if leg.client_state.is_none() {
            payload.remove("client_state");
        }
    }
    payload
}

/// Numbers as texts, as the carrier has them.
fn quality() -> Value {
    json!({
        "inbound": {
            "jitter_max_variance": "0.00",
            "jitter_packet_count": "0",
            "mos": "4.50",
            "packet_count": "1472",
            "skip_packet_count": "22",
        },
        "outbound": {"packet_count": "268", "skip_packet_count": "0"},
    })
}

pub(super) fn recording_saved(leg: &Leg) -> Payload {
    let ended_at = ended_at(leg);
    let started_at = leg.answered_at.get().copied().unwrap_or(leg.started_at);
    let more = json!({
        "calling_party_type": party(leg),
        "channels": "dual",
        "end_time": ended_at.to_string(),
        "format": "wav",
        "public_recording_urls": {},
        "recording_ended_at": ended_at.to_string(),
        "recording_id": leg.dice.uuid(),
        "recording_started_at": started_at.to_string(),
        "recording_urls": {"wav": presigned(leg, ended_at, "wav")},
        "start_time": leg.started_at.to_string(),
    });
    with(ids(leg), more)
}

/// A link of the shape that storage hands out for ten minutes: whoever has it can listen, which is
/// why a receiver must keep it out of its logs and events.
pub(crate) fn presigned(leg: &Leg, at: Timestamp, format: &str) -> String {
    let moment: String = at
        .to_string()
        .chars()
        .take(19)
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let day = moment.get(..8).unwrap_or_default();
    let (leg_id, organisation) = (leg.call_leg_id, leg.dice.uuid());
    let signature = format!("{}{}", leg.dice.uuid().simple(), leg.dice.uuid().simple());
    format!(
        "https://s3.amazonaws.com/telephony-recorder-prod/{organisation}/{day}/{leg_id}-{}.{format}\
         ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIASIMULATED%2F{day}%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date={moment}Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host\
         &X-Amz-Signature={signature}",
        at.seconds()
    )
}

/// When the leg ended; now, while it has not.
fn ended_at(leg: &Leg) -> Timestamp {
    let now = || leg.line.clock.now();
    leg.ended_at.get().copied().unwrap_or_else(now)
}

fn party(leg: &Leg) -> &'static str {
    match leg.direction {
        Direction::Incoming => "pstn",
        Direction::Outgoing => "sip",
    }
}

fn with(mut payload: Payload, more: Value) -> Payload {
    payload.extend(fields(more));
    payload
}

fn fields(value: Value) -> Payload {
    match value {
        Value::Object(fields) => fields,
        _ => Payload::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::dice::Dice;
    use crate::hands::{Hand, by_hand};
    use crate::hangup::HangupCause;
    use crate::leg::{Leg, Line};
    use crate::webhook::Webhook;
    use serde_json::{Map, Value, json};
    use std::time::Duration;

    fn caller() -> (Hand, Leg) {
        let clock = by_hand(Timestamp::parse("2026-11-21T01:40:00.123456Z").unwrap());
        let line = Line {
            clock: clock.clone().into(),
            connection_id: Some("2900000000000000001".to_owned()),
            number: "+15550109999".to_owned(),
        };
        (clock, Leg::incoming(line, Dice::seeded(1), "+15550100001"))
    }

    fn keys(webhook: &Webhook) -> Vec<&str> {
        webhook.payload.keys().map(String::as_str).collect()
    }

    fn assert_says(webhook: &Webhook, expected: Value) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(
                webhook.payload.get(key),
                Some(value),
                "{key} of {webhook:?}"
            );
        }
    }

    #[test]
    fn a_caller_rings_parked_and_incoming() {
        let (_, call) = caller();
        let ringing = call.initiated();
        assert_eq!(ringing.event_type, "call.initiated");
        assert_eq!(
            ringing.occurred_at.to_string(),
            "2026-11-21T01:40:00.123456Z"
        );
        assert_eq!(ringing.call_control_id().len(), 57);
        assert_says(
            &ringing,
            json!({
                "call_control_id": call.call_control_id, "call_leg_id": call.call_leg_id,
                "call_session_id": call.call_session_id, "caller_id_name": "+15550100001",
                "calling_party_type": "pstn", "client_state": null,
                "connection_id": "2900000000000000001", "direction": "incoming",
                "from": "+15550100001", "state": "parked", "to": "+15550109999",
                "start_time": "2026-11-21T01:40:00.123456Z",
            }),
        );
    }

    #[test]
    fn a_second_leg_shares_the_session_and_echoes_the_note() {
        let (_, call) = caller();
        let agent = call.second_leg(Some("Y2xhaW0=".to_owned()));
        assert_ne!(agent.call_control_id, call.call_control_id);
        let ringing = agent.initiated();
        assert_says(
            &ringing,
            json!({
                "call_session_id": call.call_session_id, "client_state": "Y2xhaW0=",
                "direction": "outgoing", "state": "bridging", "from": "+15550109999",
                "to": "sip:agent@sip.telnyx.com", "to_sip_uri": "agent@sip.telnyx.com",
            }),
        );
        assert_says(&agent.answered(), json!({"client_state": "Y2xhaW0="}));
        assert_says(
            &call.noted("claim").bridged(),
            json!({"client_state": "Y2xhaW0="}),
        );
    }

    #[test]
    fn the_direction_comes_with_the_first_event_only() {
        let (_, call) = caller();
        let later = [
            call.answered(),
            call.bridged(),
            call.hung_up(HangupCause::NormalClearing),
        ];
        for webhook in later {
            assert!(!keys(&webhook).contains(&"direction"), "{webhook:?}");
            assert!(!keys(&webhook).contains(&"state"), "{webhook:?}");
        }
    }

    #[test]
    fn a_conversation_that_ended_has_times_and_quality() {
        let (clock, call) = caller();
        clock.advance(Duration::from_secs(10));
        assert_says(
            &call.answered(),
            json!({"codec": "PCMU", "sampling_rate": 8000, "start_time": "2026-11-21T01:40:00.123456Z"}),
        );
        clock.advance(Duration::from_secs(50));
        let hung_up = call.hung_up(HangupCause::NormalClearing);
        assert_says(
            &hung_up,
            json!({
                "hangup_cause": "normal_clearing", "hangup_source": "caller",
                "sip_hangup_cause": "200", "client_state": null,
                "end_time": "2026-11-21T01:41:00.123456Z",
            }),
        );
        assert_eq!(
            hung_up.payload["call_quality_stats"]["inbound"]["mos"],
            "4.50"
        );
    }

    #[test]
    fn a_caller_who_gave_up_leaves_no_quality_and_no_note() {
        let (_, call) = caller();
        let hung_up = call.hung_up(HangupCause::OriginatorCancel);
        assert_says(
            &hung_up,
            json!({
                "hangup_cause": "originator_cancel", "hangup_source": "caller",
                "sip_hangup_cause": "487", "telnyx_error": null,
            }),
        );
        assert!(!keys(&hung_up).contains(&"call_quality_stats"));
        assert!(!keys(&hung_up).contains(&"client_state"));
    }

    #[test]
    fn a_recording_has_an_id_and_a_presigned_link_but_no_numbers() {
        let (clock, call) = caller();
        call.answered();
        clock.advance(Duration::from_secs(60));
        call.hung_up(HangupCause::NormalClearing);
        clock.advance(Duration::from_secs(5));
        let saved = call.recording_saved();
        assert_says(
            &saved,
            json!({
                "channels": "dual", "format": "wav", "public_recording_urls": {},
                "recording_started_at": "2026-11-21T01:40:00.123456Z",
                "recording_ended_at": "2026-11-21T01:41:00.123456Z",
            }),
        );
        let link = saved.payload["recording_urls"]["wav"].as_str().unwrap();
        assert!(
            link.contains(".wav?X-Amz-Algorithm=AWS4-HMAC-SHA256&"),
            "{link}"
        );
        assert!(
            link.contains("&X-Amz-Date=20261121T014100Z&X-Amz-Expires=600&"),
            "{link}"
        );
        for absent in ["from", "to", "direction"] {
            assert!(!keys(&saved).contains(&absent), "{absent}");
        }
        let again = call.recording_saved();
        assert_ne!(saved.payload["recording_id"], again.payload["recording_id"]);
    }

    #[test]
    fn an_event_unheard_of_carries_the_ids_and_whatever_is_added() {
        let (_, call) = caller();
        let extra = Map::from_iter([("mood".to_owned(), json!("cheerful"))]);
        let webhook = call.event("call.sang", extra);
        assert_eq!(webhook.event_type, "call.sang");
        assert_says(
            &webhook,
            json!({"mood": "cheerful", "call_control_id": call.call_control_id}),
        );
        assert_ne!(webhook.id, call.event("call.sang", Map::new()).id);
    }
}
