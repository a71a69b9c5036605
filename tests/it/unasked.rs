//! Calls that the carrier cannot be asked about: they do not ring for ever, and nobody is told that
//! the carrier was.

use crate::support::World;
use crate::support::exchange::Line;
use crate::support::retelling::tell;
use crate::support::wiretap::Wiretap;
use callboard::domain::CredentialKey;
use callboard_simulator::{ANY, Caller, Fault, HangupCause};
use serde_json::{Value, json};
use std::time::Duration;
use tracing::Level;

const HOUR: i64 = 3600 * 1_000_000;
const STEP: Duration = Duration::from_millis(20);

/// Looks come and go until the call is over.
async fn looked_at_to_its_end(line: &Line, caller: &Caller) -> Value {
    let mut looks = 0;
    while line.row(caller.id()).await["status"] != "ended" {
        line.comes_to_the_next("look").await;
        looks += 1;
        assert!(looks < 400, "it rings for ever");
    }
    line.row(caller.id()).await
}

/// How long it was on the board, in microseconds.
fn lasted(row: &Value) -> i64 {
    let at = |name: &str| {
        let text = row[name].as_str().expect("a time");
        callboard::domain::Timestamp::parse(text).expect("a time")
    };
    at("ended_at").micros_since(at("created_at"))
}

async fn log_of(line: &Line) -> Value {
    let (_, page) = line
        .node
        .get(&line.world, line.world.anna, "/api/call-logs")
        .await;
    page["call_logs"][0].clone()
}

async fn longest_wait(line: &Line) -> (Value, Value) {
    let (_, stats) = line
        .node
        .get(&line.world, line.world.anna, "/api/stats")
        .await;
    (
        stats["waiting_now"].clone(),
        stats["longest_wait_s"].clone(),
    )
}

async fn loses_its_key(line: &Line) {
    let acme = line.world.acme.clone();
    line.world.unsets(&acme, CredentialKey::TelnyxApiKey).await;
    line.node.learns(&line.world).await;
}

async fn without_a_key_a_call_whose_hangup_is_lost_ends_after_four_hours(world: World) {
    let line = world.line().await;
    loses_its_key(&line).await;
    let caller = line.exchange.rings("+15550100").await;

    let row = looked_at_to_its_end(&line, &caller).await;

    assert!(
        (4 * HOUR..4 * HOUR + HOUR / 60).contains(&lasted(&row)),
        "{} h",
        lasted(&row) / HOUR
    );
    let timeline = line.timeline(caller.id()).await;
    assert_eq!(timeline, ["call.incoming", "call.ended unknown"]);
    let log = log_of(&line).await;
    assert_eq!(
        (&log["result"], &log["end_reason"]),
        (&json!("missed"), &json!("unknown"))
    );
    assert!(line.exchange.requests().is_empty());
    line.owes_no("look").await;
    // Its hangup comes after all, and it knows better.
    tell(
        &line.carrier,
        [&caller.leg().hung_up(HangupCause::OriginatorCancel)],
    )
    .await;
    assert_eq!(log_of(&line).await["end_reason"], "originator_cancel");
}

async fn a_key_that_is_refused_is_said_so_and_the_call_ends_when_it_may(world: World) {
    let world = world.configured(|config| config.calls.limit_hours = 1);
    let line = world.line().await;
    for (status, words) in [(401, "Telnyx refused (401)"), (403, "Telnyx refused (403)")] {
        line.exchange
            .faults()
            .until_lifted("call", Fault::status(status));
        let caller = line.exchange.rings("+15550100").await;
        let id = line.row(caller.id()).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let tap = Wiretap::listens_for(vec![id]);

        let row = looked_at_to_its_end(&line, &caller).await;

        assert!(
            (HOUR..HOUR + HOUR / 60).contains(&lasted(&row)),
            "{} s",
            lasted(&row) / 1_000_000
        );
        let last = line.timeline(caller.id()).await.pop();
        assert_eq!(last.as_deref(), Some("call.ended unknown"));
        let warned = tap.heard(Level::WARN);
        let looks = warned
            .iter()
            .filter(|said| said.contains("not looked at") && said.contains(words));
        assert!(looks.count() >= 4, "{warned:?}");
        line.exchange.faults().lift();
    }
}

async fn a_carrier_that_is_silent_for_hours_does_not_keep_a_call_for_ever(world: World) {
    let world = world.configured(|config| config.calls.limit_hours = 1);
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("call", Fault::status(503));

    let row = looked_at_to_its_end(&line, &caller).await;

    assert!(
        (HOUR..HOUR + HOUR / 60).contains(&lasted(&row)),
        "{} s",
        lasted(&row) / 1_000_000
    );
    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended unknown"));
}

