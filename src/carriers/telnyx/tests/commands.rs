//! What goes out.

use super::{Exchange, ID, KEY, LEG, OK};
use crate::carriers::telnyx::client_state;
use crate::carriers::{Channels, Dial};
use crate::domain::{ClaimId, CommandId};
use crate::providers::scripted::Step;
use base64::Engine as _;
use serde_json::json;
use uuid::Uuid;

fn transfer() -> Dial {
    Dial {
        to: "sip:anna@sip.telnyx.com".into(),
        shown: Some("+12025550133".into()),
        name: Some("Zoë <\"O'Hara\"> & Co.".into()),
        rings_s: 25,
        claim: ClaimId(ID),
    }
}

#[tokio::test]
async fn each_command_is_said_as_telnyx_wants_it() {
    let Exchange {
        server,
        telnyx,
        anna,
        ..
    } = Exchange::saying("200 OK", OK).await;
    telnyx.answer(&anna, LEG, ID).await.unwrap();
    telnyx.transfer(&anna, LEG, &transfer(), ID).await.unwrap();
    telnyx.hang_up(&anna, LEG, ID).await.unwrap();
    let dual = Channels::Dual;
    telnyx.start_recording(&anna, LEG, dual, ID).await.unwrap();
    telnyx.stop_playback(&anna, LEG, ID).await.unwrap();
    let id = ID.to_string();
    let expected = [
        ("answer", json!({"command_id": id})),
        (
            "transfer",
            json!({
                "to": "sip:anna@sip.telnyx.com", "from": "+12025550133",
                "from_display_name": "Zo OHara  Co.", "timeout_secs": 25,
                "target_leg_client_state": client_state(ClaimId(ID)), "command_id": id,
            }),
        ),
        ("hangup", json!({"command_id": id})),
        (
            "record_start",
            json!({"channels": "dual", "format": "mp3", "command_id": id}),
        ),
        ("playback_stop", json!({"stop": "all", "command_id": id})),
    ];
    let taken = server.taken();
    assert_eq!(taken.len(), expected.len());
    for (taken, (action, body)) in taken.iter().zip(expected) {
        let path = format!("POST /v2/calls/v3%3Aabc_d-e%3D%3D/actions/{action}");
        assert_eq!(taken.line, path);
        assert_eq!(taken.headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(taken.json(), body);
    }
}

#[tokio::test]
async fn a_transfer_that_telnyx_would_refuse_is_made_to_fit() {
    let Exchange {
        server,
        telnyx,
        anna,
        ..
    } = Exchange::saying("200 OK", OK).await;
    let odd = Dial {
        to: "sip:anna@x,123#".into(),
        shown: None,
        name: Some("日本".into()),
        rings_s: 1,
        ..transfer()
    };
    telnyx.transfer(&anna, LEG, &odd, ID).await.unwrap();
    let body = server.taken()[0].json();
    assert_eq!(
        (&body["to"], &body["timeout_secs"]),
        (&json!("sip:anna@x"), &json!(5))
    );
    assert!(body.get("from").is_none() && body.get("from_display_name").is_none());
    let long = Dial {
        name: Some("a".repeat(500)),
        ..transfer()
    };
    telnyx.transfer(&anna, LEG, &long, ID).await.unwrap();
    let name = server.taken()[1].json()["from_display_name"].clone();
    assert_eq!(name.as_str().unwrap().len(), 128);
    assert_eq!(format!("{odd:?}"), "Dial { .. }");
}

#[tokio::test]
async fn a_caller_who_waits_hears_a_ringing_tone_without_end() {
    let Exchange {
        server,
        telnyx,
        anna,
        ..
    } = Exchange::saying("200 OK", OK).await;
    telnyx.start_ringing(&anna, LEG, ID).await.unwrap();
    let taken = &server.taken()[0];
    assert!(taken.line.ends_with("/actions/playback_start"));
    let body = taken.json();
    assert_eq!(
        (&body["loop"], &body["audio_type"]),
        (&json!("infinity"), &json!("mp3"))
    );
    let sound = body["playback_content"].as_str().unwrap();
    let sound = base64::engine::general_purpose::STANDARD
        .decode(sound)
        .unwrap();
    // The first frame of MPEG 2.5, layer III.
    assert_eq!(sound[..2], [0xff, 0xe3]);
    assert!(sound.len() < 8192, "it goes out with every command");
}

#[tokio::test]
async fn a_command_is_repeated_under_the_same_id() {
    let steps = [
        Step::HangsUp,
        Step::says("502 Bad Gateway", "<html>"),
        Step::says(
            "429 Too Many Requests",
            r#"{"errors":[{"code":"10011","title":"Slow"}]}"#,
        ),
        Step::says("200 OK", OK),
    ];
    let Exchange {
        server,
        telnyx,
        anna,
        metrics,
        ..
    } = Exchange::doing(steps).await;
    telnyx.answer(&anna, LEG, ID).await.unwrap();
    let ids: Vec<_> = server
        .taken()
        .iter()
        .map(|t| t.json()["command_id"].clone())
        .collect();
    assert_eq!(ids, vec![json!(ID.to_string()); 4]);
    let line = "callboard_provider_requests_total\
                {provider=\"telnyx\",action=\"answer\",result=\"done\"} 1\n";
    assert!(
        metrics.encode().unwrap().contains(line),
        "one request, however many tries"
    );
}

#[test]
fn a_command_has_its_id_from_what_asked_for_it() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(
        CommandId::of(one, "answer", 1).0,
        CommandId::of(one, "answer", 1).0
    );
    let ids = [
        CommandId::of(one, "answer", 1).0,
        CommandId::of(one, "answer", 2).0,
        CommandId::of(one, "transfer", 1).0,
        CommandId::of(other, "answer", 1).0,
    ];
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(id.get_version_num(), 5);
        assert!(!ids[..at].contains(id));
    }
}
