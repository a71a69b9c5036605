//! Who gets a call, and how it is let go of.

use super::super::play::play_in;
use super::super::story::{Story, claim, second, user};
use crate::domain::{ReleaseReason, Standing, Status};

fn answering() -> Story {
    Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
}

fn won(name: &str) -> String {
    format!("won {}", claim(name))
}

#[test]
fn the_winners_repeat_wins_again_and_others_find_it_taken() {
    let played = answering()
        .claims("anna")
        .claims_as("anna", "anna once more")
        .claims("ben")
        .phone_answers("anna")
        .claims_as("anna", "anna once more")
        .claims("ben")
        .play();
    let anna = won("anna");
    let expected = [&anna, &anna, &anna, "taken", &anna, "taken"];
    assert_eq!(played.commands(), expected);
    assert_eq!(played.told(), ["incoming", "answering by anna", "answered"]);
}

#[test]
fn one_of_two_who_claim_in_one_batch_wins() {
    let played = Story::new()
        .rings("+15550100")
        .claims("anna")
        .claims("ben")
        .play_at_once();
    assert_eq!(played.commands(), [&won("anna"), "taken"]);
}

#[test]
fn a_call_that_is_unknown_or_over_is_gone() {
    let unknown = Story::new().claims("anna").play();
    assert_eq!(unknown.commands(), ["gone"]);
    let over = Story::new().rings("+1").caller_hangs_up().claims("anna");
    assert_eq!(over.play().commands(), ["gone"]);
    let own_claim = answering().caller_hangs_up().claims("anna").play();
    assert_eq!(own_claim.commands(), [&won("anna"), "gone"]);
}

#[test]
fn a_leg_that_is_not_shown_yet_cannot_be_claimed() {
    let played = Story::new().caller_answers().claims("anna").play();
    assert_eq!(played.commands(), ["gone"]);
    assert!(played.told().is_empty());
}

#[test]
fn an_agents_leg_cannot_be_claimed() {
    let played = answering().claims_leg("phone of anna", "ben", "ben").play();
    assert_eq!(played.commands(), [&won("anna"), "gone"]);
}

#[test]
fn a_call_answered_without_a_claim_is_taken() {
    let played = Story::new().rings("+1").caller_answers().claims("anna");
    assert_eq!(played.play().commands(), ["taken"]);
}

#[test]
fn an_old_claim_is_not_won_again_once_it_was_let_go() {
    let released = answering().gives_back("anna").claims("anna").play();
    assert_eq!(released.commands(), [&won("anna"), "done", "taken"]);
    assert_eq!(released.call().status, Status::Incoming);
    let superseded = answering()
        .gives_back("anna")
        .claims("ben")
        .claims("anna")
        .play();
    let expected = [&won("anna"), "done", &won("ben"), "taken"];
    assert_eq!(superseded.commands(), expected);
    let anew = answering()
        .gives_back("anna")
        .claims_as("anna", "anna anew");
    let expected = [&won("anna"), "done", &won("anna anew")];
    assert_eq!(anew.play().commands(), expected);
}

#[test]
fn the_winner_is_told_the_claim_that_won_though_another_came_after() {
    let played = answering()
        .gives_back("anna")
        .claims("ben")
        .gives_back("ben")
        .phone_answers("anna")
        .claims_as("anna", "anna once more")
        .claims("ben")
        .play();
    assert_eq!(played.commands()[4..], [&won("anna"), "taken"]);
    assert_eq!(played.call().answered_by, Some(user("anna")));
}

#[test]
fn the_reason_of_a_release_is_the_phones() {
    for (cause, reason) in [
        ("user_busy", "busy"),
        ("no_answer", "no_answer"),
        ("timeout", "no_answer"),
        ("call_rejected", "rejected"),
        ("originator_cancel", "cancelled"),
        ("not_found", "carrier_error"),
    ] {
        let played = answering().phone_hangs_up("anna", cause).play();
        let released = format!("released {reason}");
        assert_eq!(played.told(), ["incoming", "answering by anna", &released]);
        let call = played.call();
        assert_eq!(call.status, Status::Incoming);
        assert_eq!((call.answered_by, call.answered_by_name), (None, None));
    }
}

#[test]
fn a_command_releases_with_its_own_reason() {
    for reason in [
        ReleaseReason::Refused,
        ReleaseReason::TimedOut,
        ReleaseReason::CarrierError,
    ] {
        let played = answering().released("anna", reason).play();
        let released = format!("released {}", reason.name());
        assert_eq!(played.told()[2], released);
        let (_, _, standing) = &played.claims[&claim("anna")];
        assert_eq!(*standing, Standing::Released(reason));
    }
    let given_back = answering().gives_back("anna").play();
    assert_eq!(given_back.told()[2], "released cancelled by anna");
}

#[test]
fn a_release_counts_only_while_its_claim_holds_the_call() {
    let twice = answering().gives_back("anna").gives_back("anna").play();
    assert_eq!(twice.commands()[1..], ["done", "not done"]);
    let answered = answering().phone_answers("anna").gives_back("anna").play();
    assert_eq!(answered.commands()[1..], ["not done"]);
    assert_eq!(answered.call().status, Status::Answered);
    let unknown = answering().gives_back("nobody").play();
    assert_eq!(unknown.commands()[1..], ["not done"]);
    let past = answering().gives_back("anna").claims("ben");
    let past = past.gives_back("anna").answers_plainly("anna").play();
    assert_eq!(past.commands()[3..], ["not done", "not done"]);
    assert_eq!(past.call().answered_by, Some(user("ben")));
}

