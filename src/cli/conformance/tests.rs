use super::model::{Breaks, listen};
use super::{Report, Rule, rules, try_these};

/// The codec beneath the model adds fragments up only when they have come whole.
const BEYOND_THE_MODEL: &str = "fragments announced";

async fn trial(breaks: Breaks, tried: impl Fn(&Rule) -> bool) -> (Report, String) {
    let target = listen(breaks).await;
    let mut lines = Vec::new();
    let tried = rules().filter(|rule| tried(rule));
    let report = try_these(tried, &target, &mut lines).await.unwrap();
    (report, String::from_utf8(lines).unwrap())
}

#[tokio::test]
async fn a_server_that_keeps_the_rules_is_found_to_keep_them() {
    let within = |rule: &Rule| !rule.name.starts_with(BEYOND_THE_MODEL);
    let (report, lines) = trial(Breaks::Nothing, within).await;
    assert_eq!(report.broken, 0, "{lines}");
    assert_eq!(report.unproven, super::unproven::RULES.len());
    assert_eq!(lines.lines().count(), rules().filter(|r| within(r)).count());
    assert!(lines.starts_with("ok   the subprotocol callboard.v1 is echoed\n"));
    assert!(lines.contains("skip too many sockets are closed with 4002: it would"));
}

#[tokio::test]
async fn each_rule_that_a_server_breaks_is_found_broken() {
    for (breaks, rule) in [
        (Breaks::Origin, "the origin null"),
        (Breaks::Origin, "a foreign origin"),
        (Breaks::Subprotocol, "offering only other"),
        (Breaks::QueryToken, "a token in the query"),
        (Breaks::GarbageToken, "connect with a garbage token"),
        (Breaks::Head, "resume at the head"),
        (Breaks::Epoch, "a position of another epoch"),
        (Breaks::Ahead, "a position from the future"),
        (Breaks::NegativeSeq, "a position that is none"),
        (Breaks::UnknownType, "an unknown type"),
        (Breaks::Refresh, "refresh with a garbage"),
        (Breaks::HeartbeatSeq, "a heartbeat comes"),
        (Breaks::Why, "an error frame precedes"),
        (Breaks::Goodbye, "a first message other"),
    ] {
        let (report, lines) = trial(breaks, |tried| tried.name.starts_with(rule)).await;
        assert_eq!((report.broken, report.held), (1, 0), "{breaks:?}: {lines}");
        assert!(lines.starts_with("FAIL "), "{lines}");
    }
}

#[tokio::test]
async fn what_does_not_come_is_found_missing() {
    let waits = |rule: &'static str| move |tried: &Rule| tried.name.starts_with(rule);
    // Each takes as long as a rule waits for what does not come; they wait together.
    let (missed, pings, limit, flood, binary) = tokio::join!(
        trial(Breaks::MissedEvent, waits("resume from a known")),
        trial(Breaks::Pings, waits("a WebSocket ping")),
        trial(Breaks::Limit, waits("a text announced")),
        trial(Breaks::Flood, waits("more than 100")),
        trial(Breaks::Binary, waits("a binary message")),
    );
    for (report, lines) in [missed, pings, limit, flood, binary] {
        assert_eq!((report.broken, report.held), (1, 0), "{lines}");
    }
}
