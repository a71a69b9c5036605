//! A call's life, and what comes late.

use super::super::story::{Line, Story, hangup, recording, second, user};
use crate::domain::{LegNews, Mark, Status};

#[test]
fn an_answered_call_from_ring_to_recording() {
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .phone_answers("anna")
        .caller_is_bridged()
        .caller_hangs_up()
        .recorded("r1", 3)
        .play();
    let events = [
        "incoming",
        "answering by anna",
        "answered",
        "ended hangup",
        "updated",
    ];
    assert_eq!(played.told(), events);
    let call = played.call();
    assert_eq!(call.status, Status::Ended);
    assert_eq!(call.from_number.as_deref(), Some("+15550100"));
    assert_eq!(call.call_session_id.as_deref(), Some("session"));
    assert_eq!(call.answered_by, Some(user("anna")));
    assert_eq!(call.answered_by_name.as_deref(), Some("anna"));
    assert_eq!(call.created_at, second(0));
    assert_eq!(call.answered_at, Some(second(3)));
    assert_eq!(call.ended_at, Some(second(5)));
    assert_eq!(call.hangup_cause.as_deref(), Some("normal_clearing"));
    assert_eq!(call.recordings.len(), 1);
}

#[test]
fn an_event_carries_the_carriers_time_and_a_commands_carries_ours() {
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .at(7)
        .phone_answers("anna")
        .play();
    let moments: Vec<_> = played
        .events
        .iter()
        .map(|new| (new.of_call().moment.occurred, new.published.recorded_at))
        .collect();
    let expected = [
        (second(0), second(1001)),
        (second(1), second(1002)),
        (second(7), second(1003)),
    ];
    assert_eq!(moments, expected);
}

#[test]
fn a_caller_answered_with_no_claim_is_answered_by_nobody() {
    let played = Story::new().rings("+15550100").caller_answers().play();
    assert_eq!(played.told(), ["incoming", "answered"]);
    let call = played.call();
    assert_eq!(call.answered_at, Some(second(1)));
    assert_eq!(call.caller_answered_at, Some(second(1)));
    assert_eq!((call.answered_by, call.connected), (None, false));
}

#[test]
fn a_bridge_of_the_callers_leg_answers_and_connects() {
    let played = Story::new().rings("+15550100").caller_is_bridged().play();
    assert_eq!(played.told(), ["incoming", "answered"]);
    assert!(played.call().connected);
}

#[test]
fn a_call_that_nobody_takes_ends() {
    let played = Story::new().rings("+15550100").caller_hangs_up().play();
    assert_eq!(played.told(), ["incoming", "ended hangup"]);
    let call = played.call();
    assert_eq!((call.answered_at, call.answered_by), (None, None));
}

#[test]
fn nothing_moves_an_ended_call() {
    let played = Story::new()
        .rings("+15550100")
        .at(9)
        .caller_hangs_up()
        .at(3)
        .caller_answers()
        .caller_is_bridged()
        .claims("anna")
        .phone_answers("anna")
        .play();
    let events = ["incoming", "ended hangup", "updated", "updated"];
    assert_eq!(played.told(), events[..3]);
    assert_eq!(played.commands(), ["gone"]);
    let call = played.call();
    assert_eq!(call.status, Status::Ended);
    assert_eq!(call.answered_at, Some(second(3)), "filled though late");
    assert!(!call.connected);
}

#[test]
fn an_earlier_answer_that_comes_late_moves_answered_at_back() {
    let played = Story::new()
        .rings("+15550100")
        .at(8)
        .caller_is_bridged()
        .at(6)
        .caller_answers()
        .play();
    assert_eq!(played.told(), ["incoming", "answered", "updated"]);
    assert_eq!(played.call().answered_at, Some(second(6)));
}

