//! Webhooks that come before the `call.initiated` of their leg.

use super::super::super::append::{Append, Meaning};
use super::super::database::Database;
use super::super::play::play_in;
use super::super::story::{Line, Story, hangup, recording, second};
use crate::domain::{LegNews, Status, Timestamp};
use crate::store::batch::WebhookOutcome;

fn occurred(played: &Database) -> Vec<Timestamp> {
    let events = played.events.iter();
    events.map(|new| new.of_call().moment.occurred).collect()
}

#[test]
fn what_waited_is_told_in_order_in_the_batch_of_call_initiated() {
    let before = Story::new()
        .at(9)
        .recorded("r1", 2)
        .at(5)
        .caller_hangs_up()
        .at(1)
        .caller_answers()
        .caller_is_bridged()
        .into_appends();
    let mut played = play_in(&before, &[1, 1, 1, 1]);
    assert!(played.told().is_empty() && played.calls.is_empty());
    assert_eq!(played.outcomes(), [Some(WebhookOutcome::Held); 4]);

    played.commit(&Story::new().rings("+15550100").into_appends());
    played.check();
    let events = ["incoming", "answered", "updated", "ended hangup", "updated"];
    assert_eq!(played.told(), events);
    assert_eq!(occurred(&played), [0, 1, 2, 5, 9].map(second));
    let applied = |(_, outcome): &_| *outcome == WebhookOutcome::Applied;
    assert!(played.webhooks.values().all(applied));
}

#[test]
fn the_first_event_shows_the_call_as_it_rang() {
    let played = Story::new()
        .at(5)
        .caller_hangs_up()
        .at(0)
        .rings("+15550100")
        .play();
    let first = &played.events[0].of_call().call;
    assert_eq!(first.status, Status::Incoming);
    assert_eq!((first.ended_at, &first.hangup_cause), (None, &None));
}

#[test]
fn an_unmarked_leg_of_an_agent_waits_too_and_then_tells_when_it_was_answered() {
    let phone = Line::unmarked("phone");
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .at(4)
        .hears(&phone, LegNews::Answered)
        .at(8)
        .hears(&phone, hangup("normal_clearing"))
        .at(2)
        .begins(&phone)
        .play();
    assert_eq!(played.outcomes()[1..3], [Some(WebhookOutcome::Held); 2]);
    let events = ["incoming", "answering by anna", "answered", "updated"];
    assert_eq!(played.told(), events);
    assert_eq!(occurred(&played), [0, 1, 4, 8].map(second));
}

#[test]
fn a_batch_tells_a_shuffled_call_in_its_order() {
    let shuffled = Story::new()
        .at(5)
        .caller_hangs_up()
        .at(2)
        .caller_answers()
        .at(0)
        .rings("+15550100");
    let played = shuffled.play_at_once();
    assert_eq!(played.told(), ["incoming", "answered", "ended hangup"]);
    assert_eq!(played.outcomes(), [Some(WebhookOutcome::Applied); 3]);
}

#[test]
fn an_outgoing_call_of_the_agency_is_never_shown() {
    let line = Line::unmarked("outgoing").in_session(Some("of its own"));
    let played = Story::new()
        .hears(&line, LegNews::Answered)
        .begins(&line)
        .hears(&line, hangup("normal_clearing"))
        .play();
    assert!(played.told().is_empty());
}

#[test]
fn a_recording_that_names_only_the_stable_id_of_its_leg_finds_it() {
    let unnamed = Line::caller().unnamed();
    let after = Story::new()
        .rings("+15550100")
        .hears(&unnamed, recording("r1", 0))
        .play();
    assert_eq!(after.told(), ["incoming", "updated"]);

    let before = Story::new()
        .at(1)
        .hears(&unnamed, recording("r1", 0))
        .at(0)
        .rings("+15550100")
        .at(2)
        .hears(&unnamed, recording("r2", 1))
        .play();
    assert_eq!(before.outcomes()[0], Some(WebhookOutcome::Held));
    assert_eq!(before.told(), ["incoming", "updated", "updated"]);
    assert_eq!(before.call().recordings.len(), 2);
}

#[test]
fn an_event_that_names_no_leg_at_all_is_kept_and_changes_nothing() {
    let line = Line {
        leg_id: None,
        ..Line::caller().unnamed()
    };
    let played = Story::new()
        .rings("+15550100")
        .hears(&line, recording("r1", 0))
        .hears(&line, hangup("normal_clearing"))
        .play();
    assert_eq!(played.outcomes()[1..], [Some(WebhookOutcome::Ignored); 2]);
    assert_eq!(played.told(), ["incoming"]);
}

#[test]
fn what_means_nothing_to_calls_is_stored_and_changes_nothing() {
    let meanings = [
        (Meaning::Nothing, WebhookOutcome::Ignored),
        (Meaning::OtherConnection, WebhookOutcome::OtherConnection),
        (Meaning::Unusable, WebhookOutcome::Failed),
    ];
    for (meaning, outcome) in meanings {
        let mut appends = Story::new().rings("+15550100").into_appends();
        for append in &mut appends {
            if let Append::Webhook(webhook) = append {
                webhook.meaning = meaning.clone();
            }
        }
        let played = play_in(&appends, &[]);
        assert_eq!(played.outcomes(), [Some(outcome)]);
        assert!(played.told().is_empty() && played.legs.is_empty());
        assert_eq!(played.webhooks.len(), 1);
    }
}