#[test]
fn a_past_claims_leg_never_releases_the_present_claim() {
    let played = answering()
        .gives_back("anna")
        .claims("ben")
        .phone_hangs_up("anna", "originator_cancel")
        .play();
    assert_eq!(played.call().status, Status::Answering);
    assert_eq!(played.call().answered_by, Some(user("ben")));
    assert_eq!(played.told().last().unwrap(), "answering by ben");
}

#[test]
fn a_past_claims_leg_does_not_take_the_call_from_who_holds_it() {
    let played = answering()
        .gives_back("anna")
        .claims("ben")
        .phone_answers("anna")
        .play();
    assert_eq!(played.call().status, Status::Answering);
    assert_eq!(played.call().answered_by, Some(user("ben")));
}

#[test]
fn a_released_claims_leg_that_answers_while_nobody_holds_the_call_wins() {
    let first = answering().gives_back("anna").phone_answers("anna").play();
    assert_eq!(first.told()[3..], ["answered"]);
    assert_eq!(first.call().answered_by, Some(user("anna")));
    let (_, _, standing) = &first.claims[&claim("anna")];
    assert_eq!(*standing, Standing::Won);
    let after_another = answering()
        .gives_back("anna")
        .claims("ben")
        .phone_rings("ben")
        .phone_hangs_up("ben", "user_busy")
        .phone_answers("anna")
        .play();
    assert_eq!(after_another.call().answered_by, Some(user("anna")));
    assert!(after_another.call().connected);
}

#[test]
fn a_leg_answered_before_its_release_was_known_wins_late() {
    let played = answering()
        .at(50)
        .released("anna", ReleaseReason::TimedOut)
        .at(44)
        .phone_answers("anna")
        .play();
    assert_eq!(played.told()[2..], ["released timed_out", "answered"]);
    assert_eq!(played.call().answered_at, Some(second(44)));
}

#[test]
fn a_caller_answered_under_an_open_claim_keeps_waiting_for_the_agent() {
    let played = answering().caller_answers().play();
    assert_eq!(played.told(), ["incoming", "answering by anna", "updated"]);
    let call = played.call();
    assert_eq!(call.status, Status::Answering);
    assert_eq!(call.caller_answered_at, Some(second(3)));
    assert_eq!(call.answered_at, None);
}

#[test]
fn a_plain_answer_makes_the_callers_answer_the_agents() {
    let before = answering().answers_plainly("anna").caller_answers().play();
    assert_eq!(before.told(), ["incoming", "answering by anna", "answered"]);
    let after = answering().caller_answers().answers_plainly("anna").play();
    assert_eq!(after.told()[2..], ["updated", "answered"]);
    for call in [before.call(), after.call()] {
        assert_eq!(call.answered_by, Some(user("anna")));
        assert_eq!(call.answered_at, call.caller_answered_at);
        assert!(!call.connected);
    }
}

#[test]
fn a_released_plain_answer_does_not_answer() {
    let played = answering()
        .answers_plainly("anna")
        .released("anna", ReleaseReason::CarrierError)
        .caller_answers()
        .play();
    assert_eq!(played.call().status, Status::Incoming);
    assert!(played.call().caller_answered_at.is_some());
}

#[test]
fn a_plain_answer_does_not_fall_with_a_phone_that_it_no_longer_waits_for() {
    let answered = answering()
        .answers_plainly("anna")
        .caller_answers()
        .phone_hangs_up("anna", "timeout")
        .play();
    assert_eq!(answered.call().status, Status::Answered);
    let not_yet = answering()
        .answers_plainly("anna")
        .phone_hangs_up("anna", "timeout")
        .caller_answers()
        .play();
    assert_eq!(not_yet.call().answered_by, Some(user("anna")));
}

#[test]
fn a_caller_who_leaves_while_the_phone_rings_ends_the_call_in_either_order() {
    let caller_first = answering()
        .at(10)
        .caller_hangs_up()
        .phone_hangs_up("anna", "originator_cancel")
        .play();
    assert_eq!(caller_first.told()[2..], ["ended hangup"]);
    let phone_first = answering()
        .at(11)
        .phone_hangs_up("anna", "originator_cancel")
        .at(10)
        .caller_hangs_up()
        .play();
    assert_eq!(
        phone_first.told()[2..],
        ["released cancelled", "ended hangup"]
    );
    assert_eq!(caller_first.call(), phone_first.call());
    assert_eq!(caller_first.call().answered_by, Some(user("anna")));
    let standings = [caller_first, phone_first].map(|played| played.claims[&claim("anna")].2);
    let cancelled = Standing::Released(ReleaseReason::Cancelled);
    assert_eq!(standings, [cancelled, cancelled]);
}

#[test]
fn a_phone_that_fell_before_the_caller_left_had_released_the_call() {
    let in_order = answering()
        .phone_hangs_up("anna", "user_busy")
        .caller_hangs_up();
    let turned = answering()
        .at(9)
        .caller_hangs_up()
        .at(8)
        .phone_hangs_up("anna", "user_busy");
    assert_eq!(in_order.play().call().answered_by, None);
    let turned = turned.play();
    assert_eq!(turned.call().answered_by, None);
    assert_eq!(turned.told()[2..], ["ended hangup", "updated"]);
}

#[test]
fn a_phone_picked_up_after_the_caller_left_answers_nothing() {
    let played = answering()
        .at(9)
        .caller_hangs_up()
        .at(10)
        .phone_answers("anna")
        .play();
    assert_eq!(played.call().answered_at, None);
}

#[test]
fn a_claim_is_told_even_when_its_legs_end_is_known_before_it() {
    let appends = answering()
        .phone_hangs_up("anna", "user_busy")
        .into_appends();
    let [ring, claim, rings, busy] = appends.try_into().unwrap();
    let played = play_in(&[ring, rings, busy, claim], &[1, 1, 1, 1]);
    let events = ["incoming", "answering by anna", "released busy"];
    assert_eq!(played.told(), events);
}
