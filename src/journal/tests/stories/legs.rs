//! Whose a leg is, and when one is on the call.

use super::super::story::{Line, Story, hangup, second, user};
use crate::domain::{Direction, LegNews, Mark, Status};

fn claimed() -> Story {
    Story::new().rings("+15550100").claims("anna")
}

#[test]
fn our_own_outgoing_legs_never_show_as_calls() {
    let phone = Line::phone("anna").in_session(None);
    let played = claimed()
        .begins(&phone)
        .begins(&Line::unmarked("another"))
        .begins(&Line::unmarked("stranger").in_session(Some("else")))
        .play();
    assert_eq!(played.calls.len(), 1);
}

#[test]
fn a_leg_with_our_mark_never_rings_even_when_it_seems_to_come_in() {
    let incoming = Line::phone("anna").going(Direction::Incoming);
    let played = claimed()
        .begins(&incoming)
        .hears(&incoming, LegNews::Answered)
        .play();
    assert_eq!(played.told(), ["incoming", "answering by anna", "answered"]);
    let unreadable = Line::caller().called("x").marked(Mark::Ours(None));
    let played = Story::new().begins(&unreadable).play();
    assert!(played.calls.is_empty());
}

#[test]
fn a_second_incoming_leg_of_the_session_is_a_call_of_its_own() {
    let second = Line::caller().called("second").from("+15550101");
    let played = claimed()
        .begins(&second)
        .hears(&second, LegNews::Answered)
        .hears(&second, hangup("normal_clearing"))
        .play();
    assert_eq!(played.row("second").status, Status::Ended);
    assert_eq!(played.row("second").answered_by, None);
    assert_eq!(played.call().status, Status::Answering);
}

#[test]
fn an_unmarked_outgoing_leg_belongs_to_the_claim_that_was_open_when_it_began() {
    let phone = Line::unmarked("phone");
    let answered = claimed()
        .begins(&phone)
        .hears(&phone, LegNews::Answered)
        .play();
    assert_eq!(answered.call().answered_by, Some(user("anna")));
    assert!(answered.call().connected);
    let busy = claimed().begins(&phone).hears(&phone, hangup("user_busy"));
    assert_eq!(busy.play().told()[2..], ["released busy"]);
}

#[test]
fn an_unmarked_leg_from_before_the_claim_is_nobodys() {
    let phone = Line::unmarked("phone");
    let played = Story::new()
        .rings("+15550100")
        .begins(&phone)
        .claims("anna")
        .hears(&phone, hangup("user_busy"))
        .play();
    assert_eq!(played.call().status, Status::Answering);
}

#[test]
fn a_leg_of_another_program_or_another_session_is_nobodys() {
    let foreign = Line::unmarked("foreign").marked(Mark::Foreign);
    let elsewhere = Line::unmarked("elsewhere").in_session(Some("else"));
    let unreadable = Line::unmarked("unreadable").marked(Mark::Ours(None));
    for line in [foreign, elsewhere, unreadable] {
        let played = claimed()
            .begins(&line)
            .hears(&line, LegNews::Answered)
            .hears(&line, hangup("user_busy"))
            .play();
        assert_eq!(played.call().status, Status::Answering, "{}", line.handle);
    }
}

#[test]
fn a_mark_set_on_a_leg_later_does_not_take_it_from_its_claim() {
    let phone = Line::unmarked("phone");
    let remarked = phone.clone().marked(Mark::Foreign);
    let played = claimed()
        .begins(&phone)
        .hears(&phone, LegNews::Answered)
        .hears(&remarked, hangup("normal_clearing"))
        .play();
    assert_eq!(played.call().status, Status::Answered);
    assert!(!played.call().connected);
}

#[test]
fn a_marked_leg_counts_before_its_call_initiated_came() {
    let played = claimed().phone_answers("anna").play();
    assert_eq!(played.call().status, Status::Answered);
}

#[test]
fn a_marked_leg_is_found_by_its_claim_wherever_its_session_is() {
    for session in [None, Some("another")] {
        let phone = Line::phone("anna").in_session(session);
        let told = claimed().begins(&phone);
        let answered = told.clone().hears(&phone, LegNews::Answered).play();
        assert_eq!(answered.call().answered_by, Some(user("anna")));
        assert!(answered.call().connected);
        let busy = told.hears(&phone, hangup("user_busy")).play();
        assert_eq!(busy.told()[2..], ["released busy"]);
    }
}

#[test]
fn connected_says_that_the_agents_leg_is_on_the_call() {
    let answered = claimed().phone_rings("anna").phone_answers("anna");
    assert!(answered.clone().play().call().connected);
    let bridged = answered.clone().caller_is_bridged().play();
    assert!(bridged.call().connected);
    assert_eq!(bridged.told().len(), 3, "nothing new to tell");
    let left = answered.phone_hangs_up("anna", "normal_clearing").play();
    assert!(!left.call().connected);
    assert_eq!(left.call().status, Status::Answered);
    assert_eq!(left.told()[3..], ["updated"]);
}

#[test]
fn an_agent_who_left_is_not_connected_though_only_the_hangup_was_heard() {
    let played = claimed()
        .phone_rings("anna")
        .caller_is_bridged()
        .phone_hangs_up("anna", "normal_clearing")
        .play();
    assert_eq!(played.call().status, Status::Answered);
    assert_eq!(played.call().answered_by, Some(user("anna")));
    assert!(!played.call().connected);
}

#[test]
fn a_second_leg_of_the_same_claim_keeps_the_agent_connected() {
    let retry = Line::phone("anna").called("second try");
    let played = claimed()
        .phone_rings("anna")
        .phone_hangs_up("anna", "user_busy")
        .begins(&retry)
        .hears(&retry, LegNews::Answered)
        .play();
    assert!(played.call().connected);
    assert_eq!(played.told()[2..], ["released busy", "answered"]);
}

#[test]
fn a_bridge_told_before_the_answer_leaves_an_answer_that_counted() {
    // The bridge falls into the time when Ben held the call; the answer after it, when nobody did.
    let played = claimed()
        .phone_rings("anna")
        .gives_back("anna")
        .at(10)
        .claims("ben")
        .at(20)
        .gives_back("ben")
        .at(30)
        .phone_answers("anna")
        .at(15)
        .phone_is_bridged("anna")
        .play();
    assert_eq!(played.call().status, Status::Answered);
    assert_eq!(played.call().answered_at, Some(second(30)));
}

#[test]
fn a_leg_that_shows_its_session_late_is_found_by_it() {
    let blind = Line::unmarked("phone").in_session(None);
    let played = claimed()
        .begins(&blind)
        .hears(&Line::unmarked("phone"), LegNews::Answered)
        .play();
    assert_eq!(played.call().answered_by, Some(user("anna")));
}
