use super::*;
use crate::domain::{ClaimId, Direction, LegEvent, LegNews, Mark, Moment, UserId};
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
        released: None,
        plain_answer: false,
        deadline: at(second + 45),
    }
}

fn released(claim: Claim, second: i64) -> Claim {
    Claim {
        released: Some((at(second), ReleaseReason::TimedOut)),
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
