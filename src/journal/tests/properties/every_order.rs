//! Small stories, in every order there is.

use super::super::orders::{Tale, permutations, same_end};
use super::super::play::{play_in, play_singly};
use super::super::story::{Line, Story, claim, hangup, second, user};
use crate::domain::{Call, LegNews, ReleaseReason, Status};
use std::collections::BTreeMap;

/// The caller's row in every order in which each command got this answer.
fn end(tale: &Tale, answers: &[&str]) -> Call {
    let ends = tale.rows_of_every_order();
    let mut matching = ends.into_iter().filter(|(commands, _)| {
        let mut told = commands.iter().zip(answers);
        told.all(|(command, answer)| command.starts_with(answer))
    });
    let (_, rows) = matching.next().unwrap();
    assert!(
        matching.next().is_none(),
        "answers that tell the ends apart"
    );
    rows.into_values().next().unwrap()
}

fn one_call() -> Tale {
    Story::new()
        .rings("+15550100")
        .caller_answers()
        .caller_is_bridged()
        .caller_hangs_up()
        .recorded("r1", 2)
        .into_tale()
}

#[test]
fn one_calls_webhooks_leave_one_row_in_every_order() {
    let ends = one_call().rows_of_every_order();
    assert_eq!(ends.len(), 1);
    let call = ends
        .into_values()
        .next()
        .unwrap()
        .into_values()
        .next()
        .unwrap();
    assert_eq!(call.status, Status::Ended);
    assert_eq!(call.answered_at, Some(second(1)));
    assert_eq!(call.ended_at, Some(second(3)));
    assert_eq!(call.recordings.len(), 1);
}

#[test]
fn repeats_and_batches_of_any_size_make_no_difference() {
    let tale = one_call();
    let mut ends = BTreeMap::new();
    for (number, order) in permutations(tale.webhooks.len()).iter().enumerate() {
        for repeated in 0..order.len() {
            // The repeat comes at a place that wanders as orders go by.
            let mut order = order.clone();
            let place = (repeated + number) % (order.len() + 1);
            order.insert(place, repeated);
            let appends = tale.told(&order, &[]);
            let half = place.max(1);
            for sizes in [&[1; 6][..], &[half], &[]] {
                let played = play_in(&appends, sizes);
                same_end(&mut ends, &played, || format!("{order:?} in {sizes:?}"));
            }
        }
    }
}

#[test]
fn a_marked_transfer_leaves_one_row_in_every_order() {
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .phone_answers("anna")
        .caller_is_bridged()
        .phone_hangs_up("anna", "normal_clearing")
        .caller_hangs_up()
        .into_tale();
    let call = end(&tale, &["won"]);
    assert_eq!(call.answered_by, Some(user("anna")));
    assert_eq!(call.answered_at, Some(second(3)));
}

#[test]
fn an_unmarked_transfer_leaves_one_row_in_every_order() {
    let phone = Line::unmarked("phone");
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .begins(&phone)
        .hears(&phone, LegNews::Bridged)
        .hears(&phone, LegNews::Answered)
        .hears(&phone, hangup("normal_clearing"))
        .caller_hangs_up()
        .into_tale();
    let call = end(&tale, &["won"]);
    assert_eq!(call.answered_by, Some(user("anna")));
    assert_eq!(call.answered_at, Some(second(3)));
}

#[test]
fn a_phone_that_is_busy_leaves_one_row_in_every_order() {
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .phone_hangs_up("anna", "user_busy")
        .claims("ben")
        .phone_rings("ben")
        .phone_answers("ben")
        .into_tale();
    let call = end(&tale, &["won", "won"]);
    assert_eq!(call.answered_by, Some(user("ben")));
    assert!(call.connected);
}

#[test]
fn a_released_claim_leaves_one_row_in_every_order() {
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .released("anna", ReleaseReason::TimedOut)
        .phone_hangs_up("anna", "originator_cancel")
        .caller_hangs_up()
        .into_tale();
    let call = end(&tale, &["won", "done"]);
    assert_eq!((call.answered_by, call.answered_at), (None, None));
}

