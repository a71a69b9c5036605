use super::{Acks, Deeds, Judge, Plan};
use crate::cli::demo::torture::verdict::Verdict;
use crate::clock::Clock;
use callboard_simulator::Timestamp;
use callboard_simulator::browser::Event;
use callboard_simulator::{Carrier, CarrierSettings, Cast, Life, Side, SigningKey, Traffic};
use serde_json::{Value, json};
use uuid::Uuid;

const MINUTE: i64 = 60_000_000;

fn traffic() -> Traffic {
    Traffic {
        seed: 7,
        lives: vec![(Life::Recorded, 1)],
        ..Traffic::default()
    }
}

fn carrier() -> Carrier {
    let url = "http://127.0.0.1:9/".parse().unwrap();
    let key = SigningKey::from_seed([7; 32]).unwrap();
    Carrier::new(CarrierSettings::new(url, key, Clock::system())).unwrap()
}

/// One recorded call as it was really sent: its webhooks, and the events of a server without fault.
struct Story {
    acks: Vec<(Uuid, Timestamp)>,
    events: Vec<Value>,
}

fn story() -> Story {
    let plan = traffic().plans().next().unwrap();
    let caller = carrier().new_call_by(plan.dice, &plan.from);
    let handle = caller.call_control_id.clone();
    let mut cast = Cast::new(caller);
    let mut story = Story {
        acks: Vec::new(),
        events: Vec::new(),
    };
    for (number, step) in (1..).zip(plan.steps) {
        let webhook = cast.play(&step.step);
        let at = Timestamp::from_micros(number * MINUTE);
        story.acks.push((webhook.id, at));
        if step.step.side == Side::Agent {
            continue;
        }
        let (kind, status) = match webhook.event_type.as_str() {
            "call.initiated" => ("call.incoming", "incoming"),
            "call.bridged" => ("call.answered", "answered"),
            "call.hangup" => ("call.ended", "ended"),
            _ => ("call.updated", "ended"),
        };
        story.events.push(json!({
            "type": kind, "seq": story.events.len() + 1, "actor": null,
            "occurred_at": at.to_string(), "received_at": at.to_string(),
            "recorded_at": at.to_string(),
            "call": {"id": "c1", "call_control_id": handle, "status": status},
        }));
    }
    story
}

fn judge(story: &Story) -> Judge {
    let plan = Plan::replay(&carrier(), &traffic(), 1);
    let mut judge = plan.judge(
        Acks::from_iter(story.acks.iter().copied()),
        Deeds::default(),
    );
    for (id, _) in &story.acks {
        judge.stored(*id);
    }
    for event in &story.events {
        let text = event.to_string();
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        judge.event(&event, &text);
    }
    judge
}

fn verdict(story: &Story) -> Verdict {
    let mut judge = judge(story);
    let verdict = Verdict {
        kills: 1,
        clicks: 1,
        ..judge.verdict()
    };
    assert_eq!(judge.examples().is_empty(), verdict.withstood());
    verdict
}

#[test]
fn a_server_without_fault_withstands() {
    let story = story();
    let judged = verdict(&story);
    assert!(judged.withstood(), "{judged}");
    assert_eq!(judged.acknowledged, 8);
    let reading = judge(&story).reading();
    assert_eq!(reading.head, 4);
    assert_ne!(reading.digest, 0);
}

#[test]
fn an_acknowledged_webhook_without_an_event_is_lost() {
    for missing in 0..4 {
        let mut story = story();
        story.events.remove(missing);
        for (seq, event) in (1..).zip(&mut story.events) {
            event["seq"] = json!(seq);
        }
        let judged = verdict(&story);
        assert_eq!(judged.lost, 1, "event {missing}: {judged}");
    }
}

#[test]
fn an_acknowledged_webhook_that_is_not_stored_is_lost_even_if_it_shows_nothing() {
    let story = story();
    let plan = Plan::replay(&carrier(), &traffic(), 1);
    let mut judge = plan.judge(
        Acks::from_iter(story.acks.iter().copied()),
        Deeds::default(),
    );
    // The second is the agent's leg, which no event tells of.
    for (id, _) in story.acks.iter().take(1).chain(story.acks.iter().skip(2)) {
        judge.stored(*id);
    }
    for event in &story.events {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        judge.event(&event, "");
    }
    assert_eq!(judge.verdict().lost, 1);
}

#[test]
fn a_webhook_that_was_never_acknowledged_owes_nothing() {
    let mut story = story();
    story.acks.pop();
    story.events.pop();
    assert_eq!(verdict(&story).lost, 0);
}

#[test]
fn without_its_beginning_a_call_owes_nothing() {
    let mut story = story();
    story.acks.remove(0);
    story.events.clear();
    assert_eq!(verdict(&story).lost, 0);
}

#[test]
fn an_event_that_is_there_twice_is_counted() {
    let mut repeated = story();
    let mut again = repeated.events[3].clone();
    again["seq"] = json!(5);
    repeated.events.push(again);
    assert_eq!(verdict(&repeated).twice, 1);

    let mut renumbered = story();
    let again = renumbered.events[3].clone();
    renumbered.events.push(again);
    assert!(verdict(&renumbered).twice > 0);
}

#[test]
fn a_number_that_is_missing_is_a_gap() {
    let mut story = story();
    story.events[3]["seq"] = json!(6);
    assert_eq!(verdict(&story).gaps, 2);
}

#[test]
fn a_call_that_goes_backward_is_out_of_order() {
    let mut story = story();
    story.events[3]["call"]["status"] = json!("answered");
    assert_eq!(verdict(&story).out_of_order, 1);
}

/// What is wrong when one call's events come in this order.
fn out_of_order(events: &[(&str, &str)]) -> u64 {
    let mut story = story();
    story.acks.clear();
    let told = story.events[0].clone();
    story.events.clear();
    for (number, (kind, status)) in (1..).zip(events) {
        let mut event = told.clone();
        event["seq"] = json!(number);
        event["type"] = json!(format!("call.{kind}"));
        event["call"]["status"] = json!(status);
        event["occurred_at"] = json!(Timestamp::from_micros(number).to_string());
        story.events.push(event);
    }
    judge(&story).verdict().out_of_order
}

#[test]
fn a_claim_may_be_released_and_nobody_takes_a_call_that_somebody_has() {
    let rings = ("incoming", "incoming");
    let taken = ("answering", "answering");
    let back = ("released", "incoming");
    let answered = ("answered", "answered");
    assert_eq!(out_of_order(&[rings, taken, back, taken, answered]), 0);
    assert_eq!(out_of_order(&[rings, taken, taken]), 1, "two winners");
    assert_eq!(out_of_order(&[rings, back]), 1, "nothing to release");
    assert_eq!(out_of_order(&[rings, taken, answered, back]), 1);
    let falls = ("updated", "incoming");
    assert_eq!(out_of_order(&[rings, taken, falls]), 1, "without a word");
    assert_eq!(out_of_order(&[taken]), 1, "it never rang");
}

#[test]
fn a_webhook_that_nobody_planned_spoils_the_proof() {
    let mut story = story();
    story
        .acks
        .push((Uuid::from_u128(1), Timestamp::from_micros(0)));
    assert_eq!(verdict(&story).otherwise, 1);
}
