//! Answered calls are recorded, and what was recorded can be listened to for some minutes.

use crate::support::World;
use crate::support::exchange::Line;
use crate::support::http::Reply;
use crate::support::patience::soon;
use crate::support::wiretap::Wiretap;
use callboard::config::Recording;
use callboard::domain::{Timestamp, UserId};
use callboard_simulator::{Caller, ExchangeSettings, Fault, Outcome, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tracing::Level;

const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
const STEP: Duration = Duration::from_millis(20);

async fn an_answered_call_is_recorded_with_its_two_sides_apart(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;

    let asked = begins(&line).await;

    assert_eq!(asked.leg.as_deref(), Some(caller.id()));
    let id = &asked.body["command_id"];
    let body = json!({"channels": "dual", "format": "mp3", "command_id": id});
    assert_eq!(asked.body, body);
    assert!(caller.is_recorded());
}

async fn a_call_is_recorded_on_one_channel_where_that_is_wanted(world: World) {
    let world = world.configured(|config| config.calls.recording = Recording::Single);
    let line = world.line().await;
    line.talk(line.world.anna, ANNAS_PHONE).await;

    assert_eq!(begins(&line).await.body["channels"], "single");
}

async fn a_call_is_not_recorded_where_that_is_not_wanted(world: World) {
    let world = world.configured(|config| config.calls.recording = Recording::Off);
    let line = world.line().await;
    line.talk(line.world.anna, ANNAS_PHONE).await;

    line.owes_no("record").await;
    assert!(line.asked("record_start").is_empty());
}

async fn recording_is_tried_again_until_there_is_something_to_hear(world: World) {
    let late = Duration::from_secs(6);
    let silent = ExchangeSettings {
        audio_after: late,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(silent).await;
    let unanswered = Fault::refusal(422, "90034", "/call_control_id");
    line.exchange.faults().next(1, "record_start", unanswered);
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;

    let begun = |asked: &Request| asked.action == "record_start" && asked.effect;
    line.world
        .wind_until(STEP, line.exchange.hears(begun))
        .await;

    assert!(caller.is_recorded());
    // Each refusal was the carrier's last word on that command, so each try is a new one.
    let asked = line.asked("record_start");
    let ids: BTreeSet<_> = asked.iter().map(|one| one.command_id.clone()).collect();
    assert!(asked.len() >= 3 && ids.len() == asked.len(), "{asked:#?}");
}

async fn recording_whose_outcome_is_unknown_is_asked_for_with_the_same_id(world: World) {
    let line = world.line().await;
    // All tries of one request, so that another request follows.
    line.exchange
        .faults()
        .next(4, "record_start", Fault::status(503).with_effect());
    line.talk(line.world.anna, ANNAS_PHONE).await;

    line.world.wind_until(STEP, line.owes_no("record")).await;

    let asked = line.asked("record_start");
    assert_eq!(asked.len(), 5);
    assert!(
        asked
            .iter()
            .all(|one| one.command_id == asked[0].command_id),
        "{asked:#?}"
    );
}

async fn nobody_waits_for_a_recording_to_begin(world: World) {
    let line = world.line().await;
    line.exchange
        .faults()
        .until_lifted("record_start", Fault::hangs());

    // Both calls are answered and talk while the first one's recording hangs.
    let (first, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    begins(&line).await;
    line.talk(line.world.anna, ANNAS_PHONE).await;

    first.hangs_up();
    line.ended(first.id()).await;
}

async fn a_saved_recording_is_on_the_call_and_its_link_nowhere(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    // Nothing but a link names the leg like this.
    let in_a_link = format!("{}-", caller.leg().call_leg_id);
    let wiretap = Wiretap::listens_for(vec![in_a_link.clone()]);

    let row = recorded(&line, &caller).await;

    let recordings = row["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), 1);
    let names: Vec<&str> = recordings[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["channels", "ended_at", "id", "started_at"]);
    assert_eq!(recordings[0]["channels"], "dual");
    assert!(recordings[0]["ended_at"].is_string() && recordings[0]["started_at"].is_string());
    let link = link(&line, line.world.anna, &caller).await.json();
    assert!(link["url"].as_str().unwrap().contains(&in_a_link));
    for needle in [in_a_link.as_str(), "X-Amz-Signature"] {
        let dump = line.world.database.dump();
        let kept = dump
            .windows(needle.len())
            .any(|bytes| bytes == needle.as_bytes());
        assert!(!kept, "{needle} is in the database");
    }
    assert_eq!(wiretap.heard(Level::TRACE), Vec::<String>::new());
    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.updated"));
}

async fn a_call_may_have_several_recordings(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let mut saved = caller.leg().recording_saved();
        let at = line.world.clock.now().to_string();
        saved
            .payload
            .insert("recording_started_at".into(), json!(at));
        told.push(saved);
        line.world.clock.advance(Duration::from_secs(1));
    }
    // The later one is told first.
    for saved in told.iter().rev() {
        assert_eq!(
            line.carrier.deliver(saved).await.outcome,
            Outcome::Acknowledged
        );
    }

    let row = line.row(caller.id()).await;
    let ids: Vec<&Value> = row["recordings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    let sent: Vec<&Value> = told
        .iter()
        .map(|saved| &saved.payload["recording_id"])
        .collect();
    assert_eq!(ids, sent);
}

async fn a_recording_that_failed_changes_nothing(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let (before, seq) = (
        line.row(caller.id()).await,
        line.world.last_seq(&line.world.acme).await,
    );
    let reason = json!({"reason": "Failed to upload"});
    let failed = caller
        .leg()
        .event("call.recording.error", reason.as_object().unwrap().clone());

    let delivery = line.carrier.deliver(&failed).await;

    assert_eq!(delivery.outcome, Outcome::Acknowledged);
    assert_eq!(line.row(caller.id()).await, before);
    assert_eq!(line.world.last_seq(&line.world.acme).await, seq);
}

async fn a_recording_is_listened_to_by_a_fresh_link(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    let row = recorded(&line, &caller).await;

    let reply = link(&line, line.world.ben, &caller).await;

    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (200, Some("no-store"))
    );
    let body = reply.json();
    assert!(
        body["url"].as_str().unwrap().starts_with("https://"),
        "{body}"
    );
    let until = Timestamp::parse(body["expires_at"].as_str().unwrap()).unwrap();
    let left = until.micros_since(line.world.clock.now()) / 1_000_000;
    assert!((1..=600).contains(&left), "{left} s");
    let asked = line.asked("recording");
    assert_eq!(asked[0].leg.as_deref(), row["recordings"][0]["id"].as_str());
    // Each time the carrier makes a new one.
    assert_ne!(
        link(&line, line.world.ben, &caller).await.json()["url"],
        body["url"]
    );
}

async fn a_recording_without_an_id_is_found_by_its_leg(world: World) {
    let nameless = ExchangeSettings {
        recording_named: false,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(nameless).await;
    let caller = line.exchange.rings("+15550100").await;
    recorded(&line, &caller).await;

    let reply = link(&line, line.world.anna, &caller).await;

    assert_eq!(reply.status, 200, "{}", reply.text());
    let url = reply.json()["url"].as_str().unwrap().to_owned();
    assert!(url.contains(&caller.leg().call_leg_id.to_string()));
    assert!(line.asked("recording").is_empty());
    assert_eq!(line.asked("recordings").len(), 1);
}

async fn a_recording_that_is_not_there_or_anothers_is_not_found(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    let row = recorded(&line, &caller).await;
    let (anna, mallory) = (line.world.anna, line.world.mallory);
    let path = line.path(caller.id()).await;
    let id = row["recordings"][0]["id"].as_str().unwrap();
    let none = json!({"error": "Recording not found"});
    for (who, path) in [
        (mallory, format!("{path}/recordings/{id}")),
        (anna, format!("{path}/recordings/another")),
        (
            anna,
            format!("/api/calls/{}/recordings/{id}", uuid::Uuid::new_v4()),
        ),
        (anna, format!("/api/calls/nonsense/recordings/{id}")),
    ] {
        let reply = line.node.reads(&line.world, who, &path).await;
        assert_eq!((reply.status, reply.json()), (404, none.clone()), "{path}");
    }
    assert!(line.asked("recording").is_empty());
    // The carrier deletes recordings after a while.
    line.exchange
        .faults()
        .next(1, "recording", Fault::status(404));
    let gone = link(&line, anna, &caller).await;
    assert_eq!((gone.status, gone.json()), (404, none));
}

async fn a_recording_that_is_still_worked_on_is_not_ready(world: World) {
    let slow = Duration::from_secs(30);
    let busy = ExchangeSettings {
        recording_ready_after: slow,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(busy).await;
    let caller = line.exchange.rings("+15550100").await;
    recorded(&line, &caller).await;

    let early = link(&line, line.world.anna, &caller).await;
    line.world.clock.advance(slow);
    let later = link(&line, line.world.anna, &caller).await;

    assert_eq!(early.status, 409);
    assert_eq!(
        early.error(),
        "The recording is not ready yet; try again in a moment"
    );
    assert_eq!(later.status, 200);
}

async fn a_recording_cannot_be_had_while_the_carrier_fails(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    recorded(&line, &caller).await;
    line.exchange
        .faults()
        .until_lifted("recording", Fault::status(503));

    let failing = link(&line, line.world.anna, &caller);
    let reply = line.world.wind_until(STEP, failing).await;

    assert_eq!(reply.status, 502);
    assert!(
        reply.error().ends_with("Try again soon"),
        "{}",
        reply.text()
    );
}

on_each_database!(
    an_answered_call_is_recorded_with_its_two_sides_apart,
    a_call_is_recorded_on_one_channel_where_that_is_wanted,
    a_call_is_not_recorded_where_that_is_not_wanted,
    recording_is_tried_again_until_there_is_something_to_hear,
    recording_whose_outcome_is_unknown_is_asked_for_with_the_same_id,
    nobody_waits_for_a_recording_to_begin,
    a_saved_recording_is_on_the_call_and_its_link_nowhere,
    a_call_may_have_several_recordings,
    a_recording_that_failed_changes_nothing,
    a_recording_is_listened_to_by_a_fresh_link,
    a_recording_without_an_id_is_found_by_its_leg,
    a_recording_that_is_not_there_or_anothers_is_not_found,
    a_recording_that_is_still_worked_on_is_not_ready,
    a_recording_cannot_be_had_while_the_carrier_fails,
);

/// The request with which a recording begins.
async fn begins(line: &Line) -> Request {
    let begins = |asked: &Request| asked.action == "record_start";
    soon("a recording to begin", line.exchange.hears(begins)).await
}

/// The caller talks to Anna, hangs up, and what was recorded is saved: the call then.
async fn recorded(line: &Line, caller: &Caller) -> Value {
    line.does(line.world.anna, "answer", caller).await;
    let phone = line.exchange.phone(ANNAS_PHONE);
    let _agent = soon("a phone", phone.rings()).await.answers();
    begins(line).await;
    line.owes_no("record").await;
    line.world.clock.advance(Duration::from_secs(10));
    caller.hangs_up();
    let saved = async {
        let is_saved = |row: &Value| {
            row["recordings"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        };
        line.when(caller.id(), "a recording", is_saved).await
    };
    line.world.wind_until(STEP, saved).await
}

/// What that person gets who wants to hear the call's first recording.
async fn link(line: &Line, who: UserId, caller: &Caller) -> Reply {
    let row = line.row(caller.id()).await;
    let id = row["recordings"][0]["id"].as_str().expect("a recording");
    let path = format!("{}/recordings/{id}", line.path(caller.id()).await);
    line.node.reads(&line.world, who, &path).await
}
