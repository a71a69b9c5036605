//! An agent gives a call back.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE};
use callboard_simulator::{ExchangeSettings, Fault, Hears};
use serde_json::json;
use std::time::Duration;

async fn a_call_that_is_given_back_rings_again_and_the_phone_does_not(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    let (mut board, call) = line.rings("+15550100").await;
    line.does(anna, "answer", &call).await;
    let ringing = line.phone_rings(ANNAS_PHONE).await;
    line.settled().await;

    let answer = line.does(anna, "release", &call).await;

    assert_eq!(answer["success"], json!(true));
    board.hears_words(1).await;
    let event = board.hears().await;
    assert_eq!((event.seq, event.kind.as_str()), (3, "call.released"));
    assert_eq!(event.reason.as_deref(), Some("cancelled"));
    let actor = event.actor.expect("an actor");
    assert_eq!(
        (actor.id, actor.name.as_deref()),
        (anna.to_string(), Some("Anna"))
    );
    line.until("a silent phone", || !ringing.is_alive()).await;
    line.does(line.world.ben, "answer", &call).await;
    let _ = line.phone_rings(BENS_PHONE).await.answers();
    let heard = board.hears_words(2).await;
    assert_eq!(heard[1], "5 call.answered +15550100 answered");
    line.settled().await;
    assert_eq!(line.is_asked("hangup", 1).await.len(), 1);
}

async fn only_the_claimer_gives_a_call_back_and_only_before_the_answer(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let (mut board, call) = line.rings("+15550100").await;
    let refused = async |user, sentence: &str| {
        let refused = line.acts(user, "release", &call).await;
        assert_eq!(refused, (409, json!({ "error": sentence })));
    };

    refused(anna, "You are not answering this call").await;
    line.does(anna, "answer", &call).await;
    refused(ben, "You are not answering this call").await;
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    board.hears_words(2).await;
    refused(anna, "The call is answered; hang it up instead").await;

    assert_eq!(call.hears(), Hears::Party(ANNAS_PHONE.into()));
    line.settled().await;
    assert_eq!(line.asked("hangup").len(), 0);
}

async fn a_phone_answered_in_the_moment_of_the_release_is_connected_or_silent(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    for round in 0..20 {
        let call = line.exchange.rings("+15550100").await;
        line.does(anna, "answer", &call).await;
        let ringing = line.phone_rings(ANNAS_PHONE).await;

        let picks_up = async {
            // Each time a little later, so that either comes first in some of the rounds.
            for _ in 0..round * 100 {
                tokio::task::yield_now().await;
            }
            ringing.answers()
        };
        let (released, agent) = tokio::join!(line.acts(anna, "release", &call), picks_up);

        assert!([200, 409].contains(&released.0), "{released:?}");
        let consistent = async {
            loop {
                line.settled().await;
                let shown = line.shown(&call).await;
                let talking = (agent.is_alive(), call.hears());
                let as_shown = match shown["status"].as_str() {
                    Some("answered") => {
                        shown["answered_by_name"] == "Anna"
                            && talking == (true, Hears::Party(ANNAS_PHONE.into()))
                    }
                    Some("incoming") => !talking.0 && call.is_alive(),
                    // It was answered at the carrier before we could know, and hung up by us.
                    Some("ended") => !talking.0 && !call.is_alive(),
                    _ => false,
                };
                if as_shown {
                    break;
                }
            }
        };
        line.world
            .wind_until(Duration::from_millis(5), consistent)
            .await;
        call.hangs_up();
    }
}

async fn a_phone_answered_before_its_hangup_came_about_wins_for_good(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().next(1, "hangup", Fault::status(503));
    line.does(anna, "answer", &call).await;
    let ringing = line.phone_rings(ANNAS_PHONE).await;
    line.settled().await;
    line.does(anna, "release", &call).await;
    line.is_asked("hangup", 1).await;

    let agent = ringing.answers();

    let heard = board.hears_words(3).await;
    assert_eq!(heard[2], "4 call.answered +15550100 answered");
    line.has_nothing_to_hang_up().await;
    assert!(agent.is_alive());
    assert_eq!(call.hears(), Hears::Party(ANNAS_PHONE.into()));
    assert_eq!(line.shown(&call).await["answered_by_name"], json!("Anna"));
    assert_eq!(line.asked("hangup").len(), 1);
}

async fn a_call_given_back_while_the_carrier_is_asked_is_not_taken_on_afterwards(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let (mut board, call) = line.rings("+15550100").await;
    let slow = Fault::slow(Duration::from_secs(1));
    line.exchange.faults().next(1, "transfer", slow);

    let answers = line.acts(anna, "answer", &call);
    let gives_back = async {
        line.is_asked("transfer", 1).await;
        line.does(anna, "release", &call).await;
        line.does(ben, "answer", &call).await;
        line.world.clock.advance(Duration::from_secs(1));
    };
    let ((status, _), ()) = tokio::join!(answers, gives_back);

    assert_eq!(status, 200);
    let annas = line.exchange.phone(ANNAS_PHONE);
    line.until("a silent phone", || !annas.is_ringing()).await;
    let _ = line.phone_rings(BENS_PHONE).await.answers();
    let heard = board.hears_words(4).await;
    assert_eq!(heard[3], "5 call.answered +15550100 answered");
    assert_eq!(line.shown(&call).await["answered_by_name"], json!("Ben"));
}

async fn a_call_given_back_before_its_caller_was_answered_is_not_left_silent(world: World) {
    let settings = ExchangeSettings {
        transfers_while_ringing: false,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(settings).await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().loses("call.answered", 1);
    line.does(line.world.anna, "answer", &call).await;
    line.does(line.world.anna, "release", &call).await;
    board.hears_words(2).await;

    line.carrier
        .deliver(&line.exchange.faults().lost()[0])
        .await;

    assert_eq!(
        board.hears_words(1).await,
        ["4 call.updated +15550100 incoming"]
    );
    line.until("ringing", || matches!(call.hears(), Hears::Audio(_)))
        .await;
}

on_each_database!(
    a_call_that_is_given_back_rings_again_and_the_phone_does_not,
    only_the_claimer_gives_a_call_back_and_only_before_the_answer,
    a_phone_answered_in_the_moment_of_the_release_is_connected_or_silent,
    a_phone_answered_before_its_hangup_came_about_wins_for_good,
    a_call_given_back_while_the_carrier_is_asked_is_not_taken_on_afterwards,
    a_call_given_back_before_its_caller_was_answered_is_not_left_silent,
);
