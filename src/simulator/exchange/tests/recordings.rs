//! Recordings: begun, ended, saved later, fetched.

use super::{World, payload, words};
use crate::exchange::ExchangeSettings;
use serde_json::json;
use std::time::Duration;

#[actix_web::test]
async fn a_recording_is_saved_after_the_end_and_fetched_by_fresh_links() {
    let world = World::by_default();
    let (caller, _) = world.talk().await;
    let shape = json!({"channels": "single", "format": "mp3"});
    world.tells(caller.id(), "record_start", shape).await;
    assert!(caller.is_recorded());
    world.clock.advance(Duration::from_secs(60));
    caller.hangs_up();
    let leg = caller.leg().call_leg_id;
    let filtered = format!("/recordings?filter[call_leg_id]={leg}");
    assert_eq!(world.reads(&filtered).await.1["data"], json!([]));
    world.hears(8).await;
    world.clock.advance(Duration::from_secs(2));
    let saved = world.hears(9).await;
    assert_eq!(saved.event_type(), "call.recording.saved");
    let saved = payload(&saved);
    assert_eq!(
        (&saved["channels"], &saved["call_leg_id"]),
        (&json!("single"), &json!(leg))
    );
    let link = saved["recording_urls"]["mp3"].as_str().unwrap();
    assert!(
        link.contains("X-Amz-Date=20261121T120102Z&X-Amz-Expires=600"),
        "{link}"
    );

    world.clock.advance(Duration::from_secs(600));
    let id = saved["recording_id"].as_str().unwrap();
    let (status, one) = world.reads(&format!("/recordings/{id}")).await;
    assert_eq!(
        (status, &one["data"]["duration_millis"]),
        (200, &json!(60_000))
    );
    let fresh = one["data"]["download_urls"]["mp3"].as_str().unwrap();
    assert!(fresh.contains("X-Amz-Date=20261121T121102Z"), "{fresh}");
    let (_, page) = world.reads(&filtered).await;
    assert_eq!(page["data"][0]["id"], json!(id));
    assert_eq!(page["meta"]["total_results"], 1);
    assert_eq!(
        world
            .reads("/recordings/10cd86ac-fef8-4765-b203-0f7511f9fc75")
            .await
            .0,
        404
    );
    let other = "/recordings?filter[call_leg_id]=10cd86ac-fef8-4765-b203-0f7511f9fc75";
    assert_eq!(world.reads(other).await.1["data"], json!([]));
}

#[actix_web::test]
async fn a_recording_may_come_without_its_id() {
    let world = World::open(ExchangeSettings {
        recording_named: false,
        ..ExchangeSettings::default()
    });
    let caller = world.exchange.rings("+15550100").await;
    let answered = json!({"record": "record-from-answer"});
    let answer = world.tells(caller.id(), "answer", answered).await;
    world.tells(caller.id(), "record_stop", json!({})).await;
    assert!(!caller.is_recorded());
    world.hears(2).await;
    world.clock.advance(Duration::from_secs(2));
    let saved = world.hears(3).await;
    assert_eq!(words(&saved), "caller recording.saved");
    let saved = payload(&saved);
    assert!(saved.get("recording_id").is_none() && saved.get("call_control_id").is_none());
    let id = answer["data"]["recording_id"].as_str().unwrap();
    assert_eq!(world.reads(&format!("/recordings/{id}")).await.0, 200);
}
