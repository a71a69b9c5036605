//! Callers and phones: who rings, who hears whom, who ends it.

use super::{ANNA, World, payload, words};
use crate::exchange::{ExchangeSettings, Habit, Hears};
use serde_json::json;
use std::time::Duration;

#[actix_web::test]
async fn a_caller_is_answered_transferred_and_hung_up_with_the_agent() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    assert_eq!(caller.hears(), Hears::Ringing);
    world
        .tells(caller.id(), "answer", json!({"client_state": "Y2FsbGVy"}))
        .await;
    assert_eq!(caller.hears(), Hears::Silence);
    let transfer = json!({"to": ANNA, "from": "+15550100", "target_leg_client_state": "Y2xhaW0="});
    world.tells(caller.id(), "transfer", transfer).await;
    let ringing = world.exchange.phone(ANNA).rings().await;
    assert_eq!(
        (ringing.from(), ringing.leg().to.as_str()),
        ("+15550100", ANNA)
    );
    assert_eq!(ringing.leg().call_session_id, caller.session());
    let anna = ringing.answers();
    assert_eq!(caller.hears(), Hears::Party(ANNA.to_owned()));
    assert_eq!(anna.hears(), Hears::Party("+15550100".to_owned()));
    anna.hangs_up();
    assert_eq!((caller.hears(), caller.is_alive()), (Hears::Nothing, false));
    assert_eq!(
        world.told().await,
        [
            "caller initiated",
            "caller answered",
            "agent initiated",
            "agent answered",
            "agent bridged",
            "caller bridged",
            "agent hangup normal_clearing",
            "caller hangup normal_clearing",
        ]
    );
    for one in &world.receiver.received()[1..] {
        assert!(one.is_signed_by(&world.receiver.key.public_key()));
        let note = if words(one).starts_with("agent") {
            "Y2xhaW0="
        } else {
            "Y2FsbGVy"
        };
        assert_eq!(payload(one)["client_state"], note, "{}", words(one));
    }
}

#[actix_web::test]
async fn a_caller_transferred_while_ringing_is_answered_with_the_agent() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    let ringing = world.transferred(&caller).await;
    assert_eq!(caller.hears(), Hears::Ringing);
    // Without a `from` the agent sees the number that was dialled.
    assert_eq!(ringing.from(), caller.leg().to);
    let _ = ringing.answers();
    let told = world.told().await;
    assert_eq!(
        told[2..],
        [
            "agent answered",
            "agent bridged",
            "caller answered",
            "caller bridged"
        ]
    );
}

#[actix_web::test]
async fn a_phone_that_nobody_answers_stops_in_time_and_leaves_the_caller() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    let transfer = json!({"to": ANNA, "timeout_secs": 20});
    world.tells(caller.id(), "transfer", transfer).await;
    let phone = world.exchange.phone(ANNA);
    let ringing = phone.rings().await;
    world.hears(2).await;
    world.clock.advance(Duration::from_secs(19));
    tokio::task::yield_now().await;
    assert!(phone.is_ringing());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(words(&world.hears(3).await), "agent hangup timeout");
    assert!(caller.is_alive() && !ringing.is_alive() && !phone.is_ringing());
    // Too late: nothing happens any more.
    let _ = ringing.answers();
    assert_eq!(caller.hears(), Hears::Ringing);
    world.tells(caller.id(), "hangup", json!({})).await;
    assert_eq!(words(&world.hears(4).await), "caller hangup call_rejected");
}

#[actix_web::test]
async fn phones_keep_to_their_habits() {
    let wait = Duration::from_secs(3);
    for (habit, wait, end) in [
        (Habit::Busy(wait), wait, "agent hangup user_busy"),
        (Habit::Rejects(wait), wait, "agent hangup call_rejected"),
        (Habit::NotFound, Duration::ZERO, "agent hangup not_found"),
        (Habit::Answers(wait), wait, "agent answered"),
    ] {
        let world = World::by_default();
        world.exchange.phone(ANNA).set(habit);
        let caller = world.exchange.rings("+15550100").await;
        let secure = json!({"to": format!("{ANNA};secure=srtp")});
        world.tells(caller.id(), "transfer", secure).await;
        world.hears(2).await;
        world.clock.advance(wait);
        assert_eq!(words(&world.hears(3).await), end);
        assert!(caller.is_alive());
    }
}

