//! The body of a webhook: it is read before anyone has vouched for it, and a call must not be lost
//! for an odd name in it.

use super::bytes::{much, near};
use super::tries;
use callboard::carriers::{Understood, Verified, understand};
use callboard::domain::{Carrier, LegEvent, LegNews, Timestamp};

/// Callers in the seeds: no sentence about a body repeats one.
const CALLER: &str = "3125550100";

const SEEDS: [&str; 5] = [
    r#"{"data":{"event_type":"call.initiated","id":"9f9301c2-a9db-41bf-a670-013af4c67e3a","occurred_at":"2026-05-19T23:30:15.038431Z","payload":{"call_control_id":"v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg","call_leg_id":"428c31b6-7af4-4bcb-b7f5-5013ef9657c1","call_session_id":"428c31b6-abf3-3bc1-b7f4-5013ef9657c1","client_state":null,"connection_id":"1684641123236054244","direction":"incoming","from":"+13125550100","state":"parked","to":"+13125550199"},"record_type":"event"},"meta":{"attempt":1,"delivered_to":"https://example.com/webhooks/telnyx"}}"#,
    r#"{"event_type":"call.hangup","id":7,"created_at":"2026-05-19T23:30:15Z","payload":{"call_control_id":"v3:1","client_state":"Y2I6MQ==","connection_id":1684641123236054244,"from":"+13125550100","hangup_cause":"originator_cancel","hangup_source":"caller"}}"#,
    r#"{"data":{"event_type":"call.recording.saved","id":"r","payload":{"call_leg_id":"428c31b6","channels":"dual","recording_id":"0ccc7b54","recording_started_at":"2026-05-19T23:30:15Z","recording_ended_at":"2026-05-19T23:31:15Z","recording_urls":{"wav":"https://s3.example/a.wav?X-Amz-Signature=0f"},"note":["https://s3.example/a.wav?x-amz-signature=0f"]}}}"#,
    r#"{"data":{"event_type":"call.bridged","payload":{"call_control_id":"v3:1","caller_id_name":"\ud83d\ude00","from":"sip:anna@example.com","to":"+13125550100"}}}"#,
    r#"{"data":{"event_type":"call.answered","payload":{"call_control_id":"v3:1","from":""}}}"#,
];

fn received() -> Timestamp {
    Timestamp::parse("2026-11-21T09:00:00Z").expect("a time")
}

/// A text that is kept: nothing that PostgreSQL cannot hold, and not too long for an index.
fn is_kept(text: Option<&str>, most: usize) -> bool {
    text.is_none_or(|text| text.len() <= most && !text.contains('\0'))
}

fn can_be_kept(understood: &Understood) {
    let Understood {
        event_type,
        webhook_id,
        leg,
        connection_id,
        news,
        ..
    } = understood;
    assert!(is_kept(Some(event_type), 512));
    assert!(is_kept(Some(webhook_id), 512));
    assert!(is_kept(connection_id.as_deref(), 1024));
    let named = leg.as_ref().map(|leg| leg.id.as_str());
    assert!(is_kept(named, 512));
    assert!(named.is_none_or(|name| !name.trim().is_empty()));
    let Some(LegEvent {
        news,
        handle,
        session,
        leg_id,
        from,
        to,
        caller_name,
        ..
    }) = news
    else {
        return;
    };
    // What is told of a leg says of which.
    assert_eq!(handle.id, named.unwrap_or_default());
    assert!(named.is_some() || leg_id.is_some());
    for id in [session, leg_id] {
        assert!(is_kept(id.as_deref(), 512));
    }
    for text in [from, to, caller_name] {
        assert!(is_kept(text.as_deref(), 1024));
    }
    match news {
        LegNews::HungUp { cause, source } => {
            assert!(is_kept(cause.as_deref(), 1024) && is_kept(source.as_deref(), 1024));
        }
        LegNews::Recorded { id, channels, .. } => {
            assert!(is_kept(id.as_deref(), 512) && is_kept(channels.as_deref(), 1024));
        }
        LegNews::Initiated(_) | LegNews::Answered | LegNews::Bridged => {}
    }
}

fn is_read(bytes: Vec<u8>) {
    let body = Verified::unsigned(bytes).into_body();
    let understood = match understand(Carrier::Telnyx, &body, received()) {
        Ok(understood) => understood,
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.contains(CALLER), "{sentence}");
            return;
        }
    };
    can_be_kept(&understood);
    // A webhook that could not be applied is read once more from what was kept of it.
    let kept = understood.without_links.as_deref().unwrap_or(&body);
    let again = understand(Carrier::Telnyx, kept, received()).expect("what was understood before");
    assert_eq!(again.without_links, None, "a link was kept: {kept}");
    // Its id is known by then, be it the hash of what came first.
    let expected = Understood {
        without_links: None,
        webhook_id: again.webhook_id.clone(),
        ..understood
    };
    assert_eq!(again, expected);
    assert!(
        !kept.to_ascii_lowercase().contains("?x-amz-signature=0f"),
        "{kept}"
    );
}

#[test]
fn any_body_is_understood_within_our_limits_or_refused_in_a_sentence() {
    tries(6000, near(&SEEDS), is_read);
}

#[test]
fn a_body_of_any_size_is_read_in_time() {
    tries(60, much(1024 * 1024), is_read);
}
