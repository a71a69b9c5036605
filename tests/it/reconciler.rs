//! Webhooks can be lost for good: then the carrier is asked, and what is over ends here too.

use crate::support::World;
use crate::support::exchange::Line;
use crate::support::patience::soon;
use crate::support::retelling::tell;
use callboard::domain::Timestamp;
use callboard_simulator::{Caller, Fault, HangupCause};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::time::Duration;

const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
const STEP: Duration = Duration::from_millis(20);

async fn a_call_whose_agent_has_left_is_looked_at_soon(world: World) {
    let line = world.line().await;
    let (caller, agent) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let left_at = line.world.clock.now();
    // The caller's hangup is the first of the two.
    line.exchange.faults().loses("call.hangup", 1);
    caller.hangs_up();
    let alone = |row: &Value| row["connected"] == false;
    line.when(caller.id(), "the agent to have left", alone)
        .await;
    assert!(!agent.is_alive());

    line.world.wind_until(STEP, line.ended(caller.id())).await;

    let asked = line.asked("call");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].leg.as_deref(), Some(caller.id()));
    let waited = asked[0].at.micros_since(left_at.into()) / 1_000_000;
    assert!((5..60).contains(&waited), "{waited} s");
    let row = line.row(caller.id()).await;
    assert_eq!(
        row["ended_at"],
        left_at.to_string(),
        "the carrier said when"
    );
    let last = line.timeline(caller.id()).await.pop();
    assert_eq!(last.as_deref(), Some("call.ended reconciled"));
    line.owes_no("look").await;
}

async fn a_caller_whose_agent_has_left_and_who_stays_is_not_taken_for_gone(world: World) {
    let line = world.line().await;
    let (caller, agent) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let left = agent.leg().hung_up(HangupCause::NormalClearing);
    tell(&line.carrier, [&left]).await;

    let looks = line.looks(2, line.world.clock.now()).await;

    assert!((5..60).contains(&looks[0]) && looks[1] >= 120, "{looks:?}");
    assert_eq!(line.row(caller.id()).await["status"], "answered");
}

async fn a_call_without_news_is_looked_at_less_and_less_often(world: World) {
    let line = world.line().await;
    let began = line.world.clock.now();
    let caller = line.exchange.rings("+15550100").await;

    let waits = line.looks(6, began).await;

    // Twice as long each time until it is half an hour, and an eighth more at most.
    for (wait, least) in waits.iter().zip([120, 240, 480, 960, 1800, 1800]) {
        assert!((least..least * 5 / 4).contains(wait), "{waits:?}");
    }
    assert_eq!(waits.len(), 6);
    assert_eq!(line.row(caller.id()).await["status"], "incoming");
    assert_eq!(line.asked("call")[0].leg.as_deref(), Some(caller.id()));
}

async fn a_call_that_the_carrier_has_forgotten_is_over(world: World) {
    let line = world.line().await;
    // The carrier knows nothing of this leg any more: 404.
    let leg = line.carrier.new_call("+15550100");
    tell(&line.carrier, [&leg.initiated()]).await;
    line.world.clock.advance(Duration::from_secs(30));
    let hung_up = leg.hung_up(HangupCause::OriginatorCancel);

    line.comes_to_the_next("look").await;

    let row = line.ended(&leg.call_control_id).await;
    assert_eq!(line.asked("call")[0].status, Some(404));
    assert_eq!(row["hangup_cause"], json!(null));
    let settled_at = Timestamp::parse(row["ended_at"].as_str().unwrap()).unwrap();
    assert!(settled_at > hung_up.occurred_at.into());
    // The hangup comes after all, and it knows better.
    tell(&line.carrier, [&hung_up]).await;
    let row = line.row(&leg.call_control_id).await;
    assert_eq!(row["hangup_cause"], "originator_cancel");
    assert_eq!(row["ended_at"], hung_up.occurred_at.to_string());
    assert_eq!(
        line.timeline(&leg.call_control_id).await,
        ["call.incoming", "call.ended reconciled", "call.updated",]
    );
    line.owes_no("look").await;
}

