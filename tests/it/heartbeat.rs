//! Heartbeats, and clients from which nothing is heard.

use crate::support::World;
use crate::support::wire::{Heard, Wire};
use callboard_simulator::browser::{Message, Position};
use serde_json::json;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(15);

async fn every_fifteen_seconds_a_board_is_told_its_number_and_pinged(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    anna.is_served().await;
    for beat in 1..=3 {
        node.rings(&world.acme, 2).await;
        anna.hears_words(2).await;
        world.clock.advance(BEAT);
        let now = world.clock.now();
        assert_eq!(
            anna.any().await,
            Message::Heartbeat {
                seq: 2 * beat,
                at: now.into()
            }
        );
        anna.is_served().await;
        assert_eq!(anna.browser().socket().pings(), beat);
    }
}

async fn both_first_answers_say_what_time_it_is_at_the_server(world: World) {
    let node = world.node().await;
    for wound in [0, 14 * 60, 86_400] {
        world.clock.advance(Duration::from_secs(wound));
        let token = world.token(world.anna);
        let mut fresh = Wire::open(&node).await;
        let snapshot = fresh.connects(&token).await;
        let now = world.clock.now().to_string();
        assert_eq!(
            (&snapshot["type"], &snapshot["at"]),
            (&json!("snapshot"), &json!(now))
        );

        let epoch = snapshot["epoch"].as_str().unwrap().to_owned();
        let mut again = Wire::open(&node).await;
        again
            .says_connect_at(
                &token,
                &Position {
                    epoch,
                    seq: snapshot["seq"].as_u64().unwrap(),
                },
            )
            .await;
        let Heard::Text(resumed) = again.hears().await else {
            panic!("no answer")
        };
        assert_eq!(
            (&resumed["type"], &resumed["at"]),
            (&json!("resumed"), &json!(now))
        );
    }
}

async fn the_number_of_a_heartbeat_counts_what_was_resumed(world: World) {
    let node = world.node().await;
    let start = node.board(&world, world.anna).await.leaves().await;
    node.rings(&world.acme, 3).await;
    let mut anna = node.board_at(&world, world.anna, start).await;
    anna.is_served().await;
    world.clock.advance(BEAT);
    // The checker compares the number with what this board has seen.
    while !matches!(anna.any().await, Message::Heartbeat { seq: 3, .. }) {}
}

async fn a_client_that_is_silent_for_two_heartbeats_is_closed(world: World) {
    let node = world.node().await;
    let mut wire = Wire::open(&node).await;
    wire.connects(&world.token(world.anna)).await;
    wire.say(json!({"type": "ping"})).await;
    assert_eq!(wire.hears().await, Heard::Text(json!({"type": "pong"})));

    world.clock.advance(BEAT);
    assert!(matches!(wire.hears().await, Heard::Text(beat) if beat["type"] == "heartbeat"));
    assert_eq!(wire.hears().await, Heard::Ping);
    world.clock.advance(BEAT);
    assert_eq!(wire.ends().await, "4003 silent, come back");
}

async fn whoever_does_not_say_connect_within_ten_seconds_is_closed(world: World) {
    let node = world.node().await;
    let mut mute = Wire::open(&node).await;
    let mut late = Wire::open(&node).await;
    world.clock.advance(9 * SECOND);
    late.connects(&world.token(world.anna)).await;
    world.clock.advance(SECOND);
    assert_eq!(mute.ends().await, "4004 no_connect, come back");
    late.say(json!({"type": "ping"})).await;
    assert_eq!(late.hears().await, Heard::Text(json!({"type": "pong"})));
}

on_each_database!(
    every_fifteen_seconds_a_board_is_told_its_number_and_pinged,
    both_first_answers_say_what_time_it_is_at_the_server,
    the_number_of_a_heartbeat_counts_what_was_resumed,
    a_client_that_is_silent_for_two_heartbeats_is_closed,
    whoever_does_not_say_connect_within_ten_seconds_is_closed,
);