#[test]
fn a_plain_answer_leaves_one_row_in_every_order() {
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .phone_rings("anna")
        .phone_hangs_up("anna", "call_rejected")
        .answers_plainly("anna")
        .caller_answers()
        .caller_hangs_up()
        .into_tale();
    let call = end(&tale, &["won", "done"]);
    assert_eq!(call.answered_by, Some(user("anna")));
    assert_eq!(call.answered_at, call.caller_answered_at);
}

#[test]
fn a_late_pick_up_after_two_claims_leaves_one_row_in_every_order() {
    let tale = Story::new()
        .rings("+15550100")
        .claims("anna")
        .gives_back("anna")
        .claims("ben")
        .phone_hangs_up("ben", "user_busy")
        .phone_is_bridged("anna")
        .phone_answers("anna")
        .into_tale();
    let call = end(&tale, &["won", "done", "won"]);
    assert_eq!(call.answered_by, Some(user("anna")));
    assert_eq!(call.answered_at, Some(second(5)));
}

#[test]
fn of_two_calls_in_one_session_neither_disturbs_the_other() {
    let second = Line::caller().called("second");
    let tale = Story::new()
        .rings("+15550100")
        .begins(&second)
        .hears(&second, LegNews::Answered)
        .caller_hangs_up()
        .hears(&second, hangup("normal_clearing"))
        .into_tale();
    let ends = tale.rows_of_every_order();
    let rows = ends.into_values().next().unwrap();
    let answered: Vec<bool> = rows
        .values()
        .map(|call| call.answered_at.is_some())
        .collect();
    assert_eq!(answered, [false, true]);
}

#[test]
fn two_agencies_that_share_every_name_end_apart() {
    let tale = Story::new()
        .rings("+15550100")
        .caller_hangs_up()
        .of("other agency")
        .at(0)
        .rings("+15550100")
        .caller_answers()
        .into_tale();
    let ends = tale.rows_of_every_order();
    assert_eq!(ends.len(), 1);
    let rows = ends.into_values().next().unwrap();
    let mut statuses: Vec<Status> = rows.values().map(|call| call.status).collect();
    statuses.sort();
    assert_eq!(statuses, [Status::Answered, Status::Ended]);
}

#[test]
fn nothing_is_shown_before_call_initiated_and_then_all_of_it() {
    let tale = one_call();
    for order in permutations(tale.webhooks.len()) {
        let place = order.iter().position(|webhook| *webhook == 0).unwrap();
        let appends = tale.told(&order, &[]);
        let (waiting, rest) = appends.split_at(place);
        let mut played = play_singly(waiting);
        assert!(played.told().is_empty(), "{order:?}");
        played.commit(&rest[..1]);
        played.check();
        // In the order in which they happened, the ring first.
        let mut expected = order[..=place].to_vec();
        expected.sort_unstable();
        let happened: Vec<usize> = played
            .events
            .iter()
            .map(|new| new.of_call().moment.occurred)
            .map(|at| (0..5).find(|n| second(*n as i64) == at).unwrap())
            .collect();
        assert_eq!(happened, expected, "{order:?}");
    }
}

#[test]
fn claims_that_race_have_one_winner_in_every_order() {
    let mut claims = Story::new();
    for name in ["anna", "ben", "cleo", "dora"] {
        claims = claims.claims(name);
    }
    let claims = claims.into_appends();
    for order in permutations(claims.len()) {
        let mut appends = Story::new().rings("+15550100").into_appends();
        appends.extend(order.iter().map(|place| claims[*place].clone()));
        let first = ["anna", "ben", "cleo", "dora"][order[0]];
        for sizes in [&[1; 5][..], &[2, 2], &[]] {
            let played = play_in(&appends, sizes);
            let won = format!("won {}", claim(first));
            assert_eq!(played.commands(), [&won, "taken", "taken", "taken"]);
            assert_eq!(played.call().answered_by, Some(user(first)));
        }
    }
}