async fn a_call_with_news_is_not_looked_at(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.world.clock.advance(Duration::from_secs(100));
    tell(&line.carrier, [&caller.leg().answered()]).await;
    let news = line.world.clock.now();

    // Its turn comes, and it is not looked at; its next one is two minutes after the news.
    assert_eq!(line.looks(1, news).await, [] as [i64; 0]);
    let looks = line.looks(1, news).await;

    assert!((120..150).contains(&looks[0]), "{looks:?}");
}

async fn a_leg_that_stays_unknown_is_looked_at_a_few_times_and_let_go(world: World) {
    let line = world.line().await;
    let leg = line.carrier.new_call("+15550100");
    let answered = leg.answered();
    line.exchange.registers(leg);
    tell(&line.carrier, [&answered]).await;

    let looks = line.looks(6, line.world.clock.now()).await;

    line.owes_no("look").await;
    assert!(looks.len() == 5 && looks.is_sorted(), "{looks:?}");
    let (_, page) = line
        .node
        .get(&line.world, line.world.anna, "/api/calls")
        .await;
    assert_eq!(page["calls"], json!([]));
}

async fn a_leg_that_stays_unknown_and_is_over_is_let_go_at_once(world: World) {
    let line = world.line().await;
    tell(
        &line.carrier,
        [&line.carrier.new_call("+15550100").answered()],
    )
    .await;

    let looks = line.looks(1, line.world.clock.now()).await;

    line.owes_no("look").await;
    assert_eq!(looks.len(), 1);
}

async fn an_outage_of_the_carrier_puts_looks_off_and_ends_nothing(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("call", Fault::status(503));
    for _ in 0..8 {
        line.comes_to_the_next("look").await;
    }
    assert!(
        line.asked("call")
            .iter()
            .all(|asked| asked.status == Some(503))
    );
    assert_eq!(line.row(caller.id()).await["status"], "incoming");

    // It comes back when the caller has left, unheard.
    line.exchange.faults().lift();
    line.exchange.faults().loses("call.hangup", 1);
    caller.hangs_up();

    // The circuit may be open for one more turn.
    line.is_looked_at_until_it_has_ended(caller.id()).await;
    let timeline = line.timeline(caller.id()).await;
    assert_eq!(timeline, ["call.incoming", "call.ended reconciled"]);
}

async fn a_refusal_is_not_taken_for_the_end_of_a_call(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    line.exchange.faults().next(1, "call", Fault::status(403));

    line.looks(2, line.world.clock.now()).await;

    let statuses: Vec<_> = line
        .asked("call")
        .iter()
        .map(|asked| asked.status)
        .collect();
    assert_eq!(statuses, [Some(403), Some(200)]);
    assert_eq!(line.row(caller.id()).await["status"], "incoming");
}

on_each_database!(
    a_call_whose_agent_has_left_is_looked_at_soon,
    a_caller_whose_agent_has_left_and_who_stays_is_not_taken_for_gone,
    a_call_without_news_is_looked_at_less_and_less_often,
    a_call_that_the_carrier_has_forgotten_is_over,
    a_call_with_news_is_not_looked_at,
    a_leg_that_stays_unknown_is_looked_at_a_few_times_and_let_go,
    a_leg_that_stays_unknown_and_is_over_is_let_go_at_once,
    an_outage_of_the_carrier_puts_looks_off_and_ends_nothing,
    a_refusal_is_not_taken_for_the_end_of_a_call,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_looks() {
    let line = World::on_postgres().await.line().await;
    let _other = line.world.node().await;
    let callers: Vec<Caller> = ring(&line, 10).await;

    // All have rung in one moment, and are due in one.
    line.comes_to_the_next("look").await;
    // The next looks are minutes away, and leases end sooner.
    line.world.wind(Duration::from_secs(20)).await;

    let mut legs: Vec<_> = line.asked("call").into_iter().map(|one| one.leg).collect();
    let looks = legs.len();
    legs.sort_unstable();
    legs.dedup();
    assert_eq!((legs.len(), looks), (callers.len(), callers.len()));
}

async fn ring(line: &Line, count: usize) -> Vec<Caller> {
    let ringing = (0..count).map(|_| line.exchange.rings("+15550100"));
    soon("callers", futures_util::future::join_all(ringing).boxed()).await
}