#[test]
fn a_repeat_is_known_by_its_id_and_changes_nothing() {
    let played = Story::new()
        .rings("+15550100")
        .again()
        .caller_answers()
        .again()
        .caller_hangs_up()
        .again()
        .play();
    assert_eq!(played.told(), ["incoming", "answered", "ended hangup"]);
    let repeats = played.outcomes().iter().filter(|o| o.is_none()).count();
    assert_eq!(repeats, 3);
    let at_once = Story::new().rings("+1").again().again().play_at_once();
    assert_eq!(at_once.told(), ["incoming"]);
}

#[test]
fn a_late_number_fills_what_was_empty() {
    let caller = Line::caller();
    let played = Story::new()
        .begins(&caller)
        .hears(&caller.clone().from("+15550100"), LegNews::Answered)
        .hears(&caller.from("+15550199"), hangup("normal_clearing"))
        .play();
    assert_eq!(played.call().from_number.as_deref(), Some("+15550100"));
}

#[test]
fn a_later_number_does_not_overwrite_what_call_initiated_said() {
    let played = Story::new()
        .at(5)
        .rings("+15550100")
        .at(2)
        .hears(&Line::caller().from("+15550199"), LegNews::Answered)
        .play();
    assert_eq!(played.call().from_number.as_deref(), Some("+15550100"));
}

#[test]
fn an_empty_number_is_kept_as_sent() {
    let played = Story::new().rings("").caller_answers().play();
    assert_eq!(played.call().from_number.as_deref(), Some(""));
    let anonymous = Story::new().rings("anonymous").play();
    assert_eq!(anonymous.call().from_number.as_deref(), Some("anonymous"));
}

#[test]
fn recordings_are_shown_oldest_first_and_never_twice() {
    let caller = Line::caller();
    let undated = LegNews::Recorded {
        id: Some("undated".into()),
        channels: None,
        started_at: None,
        ended_at: None,
    };
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .phone_answers("anna")
        .recorded("later", 30)
        .recorded("earlier", 4)
        .hears(&Line::phone("anna"), recording("later", 29))
        .at(20)
        .hears(&caller, undated)
        .play();
    let ids: Vec<String> = played.call().recordings.into_iter().map(|r| r.id).collect();
    assert_eq!(ids, ["earlier", "undated", "later"]);
}

#[test]
fn a_recording_told_in_two_parts_is_one_with_both() {
    let part = |channels: Option<&str>, ended: Option<i64>| LegNews::Recorded {
        id: Some("r1".into()),
        channels: channels.map(Into::into),
        started_at: Some(second(3)),
        ended_at: ended.map(second),
    };
    let caller = Line::caller();
    let first = part(None, Some(9));
    let then = part(Some("dual"), None);
    for (one, other) in [(first.clone(), then.clone()), (then, first)] {
        let story = Story::new().rings("+15550100");
        let played = story.hears(&caller, one).hears(&caller, other).play();
        let recording = played.call().recordings.remove(0);
        assert_eq!(recording.channels.as_deref(), Some("dual"));
        assert_eq!(recording.ended_at, Some(second(9)));
    }
}

#[test]
fn a_recording_without_an_id_is_known_by_its_leg_and_start() {
    let nameless = |started| LegNews::Recorded {
        id: None,
        channels: None,
        started_at: Some(second(started)),
        ended_at: None,
    };
    let caller = Line::caller();
    let played = Story::new()
        .rings("+15550100")
        .hears(&caller, nameless(3))
        .hears(&caller.clone().unnamed(), nameless(3))
        .hears(&caller, nameless(8))
        .play();
    assert_eq!(played.call().recordings.len(), 2);
}

#[test]
fn a_mark_of_ours_on_the_callers_own_leg_does_not_stop_its_call() {
    let marked = Line::caller().marked(Mark::Ours(None));
    let marked_first = Story::new()
        .hears(&marked, LegNews::Answered)
        .rings("+15550100")
        .hears(&marked, hangup("normal_clearing"))
        .play();
    assert_eq!(
        marked_first.told(),
        ["incoming", "answered", "ended hangup"]
    );
    let marked_later = Story::new()
        .rings("+15550100")
        .hears(&marked, hangup("normal_clearing"))
        .play();
    assert_eq!(marked_later.told(), ["incoming", "ended hangup"]);
}
