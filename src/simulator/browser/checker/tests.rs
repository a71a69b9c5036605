use super::Checker;
use crate::browser::{Fault, Message};

fn message(json: &str) -> Message {
    Message::parse(json).unwrap()
}

fn call(id: &str, status: &str) -> String {
    format!(r#"{{"id":"{id}","status":"{status}"}}"#)
}

fn snapshot(epoch: &str, seq: u64, reason: &str, calls: &[&str]) -> Message {
    let calls: Vec<_> = calls.iter().map(|id| call(id, "incoming")).collect();
    let calls = calls.join(",");
    message(&format!(
        r#"{{"type":"snapshot","epoch":"{epoch}","seq":{seq},"reason":"{reason}","at":"2026-11-21T09:00:00.000000Z","heartbeat_s":15,"user":{{}},"calls":[{calls}]}}"#
    ))
}

fn resumed(epoch: &str, from: u64, seq: u64) -> Message {
    message(&format!(
        r#"{{"type":"resumed","epoch":"{epoch}","from":{from},"seq":{seq},"at":"2026-11-21T09:00:00.000000Z","heartbeat_s":15,"user":{{}}}}"#
    ))
}

fn event(seq: u64, id: &str, status: &str) -> Message {
    let at = "2026-11-21T01:40:00.000000Z";
    let call = call(id, status);
    message(&format!(
        r#"{{"type":"call.updated","seq":{seq},"occurred_at":"{at}","received_at":"{at}","recorded_at":"{at}","actor":null,"call":{call}}}"#
    ))
}

fn heartbeat(seq: u64) -> Message {
    message(&format!(
        r#"{{"type":"heartbeat","seq":{seq},"at":"2026-11-21T01:40:00Z"}}"#
    ))
}

fn rings(seq: u64) -> Message {
    event(seq, "c", "incoming")
}

/// A board that has had a snapshot at 10.
fn at_ten() -> Checker {
    let mut checker = Checker::new();
    assert_eq!(checker.feed(&snapshot("e", 10, "fresh", &[])), None);
    checker
}

/// The board's next connection, by its position.
fn reconnected(mut checker: Checker) -> Checker {
    checker.disconnected();
    checker
}

fn known(checker: &Checker) -> Vec<&str> {
    checker.calls().keys().map(String::as_str).collect()
}

#[test]
fn a_board_that_is_served_well_finds_no_fault() {
    let mut checker = at_ten();
    for fine in [rings(11), heartbeat(11), rings(12), heartbeat(12)] {
        assert_eq!(checker.feed(&fine), None);
    }
    let mut checker = reconnected(checker);
    for fine in [resumed("e", 12, 13), rings(13), rings(14), heartbeat(14)] {
        assert_eq!(checker.feed(&fine), None);
    }
    assert!(checker.tally().held());
    assert_eq!(checker.tally().events, 4);
    assert_eq!(checker.tally().resumed, 1);
    assert_eq!(checker.position().unwrap().seq, 14);
}

#[test]
fn an_event_that_comes_again_is_twice() {
    let mut checker = at_ten();
    checker.feed(&rings(11));
    assert_eq!(checker.feed(&rings(11)), Some(Fault::Twice { seq: 11 }));
    assert_eq!(checker.feed(&rings(10)), Some(Fault::Twice { seq: 10 }));
    assert_eq!(checker.tally().twice, 2);
    assert!(!checker.tally().held());
}

#[test]
fn an_event_that_comes_again_on_the_next_connection_is_twice() {
    let mut checker = at_ten();
    checker.feed(&rings(11));
    let mut checker = reconnected(checker);
    assert_eq!(checker.feed(&resumed("e", 11, 11)), None);
    assert_eq!(checker.feed(&rings(11)), Some(Fault::Twice { seq: 11 }));
}

#[test]
fn skipped_events_are_gaps_until_they_come_late() {
    let mut checker = at_ten();
    let gap = Fault::Gap {
        expected: 11,
        got: 14,
    };
    assert_eq!(checker.feed(&rings(14)), Some(gap));
    assert_eq!(checker.tally().gaps, 3);
    let late = Fault::OutOfOrder { seq: 12, after: 14 };
    assert_eq!(checker.feed(&rings(12)), Some(late));
    assert_eq!(checker.feed(&rings(12)), Some(Fault::Twice { seq: 12 }));
    assert!(matches!(
        checker.feed(&rings(11)),
        Some(Fault::OutOfOrder { .. })
    ));
    let tally = checker.tally();
    assert_eq!((tally.gaps, tally.out_of_order, tally.twice), (1, 2, 1));
    assert_eq!(checker.feed(&rings(15)), None);
}

#[test]
fn what_was_skipped_before_a_snapshot_is_no_longer_due() {
    let mut checker = at_ten();
    checker.feed(&rings(12));
    let mut checker = reconnected(checker);
    checker.feed(&snapshot("e", 20, "too_old", &[]));
    assert_eq!(checker.feed(&rings(11)), Some(Fault::Twice { seq: 11 }));
    assert_eq!(checker.tally().gaps, 1);
}

#[test]
fn a_late_event_does_not_undo_a_later_one() {
    let mut checker = at_ten();
    checker.feed(&event(12, "c", "ended"));
    checker.feed(&event(11, "c", "incoming"));
    assert_eq!(known(&checker), [""; 0]);
}

#[test]
fn a_snapshot_replaces_events_upsert_and_the_end_removes() {
    let mut checker = Checker::new();
    checker.feed(&snapshot("e", 10, "fresh", &["a", "b"]));
    checker.feed(&event(11, "c", "incoming"));
    checker.feed(&event(12, "a", "ended"));
    checker.feed(&event(13, "b", "answered"));
    assert_eq!(known(&checker), ["b", "c"]);
    assert_eq!(checker.calls()["b"].status(), "answered");
    checker.feed(&event(14, "a", "ended"));
    assert_eq!(known(&checker), ["b", "c"]);
    let mut checker = reconnected(checker);
    assert_eq!(checker.feed(&snapshot("e", 90, "too_old", &["z"])), None);
    assert_eq!(known(&checker), ["z"]);
    assert_eq!(checker.feed(&rings(91)), None);
}

#[test]
fn a_server_that_knows_less_than_it_told_has_lost_events() {
    let mut checker = reconnected(at_ten());
    let fault = checker.feed(&snapshot("e", 7, "ahead", &[]));
    assert_eq!(fault, Some(Fault::Rewound { from: 10, to: 7 }));
    assert_eq!(checker.tally().lost, 3);
}

#[test]
fn a_new_epoch_counts_from_anywhere() {
    let mut checker = reconnected(at_ten());
    let renewed = snapshot("f", 1, "epoch_changed", &[]);
    assert_eq!(checker.feed(&renewed), None);
    assert_eq!(checker.position().unwrap().epoch, "f");
}

#[test]
fn a_position_must_be_taken_as_it_was_given() {
    let ignored = |message: &Message| reconnected(at_ten()).feed(message);
    assert!(matches!(
        ignored(&snapshot("e", 20, "fresh", &[])),
        Some(Fault::PositionIgnored { .. })
    ));
    assert!(matches!(
        ignored(&snapshot("e", 20, "epoch_changed", &[])),
        Some(Fault::PositionIgnored { .. })
    ));
    for wrong in [
        resumed("e", 9, 10),
        resumed("f", 10, 10),
        resumed("e", 10, 9),
    ] {
        let fault = ignored(&wrong);
        assert!(
            matches!(fault, Some(Fault::WrongResume { .. })),
            "{fault:?}"
        );
    }
}

#[test]
fn a_connection_is_answered_once_and_first() {
    let mut checker = Checker::new();
    assert_eq!(checker.feed(&rings(1)), Some(Fault::Unanswered));
    checker.feed(&snapshot("e", 1, "fresh", &[]));
    assert_eq!(
        checker.feed(&resumed("e", 1, 1)),
        Some(Fault::AnsweredTwice)
    );
    assert_eq!(
        checker.feed(&snapshot("e", 1, "fresh", &[])),
        Some(Fault::AnsweredTwice)
    );
}

#[test]
fn a_heartbeat_names_the_last_event_that_came() {
    let mut checker = at_ten();
    let wrong = Fault::Heartbeat { told: 11, seen: 10 };
    assert_eq!(checker.feed(&heartbeat(11)), Some(wrong));
    assert_eq!(checker.tally().other, 1);
}
