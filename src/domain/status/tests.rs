use super::*;
use crate::domain::{ClaimId, Direction, LegEvent, LegNews, Mark, Moment, Participant, UserId};
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(second)
}

/// What is heard of a leg, each with its second.
fn leg(handle: &str, mark: Mark, heard: &[(i64, LegNews)]) -> Leg {
    let mut leg = Leg::unknown(LegHandle::test(handle));
    for (second, news) in heard {
        leg.learn(&LegEvent {
            handle: LegHandle::test(handle),
            news: news.clone(),
            moment: Moment {
                occurred: at(*second),
                received: at(*second),
            },
            session: Some("session".into()),
            leg_id: None,
            from: None,
            to: None,
            caller_name: None,
            mark,
        });
    }
    leg
}

fn caller(heard: &[(i64, LegNews)]) -> Leg {
    let rings = (0, LegNews::Initiated(Direction::Incoming));
    leg("caller", Mark::Absent, &[&[rings], heard].concat())
}

fn phone(claim: u128, heard: &[(i64, LegNews)]) -> Leg {
    let mark = Mark::Ours(Some(ClaimId(Uuid::from_u128(claim))));
    leg(&format!("phone {claim}"), mark, heard)
}

fn unmarked(begun: i64, heard: &[(i64, LegNews)]) -> Leg {
    let begins = (begun, LegNews::Initiated(Direction::Outgoing));
    leg("phone", Mark::Absent, &[&[begins], heard].concat())
}

/// The claim of that number and user, made at that second.
fn claim(number: u128, second: i64) -> Claim {
    Claim {
        id: ClaimId(Uuid::from_u128(number)),
        call_id: CallId(Uuid::nil()),
        ordinal: i32::try_from(number).unwrap(),
        user_id: UserId(Uuid::from_u128(number)),
        user_name: None,
        claimed_at: at(second),
        ended: None,
        plain_answer: false,
        deadline: at(second + 45),
    }
}

fn released(claim: Claim, second: i64) -> Claim {
    Claim {
        ended: Some((at(second), ClaimEnd::Released(ReleaseReason::TimedOut))),
        ..claim
    }
}

fn made_of(caller: &Leg, claims: &[Claim], legs: &[&Leg]) -> (Call, Vec<Standing>) {
    let facts = Facts {
        caller,
        claims,
        legs,
    };
    let derived = derive(CallId(Uuid::nil()), AgencyId(Uuid::nil()), facts).unwrap();
    (derived.call, derived.standings)
}

fn user(number: u128) -> Option<UserId> {
    Some(UserId(Uuid::from_u128(number)))
}

fn hung_up(cause: &str) -> LegNews {
    LegNews::HungUp {
        cause: Some(cause.into()),
        source: None,
    }
}

#[test]
fn without_a_claim_the_callers_leg_alone_says_where_a_call_stands() {
    let answered = (1, LegNews::Answered);
    let over = (2, hung_up("normal_clearing"));
    for (heard, status) in [
        (vec![], Status::Incoming),
        (vec![answered.clone()], Status::Answered),
        (vec![(1, LegNews::Bridged)], Status::Answered),
        (vec![over.clone()], Status::Ended),
        (vec![answered, over], Status::Ended),
    ] {
        let (call, standings) = made_of(&caller(&heard), &[], &[]);
        assert_eq!(call.status, status, "{heard:?}");
        assert!(standings.is_empty());
    }
}

#[test]
fn what_is_no_callers_leg_makes_no_call() {
    fn none(caller: &Leg) -> bool {
        let facts = Facts {
            caller,
            claims: &[],
            legs: &[],
        };
        derive(CallId(Uuid::nil()), AgencyId(Uuid::nil()), facts).is_none()
    }
    assert!(none(&Leg::unknown(LegHandle::test("leg"))));
    assert!(none(&unmarked(0, &[])));
    let uninitiated = leg("leg", Mark::Absent, &[(0, LegNews::Answered)]);
    assert!(none(&uninitiated));
}

