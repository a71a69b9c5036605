//! The server's wall clock is put right, an hour at once: time passes as before for whoever waits.

use crate::support::World;
use crate::support::exchange::ANNAS_PHONE;
use crate::support::wire::{Heard, Wire};
use callboard::clock::Clock;
use callboard_simulator::ANY;
use callboard_simulator::browser::Message;
use serde_json::json;
use std::time::Duration;

/// How the wall clock is put right, in seconds: as a machine that slept and one that was an hour
/// off, and by a little more than a client may be silent.
const STEPS: [i64; 4] = [3600, -3600, 31, -31];
const SECOND: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(15);
const STEP: Duration = Duration::from_millis(20);

async fn a_step_of_the_wall_clock_closes_no_socket_and_stops_no_heartbeat(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    for step in STEPS {
        anna.is_served().await;
        world.clock.step_wall(step);
        world.clock.advance(BEAT);
        let at = world.clock.now().into();
        assert_eq!(
            anna.any().await,
            Message::Heartbeat { seq: 0, at },
            "{step}"
        );
    }
    node.rings(&world.acme, 1).await;
    assert_eq!(
        anna.hears_words(1).await,
        ["1 call.incoming +15550100 incoming"]
    );
}

async fn a_silent_client_is_closed_in_its_time_whatever_the_wall_shows(world: World) {
    let node = world.node().await;
    for step in STEPS {
        let mut wire = Wire::open(&node).await;
        wire.connects(&world.token(world.anna)).await;
        world.clock.step_wall(step);
        world.clock.advance(BEAT);
        assert!(matches!(wire.hears().await, Heard::Text(beat) if beat["type"] == "heartbeat"));
        assert_eq!(wire.hears().await, Heard::Ping);
        world.clock.advance(BEAT);
        assert_eq!(wire.ends().await, "4003 silent, come back", "{step}");
    }
}

async fn whoever_is_slow_to_connect_is_given_ten_seconds_whatever_the_wall_shows(world: World) {
    let node = world.node().await;
    for step in STEPS {
        let mut mute = Wire::open(&node).await;
        let mut late = Wire::open(&node).await;
        world.clock.advance(9 * SECOND);
        world.clock.step_wall(step);
        late.connects(&world.token(world.anna)).await;
        world.clock.advance(SECOND);
        assert_eq!(mute.ends().await, "4004 no_connect, come back", "{step}");
        late.say(json!({"type": "ping"})).await;
        assert_eq!(late.hears().await, Heard::Text(json!({"type": "pong"})));
    }
}

async fn a_token_is_called_expiring_and_ends_when_its_time_has_passed(world: World) {
    let node = world.node().await;
    for step in STEPS {
        let expires_at = world.clock.now().plus_seconds(300);
        let mut wire = Wire::open(&node).await;
        wire.connects(&world.token_for(world.anna, 300)).await;
        world.clock.step_wall(step);
        let mut warnings = Vec::new();
        for seconds in (10..=320).step_by(10) {
            world.clock.advance(10 * SECOND);
            wire.say(json!({"type": "ping"})).await;
            loop {
                match wire.hears().await {
                    Heard::Text(said) if said["type"] == "pong" => break,
                    Heard::Text(said) if said["type"] == "token_expiring" => {
                        warnings.push((seconds, said["expires_at"].clone()));
                    }
                    Heard::Text(_) | Heard::Ping => {}
                    other => panic!("{step}, after {seconds} s: {other:?}"),
                }
            }
        }
        assert_eq!(warnings.len(), 1, "{step}: {warnings:?}");
        let (seconds, said) = &warnings[0];
        // The pong may have come just before it.
        assert!((240..=250).contains(seconds), "{step}: {warnings:?}");
        assert_eq!(*said, json!(expires_at.to_string()));
        world.clock.advance(10 * SECOND);
        assert_eq!(wire.ends().await, "4001 token_expired, come back", "{step}");
    }
}

async fn a_claim_of_which_nothing_is_heard_goes_after_45_s_however_the_wall_is_stepped(
    world: World,
) {
    let line = world.line().await;
    let mut board = line.olivias_board().await;
    for step in STEPS {
        let call = line.exchange.rings("+15550100").await;
        line.exchange.faults().loses_until_lifted(ANY);
        line.does(line.world.anna, "answer", &call).await;
        board.hears_words(2).await;
        line.world.clock.step_wall(step);
        let began = line.world.clock.tick();

        let heard = line.world.wind_until(STEP, board.hears_words(1)).await;

        let words = "call.released +15550100 incoming timed_out";
        assert!(heard[0].ends_with(words), "{heard:?}");
        let took = line.world.clock.tick().since(began).as_secs();
        assert!((40..90).contains(&took), "{step}: {took} s");
        line.exchange.faults().lift();
    }
}

async fn a_claim_is_not_held_by_a_server_that_starts_with_its_clock_put_back(world: World) {
    let mut line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses_until_lifted(ANY);
    line.does(line.world.anna, "answer", &call).await;

    // A process that starts knows nothing but what the wall shows.
    line.world.clock = Clock::by_hand(line.world.clock.now().plus_seconds(-3600));
    let line = line.restarts().await;
    let mut board = line.olivias_board().await;
    let began = line.world.clock.tick();
    let heard = line.world.wind_until(STEP, board.hears_words(1)).await;

    assert_eq!(heard, ["3 call.released +15550100 incoming timed_out"]);
    let took = line.world.clock.tick().since(began).as_secs();
    assert!(took < 120, "{took} s");
}

async fn what_a_lost_process_had_in_hand_is_taken_over_after_15_s_however_the_wall_is_stepped(
    world: World,
) {
    let line = world.line().await;
    for step in STEPS {
        let call = line.exchange.rings("+15550100").await;
        let before = line.asked("transfer").len();
        // It is driven by a process that is lost at once.
        line.node
            .wins_and_is_lost(line.world.anna, "Anna", call.id())
            .await;
        line.world.clock.step_wall(step);
        let began = line.world.clock.tick();

        let asked = line.is_asked("transfer", before + 1);
        line.world.wind_until(STEP, asked).await;

        let took = line.world.clock.tick().since(began).as_secs();
        assert!((13..40).contains(&took), "{step}: {took} s");
        let _ = line.phone_rings(ANNAS_PHONE).await;
        line.does(line.world.ben, "end", &call).await;
        line.settled().await;
    }
}

on_each_database!(
    a_step_of_the_wall_clock_closes_no_socket_and_stops_no_heartbeat,
    a_silent_client_is_closed_in_its_time_whatever_the_wall_shows,
    whoever_is_slow_to_connect_is_given_ten_seconds_whatever_the_wall_shows,
    a_token_is_called_expiring_and_ends_when_its_time_has_passed,
    a_claim_of_which_nothing_is_heard_goes_after_45_s_however_the_wall_is_stepped,
    a_claim_is_not_held_by_a_server_that_starts_with_its_clock_put_back,
    what_a_lost_process_had_in_hand_is_taken_over_after_15_s_however_the_wall_is_stepped,
);
