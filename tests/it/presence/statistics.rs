//! What the day was like for each person.

use super::two_boards;
use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE};
use serde_json::{Value, json};

fn of<'a>(stats: &'a Value, name: &str) -> &'a Value {
    let agents = stats["agents"].as_array().expect("agents");
    let found = agents.iter().find(|agent| agent["name"] == name);
    found.expect("a person")
}

/// About so many seconds.
fn is_about(value: &Value, seconds: f64) {
    let found = value.as_f64().expect("seconds");
    assert!((found - seconds).abs() <= 5.0, "{found} for {seconds}");
}

async fn each_persons_day_is_counted(world: World) {
    let world = world.watching();
    world.wraps_up_for(40).await;
    let line = world.line().await;
    let (_anna, mut ben) = two_boards(&line.world, &line.node).await;
    let world = &line.world;
    world.passes(100).await;
    let (caller, _phone) = line.talk(world.anna, ANNAS_PHONE).await;
    world.passes(60).await;
    caller.hangs_up();
    let over = ["Anna wrap_up", "Ben available", "Olivia offline"];
    world.passes_until(ben.sees(&over)).await;
    let free = ["Anna available", "Ben available", "Olivia offline"];
    world.passes_until(ben.sees(&free)).await;
    // Ben lets his phone ring.
    let second = line.exchange.rings("+15550101").await;
    line.does(world.ben, "answer", &second).await;
    let ringing = line.phone_rings(BENS_PHONE).await;
    ringing.rejects();
    world.passes_until(ben.sees(&free)).await;
    let wish = json!({"state": "away", "reason": "break"});
    assert_eq!(line.node.says(world, world.ben, wish).await.0, 200);
    world.passes(30).await;

    let (status, stats) = line.node.get(world, world.anna, "/api/stats").await;

    assert_eq!(status, 200, "{stats}");
    let (anna, ben) = (of(&stats, "Anna"), of(&stats, "Ben"));
    assert_eq!((&anna["answered"], &anna["missed"]), (&json!(1), &json!(0)));
    assert_eq!((&ben["answered"], &ben["missed"]), (&json!(0), &json!(1)));
    is_about(&anna["talk_s"], 60.0);
    is_about(&anna["wrap_up_s"], 40.0);
    is_about(&anna["time_in_state"]["wrap_up"], 40.0);
    is_about(&anna["time_in_state"]["busy"], 60.0);
    is_about(&ben["time_in_state"]["away"], 30.0);
    is_about(&of(&stats, "Olivia")["time_in_state"]["available"], 0.0);
    let names: Vec<_> = stats["agents"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 3);
}

async fn what_began_yesterday_counts_from_midnight_and_goes_at_its_age(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (anna, mut ben) = two_boards(&world, &node).await;
    // She has been there since nine o'clock; asked for the last ten seconds, it is ten.
    world.passes(60).await;
    let since = world.clock.now().plus_seconds(-10).to_string();
    let path = format!("/api/stats?since={since}");
    let (_, stats) = node.get(&world, world.anna, &path).await;
    is_about(&of(&stats, "Anna")["time_in_state"]["available"], 10.0);
    anna.leaves().await;
    let gone = ["Anna offline", "Ben available", "Olivia offline"];
    world.passes_until(ben.sees(&gone)).await;
    let (_, stats) = node.get(&world, world.ben, &path).await;
    is_about(&of(&stats, "Anna")["time_in_state"]["available"], 45.0);

    let (store, acme) = (&world.store, world.acme.id);
    let now = world.clock.now().plus_seconds(1);
    assert!(store.prune_agent_times(acme, now, 1).await.unwrap() == 1);
    while store.prune_agent_times(acme, now, 50).await.unwrap() > 0 {}
    let left = world
        .database
        .texts("SELECT user_id FROM agent_times")
        .await;
    assert_eq!(left, Vec::<String>::new());
}

on_each_database!(
    each_persons_day_is_counted,
    what_began_yesterday_counts_from_midnight_and_goes_at_its_age,
);