#[test]
fn the_last_claim_says_who_is_answering() {
    let caller = caller(&[]);
    let (call, standings) = made_of(&caller, &[claim(1, 1)], &[]);
    assert_eq!(
        (call.status, call.answered_by),
        (Status::Answering, user(1))
    );
    assert_eq!(standings, [Standing::Open]);
    let claims = [released(claim(1, 1), 2), claim(2, 3)];
    let (call, standings) = made_of(&caller, &claims, &[]);
    assert_eq!(
        (call.status, call.answered_by),
        (Status::Answering, user(2))
    );
    let timed_out = Standing::Released(ReleaseReason::TimedOut);
    assert_eq!(standings, [timed_out, Standing::Open]);
}

#[test]
fn a_bridge_of_the_caller_falls_to_who_held_the_call_then() {
    let claims = [released(claim(1, 1), 10), claim(2, 20)];
    for (bridged, holder) in [(5, user(1)), (25, user(2)), (15, user(2))] {
        let caller = caller(&[(bridged, LegNews::Bridged)]);
        let (call, _) = made_of(&caller, &claims, &[]);
        assert_eq!(call.answered_by, holder, "bridged at {bridged}");
        assert!(call.connected);
    }
    let let_go = [released(claim(1, 1), 10)];
    let (call, _) = made_of(&caller(&[(15, LegNews::Bridged)]), &let_go, &[]);
    assert_eq!((call.status, call.answered_by), (Status::Answered, None));
}

#[test]
fn the_claims_own_leg_says_whose_the_answer_is_before_a_bridge_does() {
    let claims = [released(claim(1, 1), 10)];
    let caller = caller(&[(15, LegNews::Bridged)]);
    let phone = phone(1, &[(16, LegNews::Answered)]);
    let (call, standings) = made_of(&caller, &claims, &[&phone]);
    assert_eq!(call.answered_by, user(1));
    assert_eq!(call.answered_at, Some(at(15)), "the earliest answer");
    assert_eq!(standings, [Standing::Won]);
}

#[test]
fn an_unmarked_leg_is_of_the_claim_that_was_open_when_it_began() {
    let caller = caller(&[]);
    let claims = [released(claim(1, 10), 20), claim(2, 30)];
    for (begun, falls) in [(5, false), (15, false), (25, false), (30, true)] {
        let phone = unmarked(begun, &[(35, hung_up("user_busy"))]);
        let (_, standings) = made_of(&caller, &claims, &[&phone]);
        let fell = standings[1] == Standing::Released(ReleaseReason::Busy);
        assert_eq!(fell, falls, "begun at {begun}");
    }
}

#[test]
fn an_unmarked_leg_from_between_two_claims_answers_for_neither() {
    let claims = [released(claim(1, 10), 20), released(claim(2, 30), 40)];
    for (begun, winner) in [
        (5, None),
        (15, user(1)),
        (25, None),
        (35, user(2)),
        (40, None),
    ] {
        let phone = unmarked(begun, &[(45, LegNews::Answered)]);
        let (call, _) = made_of(&caller(&[]), &claims, &[&phone]);
        assert_eq!(call.answered_by, winner, "begun at {begun}");
    }
}

#[test]
fn a_past_claim_wins_only_once_the_present_one_has_let_go() {
    let caller = caller(&[]);
    let phone = phone(1, &[(20, LegNews::Answered)]);
    let first = released(claim(1, 1), 5);
    for (present, winner) in [
        (claim(2, 10), None),
        (released(claim(2, 10), 19), user(1)),
        (released(claim(2, 10), 21), None),
    ] {
        let claims = [first.clone(), present];
        let (call, _) = made_of(&caller, &claims, &[&phone]);
        let won = call.answered_by.filter(|_| call.status == Status::Answered);
        assert_eq!(won, winner, "{claims:?}");
    }
}

