use super::*;
use crate::domain::ClaimId;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use uuid::Uuid;

fn at(second: i64) -> Moment {
    let occurred = Timestamp::from_micros(0).plus_seconds(second);
    Moment {
        occurred,
        received: occurred,
    }
}

fn event(second: i64, news: LegNews) -> LegEvent {
    LegEvent {
        handle: LegHandle::test("leg"),
        news,
        moment: at(second),
        session: None,
        leg_id: None,
        from: None,
        to: None,
        caller_name: None,
        mark: Mark::Absent,
    }
}

fn learnt(events: &[LegEvent]) -> Leg {
    let mut leg = Leg::unknown(LegHandle::test("leg"));
    for event in events {
        leg.learn(event);
    }
    leg
}

const IN: LegNews = LegNews::Initiated(Direction::Incoming);
const OUT: LegNews = LegNews::Initiated(Direction::Outgoing);

#[test]
fn of_two_tellings_the_one_with_something_to_say_stands_then_the_initiating_then_the_earlier() {
    let told = |value: &str, second, initiated| {
        Reported::new(value.into(), at(second).occurred, initiated)
    };
    assert!(told("late", 9, false) < told("", 0, true));
    assert!(told("initiated", 9, true) < told("later event", 0, false));
    assert!(told("z", 1, false) < told("a", 2, false));
}

#[test]
fn a_leg_is_a_call_when_it_came_in_unmarked() {
    let marked = |news, mark| LegEvent {
        mark,
        ..event(0, news)
    };
    let ours = Mark::Ours(None);
    assert!(learnt(&[event(0, IN)]).is_call());
    assert!(learnt(&[marked(IN, Mark::Foreign)]).is_call());
    assert!(!learnt(&[marked(IN, ours)]).is_call());
    assert!(!learnt(&[event(0, OUT)]).is_call());
    assert!(!learnt(&[event(0, LegNews::Answered)]).is_call());
}

#[test]
fn a_leg_is_known_by_its_initiation_or_our_mark() {
    let ours = LegEvent {
        mark: Mark::Ours(None),
        ..event(0, LegNews::Answered)
    };
    assert!(learnt(&[ours]).is_known());
    assert!(learnt(&[event(0, OUT)]).is_known());
    assert!(!learnt(&[event(0, LegNews::Answered)]).is_known());
}

#[test]
fn the_earliest_of_each_fact_stands() {
    let leg = learnt(&[
        event(7, LegNews::Bridged),
        event(9, LegNews::Answered),
        event(8, LegNews::Answered),
    ]);
    assert_eq!(leg.answered, Some(at(8)));
    assert_eq!(leg.picked_up(), Some(at(7).occurred));
    assert_eq!(leg.pick_ups().count(), 2);
}

#[test]
fn a_cause_that_comes_with_a_second_hangup_fills_the_gap() {
    let events = [
        event(1, hung_up(None, Some("caller"))),
        event(2, hung_up(Some("user_busy"), Some("callee"))),
    ];
    let leg = learnt(&events);
    assert_eq!(leg.hung_up, Some(at(1)));
    assert_eq!(leg.hangup_cause.unwrap().value(), "user_busy");
    assert_eq!(leg.hangup_source.unwrap().value(), "caller");
}

#[test]
fn a_leg_is_told_as_it_was_at_a_moment() {
    let leg = learnt(&[
        event(0, IN),
        event(2, LegNews::Answered),
        event(4, hung_up(Some("normal_clearing"), Some("caller"))),
    ]);
    let moments: Vec<Moment> = leg.later_moments();
    assert_eq!(moments, [at(2), at(4)]);
    let at_first = leg.as_of(at(0).occurred);
    assert_eq!(at_first, learnt(&[event(0, IN)]));
    let in_talk = leg.as_of(at(3).occurred);
    assert_eq!((in_talk.answered, in_talk.hung_up), (Some(at(2)), None));
    assert_eq!(leg.as_of(at(4).occurred), leg);
}

fn hung_up(cause: Option<&str>, source: Option<&str>) -> LegNews {
    LegNews::HungUp {
        cause: cause.map(Into::into),
        source: source.map(Into::into),
    }
}

fn any_event() -> impl Strategy<Value = LegEvent> {
    let word = || select(vec![None, Some(""), Some("a"), Some("b")]);
    let recorded = (word(), word(), 0..9_i64).prop_map(|(id, channels, end)| LegNews::Recorded {
        id: id.map(Into::into),
        channels: channels.map(Into::into),
        started_at: Some(at(3).occurred),
        ended_at: (end > 4).then(|| at(end).occurred),
    });
    let news = prop_oneof![
        Just(LegNews::Answered),
        Just(LegNews::Bridged),
        (word(), word()).prop_map(|(cause, source)| hung_up(cause, source)),
        recorded,
    ];
    (news, word(), word(), 0..9_i64).prop_map(|(news, from, session, second)| LegEvent {
        from: from.map(Into::into),
        session: session.map(Into::into),
        ..event(second, news)
    })
}

/// One initiation and any later events, all with one mark, in two orders.
fn two_orders() -> impl Strategy<Value = (Vec<LegEvent>, Vec<LegEvent>)> {
    let marks = vec![
        Mark::Absent,
        Mark::Foreign,
        Mark::Ours(None),
        Mark::Ours(Some(ClaimId(Uuid::nil()))),
    ];
    let first = (select(vec![IN, OUT]), select(marks.clone()), select(marks));
    (first, proptest::collection::vec(any_event(), 0..8)).prop_flat_map(
        |((news, mark, later_mark), mut events)| {
            for event in &mut events {
                event.mark = later_mark;
            }
            events.push(LegEvent {
                mark,
                ..event(1, news)
            });
            let repeats = events.clone();
            let again = [events.clone(), repeats].concat();
            (Just(events).prop_shuffle(), Just(again).prop_shuffle())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_learnt_does_not_depend_on_order_or_repeats((one, other) in two_orders()) {
        prop_assert_eq!(learnt(&one), learnt(&other));
    }

    #[test]
    fn a_story_told_to_its_last_moment_is_the_whole_leg((events, _) in two_orders()) {
        let leg = learnt(&events);
        let last = leg.later_moments().last().map_or(at(0), |moment| *moment);
        prop_assert_eq!(leg.as_of(last.occurred), leg);
    }
}
