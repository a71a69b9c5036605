//! Two agencies with the same names for everything.

use super::super::story::{AGENCY, Line, Story, agency, claim, hangup, user};
use crate::domain::{Direction, LegNews, Status};

const IN: LegNews = LegNews::Initiated(Direction::Incoming);

#[test]
fn the_same_leg_and_webhook_id_in_two_agencies_are_two_things() {
    let caller = Line::caller();
    let played = Story::new()
        .hears_as("one id", &caller, IN)
        .of("other agency")
        .hears_as("one id", &caller, IN)
        .hears_as("the end", &caller, hangup("normal_clearing"))
        .of(AGENCY)
        .claims("anna")
        .play();
    assert_eq!(played.told(), ["incoming", "answering by anna"]);
    let others = ["incoming", "ended hangup"];
    assert_eq!(played.told_to("other agency"), others);
    assert_eq!(played.call().status, Status::Answering);
    assert_eq!(played.webhooks.len(), 3);
}

#[test]
fn anothers_session_and_claim_are_out_of_reach() {
    let unmarked = Line::unmarked("phone");
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .of("other agency")
        .phone_rings("anna")
        .phone_answers("anna")
        .begins(&unmarked)
        .hears(&unmarked, hangup("user_busy"))
        .gives_back("anna")
        .answers_plainly("anna")
        .claims("ben")
        .play();
    assert_eq!(played.call().status, Status::Answering);
    assert_eq!(played.call().answered_by, Some(user("anna")));
    assert!(played.told_to("other agency").is_empty());
    let anna = format!("won {}", claim("anna"));
    assert_eq!(played.commands(), [&anna, "not done", "not done", "gone"]);
}

#[test]
fn an_agency_that_is_not_there_is_answered_with_nothing() {
    let played = Story::new().of("no agency").rings("+15550100").play();
    assert!(matches!(played.answers[..], [None]));
    assert!(played.calls.is_empty() && played.webhooks.is_empty());
}

#[test]
fn each_agency_numbers_its_own_events() {
    let played = Story::new()
        .rings("+15550100")
        .of("other agency")
        .rings("+15550100")
        .caller_hangs_up()
        .of(AGENCY)
        .caller_hangs_up()
        .play_at_once();
    let numbers = |name| -> Vec<i64> {
        let events = played.of_agency(agency(name));
        events.map(|new| new.published.seq).collect()
    };
    assert_eq!(numbers(AGENCY), [1, 2]);
    assert_eq!(numbers("other agency"), [1, 2]);
}