#[test]
fn an_answer_after_the_caller_had_gone_is_none() {
    let gone = caller(&[(10, hung_up("originator_cancel"))]);
    let before = phone(1, &[(10, LegNews::Answered)]);
    let after = phone(1, &[(11, LegNews::Answered)]);
    let claims = [claim(1, 1)];
    assert_eq!(
        made_of(&gone, &claims, &[&before]).0.answered_at,
        Some(at(10))
    );
    assert_eq!(made_of(&gone, &claims, &[&after]).0.answered_at, None);
}

#[test]
fn nobody_is_connected_to_a_call_that_is_over() {
    let over = caller(&[(2, LegNews::Bridged), (3, hung_up("normal_clearing"))]);
    let phone = phone(1, &[(2, LegNews::Answered)]);
    assert!(!made_of(&over, &[claim(1, 1)], &[&phone]).0.connected);
}

#[test]
fn a_phone_that_was_busy_before_the_bridge_does_not_disconnect_it() {
    let caller = caller(&[(9, LegNews::Bridged)]);
    let busy = phone(1, &[(5, hung_up("user_busy"))]);
    assert!(made_of(&caller, &[claim(1, 1)], &[&busy]).0.connected);
    let left = phone(1, &[(9, hung_up("normal_clearing"))]);
    assert!(!made_of(&caller, &[claim(1, 1)], &[&left]).0.connected);
}

/// Who is on a call, in words: whom, what, since when, until when.
fn on(call: &Call) -> Vec<String> {
    let second = |at: Option<Timestamp>| {
        at.map_or("-".to_owned(), |at| (at.micros() / 1_000_000).to_string())
    };
    let words = |one: &Participant| {
        let who = match one.id {
            Some(UserId(id)) => id.as_u128().to_string(),
            None => one.kind.name().to_owned(),
        };
        let (joined, left) = (second(one.joined_at), second(one.left_at));
        format!("{who} {} {joined} {left}", one.state.name())
    };
    call.participants.iter().flatten().map(words).collect()
}

#[test]
fn who_is_on_a_call_follows_from_its_claims_and_legs() {
    let rings = [claim(1, 1)];
    let silent = phone(1, &[]);
    let answered = (5, LegNews::Answered);
    let over = (9, hung_up("normal_clearing"));
    let talks = phone(1, std::slice::from_ref(&answered));
    let left = phone(1, &[answered.clone(), (7, hung_up("normal_clearing"))]);
    let late = phone(1, &[answered, (10, hung_up("normal_clearing"))]);
    let busy = phone(1, &[(3, hung_up("user_busy"))]);
    let cancelled = phone(1, &[(10, hung_up("originator_cancel"))]);
    let ends = |heard: &[(i64, LegNews)]| caller(&[heard, std::slice::from_ref(&over)].concat());
    for (caller, claims, leg, who) in [
        (caller(&[]), &[][..], &silent, vec![]),
        (caller(&[]), &rings[..], &silent, vec!["1 ringing - -"]),
        (caller(&[]), &rings, &talks, vec!["1 talking 5 -"]),
        (caller(&[]), &rings, &left, vec!["1 left 5 7"]),
        (caller(&[]), &rings, &busy, vec!["1 left - 3"]),
        (ends(&[]), &rings, &talks, vec!["1 left 5 9"]),
        (ends(&[]), &rings, &left, vec!["1 left 5 7"]),
        // What ends after the call is of no account.
        (ends(&[]), &rings, &late, vec!["1 left 5 9"]),
        (ends(&[]), &rings, &cancelled, vec!["1 left - 9"]),
        // Somebody is there of whom no claim tells.
        (
            caller(&[(4, LegNews::Bridged)]),
            &[],
            &silent,
            vec!["outside talking 4 -"],
        ),
        (
            ends(&[(4, LegNews::Bridged)]),
            &[],
            &silent,
            vec!["outside left 4 9"],
        ),
    ] {
        let (call, _) = made_of(&caller, claims, &[leg]);
        assert_eq!(on(&call), who);
        let talking = on(&call).iter().any(|words| words.contains("talking"));
        assert_eq!(call.connected, talking, "{who:?}");
    }
}