#[actix_web::test]
async fn a_phone_in_the_hand_can_be_busy_or_declined() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    world.transferred(&caller).await.is_busy();
    world.transferred(&caller).await.rejects();
    let told = world.told().await;
    assert_eq!(told[2], "agent hangup user_busy");
    assert_eq!(told[4], "agent hangup call_rejected");
}

#[actix_web::test]
async fn a_caller_who_gives_up_silences_the_phone_or_does_not() {
    for cancels in [true, false] {
        let world = World::open(ExchangeSettings {
            cancels_second_leg: cancels,
            ..ExchangeSettings::default()
        });
        let caller = world.exchange.rings("+15550100").await;
        let ringing = world.transferred(&caller).await;
        caller.hangs_up();
        caller.hangs_up();
        assert_eq!(ringing.is_alive(), !cancels);
        if !cancels {
            let phone = &ringing.leg().call_control_id;
            world.tells(phone, "hangup", json!({})).await;
        }
        let told = world.told().await;
        assert_eq!(
            told[2..],
            [
                "caller hangup originator_cancel",
                "agent hangup originator_cancel"
            ]
        );
    }
}

#[actix_web::test]
async fn a_parked_caller_stays_when_the_agent_leaves() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    let transfer = json!({"to": ANNA, "park_after_unbridge": "self"});
    world.tells(caller.id(), "transfer", transfer).await;
    let anna = world.exchange.phone(ANNA).rings().await.answers();
    anna.hangs_up();
    assert_eq!(caller.hears(), Hears::Silence);
}

#[actix_web::test]
async fn a_second_agent_takes_over_from_the_first() {
    let world = World::by_default();
    let (caller, anna) = world.talk().await;
    let ben = "sip:ben@sip.telnyx.com";
    world
        .tells(caller.id(), "transfer", json!({"to": ben}))
        .await;
    let ben_talks = world.exchange.phone(ben).rings().await.answers();
    assert_eq!(caller.hears(), Hears::Party(ben.to_owned()));
    assert!(!anna.is_alive() && ben_talks.is_alive());
}

#[actix_web::test]
async fn two_answered_legs_are_bridged() {
    let world = World::by_default();
    let (one, other) = (
        world.exchange.rings("+15550100").await,
        world.exchange.rings("+15550101").await,
    );
    for caller in [&one, &other] {
        world.tells(caller.id(), "answer", json!({})).await;
    }
    world
        .tells(one.id(), "bridge", json!({"call_control_id": other.id()}))
        .await;
    assert_eq!(one.hears(), Hears::Party("+15550101".to_owned()));
    one.hangs_up();
    assert!(!other.is_alive());
}

#[actix_web::test]
async fn a_rejected_caller_is_told_why() {
    let world = World::by_default();
    for (cause, said) in [
        ("USER_BUSY", "user_busy"),
        ("CALL_REJECTED", "call_rejected"),
    ] {
        let caller = world.exchange.rings("+15550100").await;
        world
            .tells(caller.id(), "reject", json!({"cause": cause}))
            .await;
        let told = world.told().await;
        assert_eq!(told.last().unwrap(), &format!("caller hangup {said}"));
    }
}

#[actix_web::test]
async fn what_is_played_is_heard_until_it_ends_is_stopped_or_the_agent_comes() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    world.tells(caller.id(), "answer", json!({})).await;
    let music = json!({"audio_url": "https://example.com/ring.mp3", "loop": "infinity"});
    world
        .tells(caller.id(), "playback_start", music.clone())
        .await;
    world.clock.advance(Duration::from_secs(3_000));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        caller.hears(),
        Hears::Audio("https://example.com/ring.mp3".to_owned())
    );
    world.tells(caller.id(), "playback_stop", json!({})).await;
    assert_eq!(caller.hears(), Hears::Silence);
    world
        .tells(
            caller.id(),
            "playback_start",
            json!({"media_name": "hello"}),
        )
        .await;
    world.hears(5).await;
    world.clock.advance(Duration::from_secs(30));
    let ended = world.hears(6).await;
    assert_eq!(
        (words(&ended).as_str(), &payload(&ended)["status"]),
        ("caller playback.ended", &json!("completed"))
    );
    assert_eq!(caller.hears(), Hears::Silence);
    world.tells(caller.id(), "playback_start", music).await;
    let anna = world.transferred(&caller).await.answers();
    assert!(matches!(caller.hears(), Hears::Party(_)));
    anna.hangs_up();
}