async fn a_call_of_which_the_carrier_says_that_it_lives_may_last_as_long_as_it_likes(world: World) {
    let world = world.configured(|config| config.calls.limit_hours = 1);
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    // Six looks take more than an hour; then one goes wrong, and the next is right again.
    line.looks(6, line.world.clock.now()).await;
    assert!(line.world.clock.now().micros() - started(&line, &caller).await > HOUR);
    line.exchange.faults().next(1, "call", Fault::status(403));
    line.comes_to_the_next("look").await;
    line.comes_to_the_next("look").await;

    assert_eq!(line.row(caller.id()).await["status"], "incoming");
    let (waiting, longest) = longest_wait(&line).await;
    assert_eq!(waiting, 1);
    assert!(longest.as_f64().unwrap() > 3600.0, "{longest}");
}

async fn the_longest_wait_leaves_out_what_nobody_can_tell_of(world: World) {
    let line = world.line().await;
    let lost = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("call", Fault::status(401));
    line.comes_to_the_next("look").await;
    assert_eq!(longest_wait(&line).await, (json!(1), json!(0.0)));

    let _waits = line.exchange.rings("+15550101").await;
    line.world.clock.advance(Duration::from_secs(7));
    assert_eq!(longest_wait(&line).await, (json!(2), json!(7.0)));

    // Once there is news of it, it counts again.
    tell(&line.carrier, [&lost.leg().answered()]).await;
    let (_, answered) = longest_wait(&line).await;
    let row = line.row(lost.id()).await;
    assert!(
        row["status"] == "answered" && answered == json!(7.0),
        "{row} {answered}"
    );
}

async fn an_agent_ends_on_the_board_what_the_carrier_cannot_be_told(world: World) {
    let line = world.line().await;
    let first = line.exchange.rings("+15550100").await;
    let second = line.exchange.rings("+15550101").await;
    line.exchange
        .faults()
        .until_lifted("hangup", Fault::status(401));

    let answer = line.does(line.world.ben, "end", &first).await;

    let message = answer["message"].as_str().unwrap();
    assert!(
        message.starts_with("Telnyx refused (401)") && message.contains("on the board alone"),
        "{message}"
    );
    assert!(!message.contains(".."), "{message}");
    assert_eq!(
        (&answer["success"], &answer["board_only"]),
        (&json!(true), &json!(true))
    );
    let last = line.timeline(first.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended unknown by Ben"));
    let log = log_of(&line).await;
    assert_eq!(
        (&log["result"], &log["end_reason"]),
        (&json!("missed"), &json!("unknown"))
    );

    loses_its_key(&line).await;
    let answer = line.does(line.world.anna, "end", &second).await;
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .starts_with("No Telnyx API key is stored"),
        "{answer}"
    );
    let last = line.timeline(second.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended unknown by Anna"));
}

async fn a_silent_carrier_is_believed_to_come_back_until_it_was_silent_twice(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.exchange.faults().until_lifted(ANY, Fault::status(503));
    let (status, body) = line.acts_in_time(line.world.ben, "end", &caller).await;
    assert_eq!(status, 502, "{body}");

    line.comes_to_the_next("look").await;
    let ends = line.acts(line.world.ben, "end", &caller);
    let (status, body) = line.world.wind_until(STEP, ends).await;

    assert_eq!((status, &body["board_only"]), (200, &json!(true)), "{body}");
    assert_eq!(line.row(caller.id()).await["status"], "ended");
}

on_each_database!(
    without_a_key_a_call_whose_hangup_is_lost_ends_after_four_hours,
    a_key_that_is_refused_is_said_so_and_the_call_ends_when_it_may,
    a_carrier_that_is_silent_for_hours_does_not_keep_a_call_for_ever,
    a_call_of_which_the_carrier_says_that_it_lives_may_last_as_long_as_it_likes,
    the_longest_wait_leaves_out_what_nobody_can_tell_of,
    an_agent_ends_on_the_board_what_the_carrier_cannot_be_told,
    a_silent_carrier_is_believed_to_come_back_until_it_was_silent_twice,
);

async fn started(line: &Line, caller: &Caller) -> i64 {
    let row = line.row(caller.id()).await;
    let text = row["created_at"].as_str().expect("a time");
    callboard::domain::Timestamp::parse(text)
        .expect("a time")
        .micros()
}
