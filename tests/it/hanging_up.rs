//! A call is hung up from the board, and whoever asked for it is known.

use crate::support::World;
use crate::support::patience::soon;
use crate::support::retelling::tell;
use callboard_simulator::{ExchangeSettings, Fault, HangupCause, HangupSource, Hears};
use serde_json::json;
use std::time::Duration;

const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
const STEP: Duration = Duration::from_millis(20);

async fn anyone_of_the_agency_hangs_up_and_the_board_hears_who(world: World) {
    let line = world.line().await;
    let (caller, agent) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let mut board = line.node.board(&line.world, line.world.olivia).await;

    let answer = line.does(line.world.ben, "end", &caller).await;

    assert_eq!(answer, json!({"success": true, "message": "Call ended"}));
    let ended = board.hears().await;
    assert_eq!(
        (ended.kind.as_str(), ended.reason.as_deref()),
        ("call.ended", Some("hangup"))
    );
    let actor = ended.actor.expect("an actor");
    assert_eq!(
        (actor.id, actor.name.as_deref()),
        (line.world.ben.to_string(), Some("Ben"))
    );
    assert_eq!((caller.hears(), agent.is_alive()), (Hears::Nothing, false));
    // Once is as good as twice, and the carrier is not troubled again.
    line.does(line.world.anna, "end", &caller).await;
    let asked = line.asked("hangup");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].leg.as_deref(), Some(caller.id()));
    assert!(asked[0].command_id.is_some());
}

async fn two_who_hang_up_at_once_both_succeed(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;

    let (anna, ben) = (line.world.anna, line.world.ben);
    tokio::join!(
        line.does(anna, "end", &caller),
        line.does(ben, "end", &caller)
    );

    line.ended(caller.id()).await;
    let timeline = line.timeline(caller.id()).await;
    let ends = timeline
        .iter()
        .filter(|words| words.starts_with("call.ended"));
    assert_eq!(ends.count(), 1, "{timeline:?}");
}

async fn a_call_that_is_over_is_hung_up_without_asking_the_carrier(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    caller.hangs_up();
    line.ended(caller.id()).await;

    line.does(line.world.anna, "end", &caller).await;

    assert!(line.asked("hangup").is_empty());
    let timeline = line.timeline(caller.id()).await;
    assert_eq!(timeline, ["call.incoming", "call.ended hangup"]);
}

async fn a_call_of_which_the_carrier_says_that_it_is_over_is_settled(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.exchange.faults().loses_until_lifted("call.hangup");
    caller.hangs_up();

    line.does(line.world.ben, "end", &caller).await;

    assert_eq!(line.asked("hangup")[0].status, Some(422));
    let row = line.row(caller.id()).await;
    assert_eq!(
        (&row["status"], &row["hangup_cause"]),
        (&json!("ended"), &json!(null))
    );
    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended reconciled by Ben"));
}

async fn a_call_that_the_carrier_has_forgotten_is_settled(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let forgotten = Fault::refusal(404, "10005", "/call_control_id");
    line.exchange.faults().until_lifted("hangup", forgotten);

    line.does(line.world.ben, "end", &caller).await;

    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended reconciled by Ben"));
}

async fn a_call_that_the_carrier_fails_to_hang_up_goes_on(world: World) {
    let line = world.line().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.exchange
        .faults()
        .until_lifted("hangup", Fault::status(500));

    let acts = line.acts(line.world.ben, "end", &caller);
    let (status, body) = line.world.wind_until(STEP, acts).await;

    assert_eq!(status, 502);
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .ends_with("The call goes on"),
        "{body}"
    );
    let asked = line.asked("hangup");
    assert!(
        asked.len() > 1
            && asked
                .iter()
                .all(|one| one.command_id == asked[0].command_id)
    );
    assert_eq!(line.row(caller.id()).await["status"], "answered");
    // Then the caller hangs up: nobody here did.
    line.exchange.faults().lift();
    caller.hangs_up();
    line.ended(caller.id()).await;
    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended hangup"));
}

async fn nobody_hangs_up_what_is_not_there_or_anothers(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    let gone = (404, json!({"error": "Call not found or already ended"}));

    assert_eq!(line.acts(line.world.mallory, "end", &caller).await, gone);
    let path = "/api/telnyx/calls/v3%3Anobody/end";
    let unknown = line
        .node
        .post(&line.world, line.world.anna, path, &json!({}))
        .await;

    assert_eq!(unknown, gone);
    assert!(line.asked("hangup").is_empty() && caller.is_alive());
}

async fn a_call_that_an_agent_ends_unanswered_is_missed(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses("call.hangup", 1);

    line.does(line.world.anna, "end", &caller).await;
    // Whatever the carrier says of who it was.
    let hung_up = caller
        .leg()
        .hung_up_by(HangupCause::NormalClearing, HangupSource::Caller);
    tell(&line.carrier, [&hung_up]).await;

    line.ended(caller.id()).await;
    let timeline = line.timeline(caller.id()).await;
    assert_eq!(timeline, ["call.incoming", "call.ended hangup by Anna"]);
    let (_, logs) = line
        .node
        .get(&line.world, line.world.anna, "/api/call-logs")
        .await;
    let log = &logs["call_logs"][0];
    assert_eq!(
        (&log["result"], &log["duration"]),
        (&json!("missed"), &json!(0))
    );
}

async fn a_call_that_is_ended_while_a_phone_rings_silences_the_phone(world: World) {
    let lax = ExchangeSettings {
        cancels_second_leg: false,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(lax).await;
    let caller = line.exchange.rings("+15550100").await;
    line.does(line.world.anna, "answer", &caller).await;
    let phone = soon("a phone", line.exchange.phone(ANNAS_PHONE).rings()).await;
    soon("it to be known", line.exchange.settled()).await;

    line.does(line.world.ben, "end", &caller).await;

    let leg = phone.leg().call_control_id.clone();
    let hung_up = |asked: &callboard_simulator::Request| {
        asked.action == "hangup" && asked.leg.as_ref() == Some(&leg)
    };
    soon("the phone to be hung up", line.exchange.hears(hung_up)).await;
    assert!(!phone.is_alive());
    line.ended(caller.id()).await;
}

on_each_database!(
    anyone_of_the_agency_hangs_up_and_the_board_hears_who,
    two_who_hang_up_at_once_both_succeed,
    a_call_that_is_over_is_hung_up_without_asking_the_carrier,
    a_call_of_which_the_carrier_says_that_it_is_over_is_settled,
    a_call_that_the_carrier_has_forgotten_is_settled,
    a_call_that_the_carrier_fails_to_hang_up_goes_on,
    nobody_hangs_up_what_is_not_there_or_anothers,
    a_call_that_an_agent_ends_unanswered_is_missed,
    a_call_that_is_ended_while_a_phone_rings_silences_the_phone,
);
