use super::{CallLog, CallResult};
use crate::domain::{
    AgencyId, CallId, Direction, Facts, Leg, LegEvent, LegHandle, LegNews, Mark, Moment, Timestamp,
    derive,
};
use uuid::Uuid;

fn told(news: &[(i64, LegNews)]) -> (crate::domain::Call, Leg) {
    let mut leg = Leg::unknown(LegHandle::test("caller"));
    for (second, news) in news {
        let at = Timestamp::from_micros(second * 1_000_000 + 500_000);
        leg.learn(&LegEvent {
            handle: LegHandle::test("caller"),
            news: news.clone(),
            moment: Moment {
                occurred: at,
                received: at,
            },
            session: None,
            leg_id: None,
            from: Some("+15550100".into()),
            to: None,
            caller_name: None,
            mark: Mark::Absent,
        });
    }
    let facts = Facts {
        caller: &leg,
        claims: &[],
        legs: &[],
    };
    let call = derive(CallId(Uuid::nil()), AgencyId(Uuid::nil()), facts)
        .unwrap()
        .call;
    (call, leg)
}

fn ring() -> (i64, LegNews) {
    (0, LegNews::Initiated(Direction::Incoming))
}

fn hangup(second: i64, cause: Option<&str>, source: Option<&str>) -> (i64, LegNews) {
    let news = LegNews::HungUp {
        cause: cause.map(Into::into),
        source: source.map(Into::into),
    };
    (second, news)
}

#[test]
fn whoever_hung_up_makes_the_result_and_the_cause_only_where_nobody_is_named() {
    use CallResult::{Abandoned, Missed};
    let cases = [
        (Some("originator_cancel"), Some("caller"), Abandoned),
        (Some("timeout"), Some("caller"), Abandoned),
        (None, Some("caller"), Abandoned),
        (Some("originator_cancel"), None, Abandoned),
        (Some("normal_clearing"), None, Abandoned),
        (Some("normal_clearing"), Some("callee"), Missed),
        // "unknown" names nobody.
        (Some("originator_cancel"), Some("unknown"), Abandoned),
        (Some("timeout"), Some("unknown"), Missed),
        (Some("timeout"), None, Missed),
        (Some("user_busy"), Some("callee"), Missed),
        (None, None, Missed),
    ];
    for (cause, source, result) in cases {
        let (call, leg) = told(&[ring(), hangup(9, cause, source)]);
        let log = CallLog::of(&call, &leg).unwrap();
        assert_eq!(log.result, result, "{cause:?} {source:?}");
        assert_eq!(
            (log.duration_seconds(), log.wait_micros()),
            (0, 9_000_000),
            "{cause:?} {source:?}"
        );
        assert_eq!(log.end_reason.as_deref(), cause);
    }
}

#[test]
fn an_answered_call_counts_its_wait_to_the_answer_and_its_length_from_there() {
    let heard = [ring(), (4, LegNews::Answered)];
    let (call, leg) = told(&heard);
    assert_eq!(CallLog::of(&call, &leg), None);
    let over = hangup(65, Some("normal_clearing"), Some("caller"));
    let (call, leg) = told(&[heard.as_slice(), &[over]].concat());
    let log = CallLog::of(&call, &leg).unwrap();
    assert_eq!(log.result, CallResult::Answered);
    assert_eq!((log.duration_seconds(), log.wait_micros()), (61, 4_000_000));
}

#[test]
fn a_result_is_found_by_its_name() {
    for result in CallResult::ALL {
        assert_eq!(CallResult::from_name(result.name()), Some(result));
    }
    assert_eq!(CallResult::from_name("voicemail"), None);
}
