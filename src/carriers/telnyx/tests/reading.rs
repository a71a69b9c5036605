//! What is asked.

use super::{Exchange, LEG};
use crate::carriers::telnyx::Application;
use crate::carriers::{CallState, CarrierError};
use crate::domain::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;

#[tokio::test]
async fn a_call_is_alive_or_over_or_unknown() {
    let alive = json!({"data": {"record_type": "call", "is_alive": true, "call_duration": 5}});
    let Exchange {
        telnyx,
        anna,
        server,
        ..
    } = Exchange::saying("200 OK", alive).await;
    let state = telnyx.look(&anna, LEG).await.unwrap();
    assert_eq!(
        state,
        Some(CallState {
            is_alive: true,
            ended_at: None
        })
    );
    assert_eq!(server.taken()[0].line, "GET /v2/calls/v3%3Aabc_d-e%3D%3D");

    let over = json!({"data": {"is_alive": false, "end_time": "2026-11-21T11:59:00.5Z"}});
    let Exchange { telnyx, anna, .. } = Exchange::saying("200 OK", over).await;
    let ended_at = Timestamp::parse("2026-11-21T11:59:00.5Z");
    let state = telnyx.look(&anna, LEG).await.unwrap();
    assert_eq!(
        state,
        Some(CallState {
            is_alive: false,
            ended_at
        })
    );

    for (status, body) in [
        (
            "404 Not Found",
            r#"{"errors":[{"code":"10005","title":"Resource not found"}]}"#,
        ),
        (
            "422 No",
            r#"{"errors":[{"code":"90018","title":"Call has already ended"}]}"#,
        ),
    ] {
        let Exchange { telnyx, anna, .. } = Exchange::saying(status, body).await;
        assert_eq!(telnyx.look(&anna, LEG).await, Ok(None));
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_no_proof_that_a_call_is_over() {
    for (status, body) in [
        ("200 OK", r#"{"data":[]}"#),
        ("200 OK", "{}"),
        ("401 Unauthorized", "{}"),
        (
            "422 No",
            r#"{"errors":[{"code":"90015","title":"Invalid call_control_id"}]}"#,
        ),
        ("500 Oh", ""),
    ] {
        let Exchange { telnyx, anna, .. } = Exchange::saying(status, body).await;
        let error = telnyx.look(&anna, LEG).await.unwrap_err();
        assert!(!matches!(error, CarrierError::Ended(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_recording_comes_with_a_link_and_its_end() {
    let signed = "https://s3.amazonaws.com/r.mp3?X-Amz-Date=20261121T120500Z\
                  &X-Amz-Expires=300&X-Amz-Signature=5ec2e7";
    let recording = json!({
        "id": "r1", "status": "completed", "download_urls": {"mp3": signed, "wav": "https://w/w"},
    });
    let Exchange {
        telnyx,
        anna,
        server,
        ..
    } = Exchange::saying("200 OK", json!({"data": recording})).await;
    let found = telnyx.recording(&anna, "r1").await.unwrap().unwrap();
    assert_eq!(server.taken()[0].line, "GET /v2/recordings/r1");
    assert!(found.is_completed);
    assert!(!format!("{found:?}").contains("5ec2e7"));
    let link = found.link.unwrap();
    assert_eq!(link.url.expose_secret(), signed);
    assert_eq!(
        Some(link.expires_at),
        Timestamp::parse("2026-11-21T12:10:00Z")
    );

    let Exchange { telnyx, anna, .. } = Exchange::saying("404 Not Found", "{}").await;
    assert!(telnyx.recording(&anna, "r1").await.unwrap().is_none());
}

#[tokio::test]
async fn a_leg_may_have_recordings_without_a_link_that_can_be_given_out() {
    let all = json!({"data": [
        {"id": "1", "status": "completed", "download_urls": {"wav": "https://host/plain"}},
        {"id": "2", "status": "completed", "download_urls": {"mp3": "http://host/open"}},
        {"id": "3", "status": "completed", "download_urls": {"mp3": "gs://bucket/file"}},
        {"id": "4", "status": "processing"},
    ], "meta": {}});
    let Exchange {
        telnyx,
        anna,
        server,
        clock,
        ..
    } = Exchange::saying("200 OK", all).await;
    let found = telnyx.recordings_of_leg(&anna, "leg-1").await.unwrap();
    assert_eq!(
        server.taken()[0].line,
        "GET /v2/recordings?filter%5Bcall_leg_id%5D=leg-1&page%5Bsize%5D=250"
    );
    let completed: Vec<_> = found.iter().map(|one| one.is_completed).collect();
    assert_eq!(completed, [true, true, true, false]);
    let ends: Vec<_> = found
        .iter()
        .map(|one| one.link.as_ref().map(|l| l.expires_at))
        .collect();
    assert_eq!(
        ends,
        [Some(clock.now().plus_seconds(600)), None, None, None]
    );
}

#[tokio::test]
async fn an_application_tells_what_callboard_depends_on() {
    let told = json!({"data": {
        "application_name": "calls", "webhook_event_url": "https://example.com/h",
        "webhook_api_version": "2", "active": true,
        "outbound": {"channel_limit": null, "outbound_voice_profile_id": "12"},
    }});
    let Exchange {
        telnyx,
        anna,
        server,
        ..
    } = Exchange::saying("200 OK", told).await;
    let application = telnyx.application(&anna, "2963").await.unwrap();
    assert_eq!(
        server.taken()[0].line,
        "GET /v2/call_control_applications/2963"
    );
    let expected = Application {
        name: "calls".into(),
        webhook_event_url: Some("https://example.com/h".into()),
        webhook_api_version: "2".into(),
        is_active: true,
        has_outbound_profile: true,
    };
    assert_eq!(application, Some(expected));

    for outbound in [
        json!(null),
        json!({}),
        json!({"outbound_voice_profile_id": null}),
    ] {
        let told = json!({"data": {"active": false, "outbound": outbound}});
        let Exchange { telnyx, anna, .. } = Exchange::saying("200 OK", told).await;
        let application = telnyx.application(&anna, "2963").await.unwrap().unwrap();
        assert!(!application.has_outbound_profile && !application.is_active);
        assert_eq!(
            application.webhook_api_version, "1",
            "the default of Telnyx"
        );
    }
    let Exchange { telnyx, anna, .. } = Exchange::saying("404 Not Found", "{}").await;
    assert_eq!(telnyx.application(&anna, "2963").await, Ok(None));
}