#[test]
fn whoever_had_the_call_before_is_told_of_and_who_claims_again_is_told_of_once() {
    let claims = [released(claim(1, 1), 2), claim(2, 3)];
    let (call, _) = made_of(&caller(&[]), &claims, &[]);
    assert_eq!(on(&call), ["1 left - 2", "2 ringing - -"]);
    let mut again = claim(3, 5);
    again.user_id = claim(1, 1).user_id;
    let claims = [released(claim(1, 1), 2), released(claim(2, 3), 4), again];
    let (call, _) = made_of(&caller(&[]), &claims, &[]);
    assert_eq!(on(&call), ["2 left - 4", "1 ringing - -"]);
}

#[test]
fn who_answers_plainly_has_the_caller_though_no_leg_is_on_the_call() {
    let plain = Claim {
        plain_answer: true,
        ..claim(1, 1)
    };
    let (call, _) = made_of(&caller(&[(2, LegNews::Answered)]), &[plain], &[]);
    assert_eq!(on(&call), ["1 talking 2 -"]);
    assert!(!call.connected);
}

#[test]
fn a_call_that_was_handed_over_is_the_colleagues() {
    let to = ClaimId(Uuid::from_u128(2));
    let handed = Claim {
        ended: Some((at(20), ClaimEnd::HandedOver { to })),
        ..claim(1, 1)
    };
    let caller = caller(&[(5, LegNews::Bridged)]);
    let annas = phone(1, &[(5, LegNews::Answered)]);
    let bens = phone(2, &[(15, LegNews::Answered)]);
    let gone = phone(
        2,
        &[(15, LegNews::Answered), (30, hung_up("normal_clearing"))],
    );
    let claims = [handed, claim(2, 10)];
    for (bens, on_it, connected) in [
        (&bens, "2 talking 15 -", true),
        (&gone, "2 left 15 30", false),
    ] {
        let legs = [&annas, bens];
        let (call, standings) = made_of(&caller, &claims, &legs);
        assert_eq!(standings, [Standing::HandedOver { to }, Standing::Won]);
        assert_eq!((call.status, call.answered_by), (Status::Answered, user(2)));
        assert_eq!(call.answered_at, Some(at(5)), "by the first of them");
        assert_eq!(on(&call), ["1 left 5 20", on_it]);
        assert_eq!(call.connected, connected);
        let facts = Facts {
            caller: &caller,
            claims: &claims,
            legs: &legs,
        };
        let derived = derive(CallId(Uuid::nil()), AgencyId(Uuid::nil()), facts).unwrap();
        assert_eq!(derived.unwanted, [LegHandle::test("phone 1")]);
    }
}

#[test]
fn claims_that_were_handed_round_in_a_circle_come_to_an_end() {
    let to = |number: u128| ClaimEnd::HandedOver {
        to: ClaimId(Uuid::from_u128(number)),
    };
    let handed = |claim: Claim, to: ClaimEnd| Claim {
        ended: Some((at(20), to)),
        ..claim
    };
    let claims = [handed(claim(1, 1), to(2)), handed(claim(2, 10), to(1))];
    let phone = phone(1, &[(5, LegNews::Answered)]);
    let (call, standings) = made_of(&caller(&[]), &claims, &[&phone]);
    assert_eq!(call.status, Status::Answered);
    assert_eq!(
        standings
            .iter()
            .filter(|one| **one == Standing::Won)
            .count(),
        1
    );
    // To a claim that is not there.
    let claims = [handed(claim(1, 1), to(7))];
    let (call, _) = made_of(&caller(&[]), &claims, &[&phone]);
    assert_eq!(call.answered_by, user(1));
}
