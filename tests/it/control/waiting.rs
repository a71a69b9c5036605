//! A caller who was answered and whom nobody has hears ringing, not silence.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE, Line};
use callboard_simulator::{Caller, ExchangeSettings, Fault, Hears};
use serde_json::json;
use std::time::Duration;

async fn an_answered_caller_hears_ringing_until_somebody_is_there(world: World) {
    let line = line_that_answers_first(world).await;
    let call = waiting_for_anybody(&line).await;

    line.does(line.world.ben, "answer", &call).await;
    let bens = line.phone_rings(BENS_PHONE).await;
    assert!(
        matches!(call.hears(), Hears::Audio(_)),
        "{:?}",
        call.hears()
    );
    assert_eq!(line.asked("playback_stop").len(), 0);
    let _ = bens.answers();

    let stopped = line.is_asked("playback_stop", 1).await;
    assert_eq!(stopped[0].leg.as_deref(), Some(call.id()));
    assert_eq!(call.hears(), Hears::Party(BENS_PHONE.into()));
    assert_eq!(line.asked("playback_start").len(), 1);
    assert_eq!(line.asked("answer").len(), 1);
    line.settled().await;
    assert_eq!(line.shown(&call).await["answered_by_name"], json!("Ben"));
}

async fn an_answered_caller_hears_no_ringing_once_somebody_answers_plainly(world: World) {
    let line = line_that_answers_first(world).await;
    line.world.gives_phone(line.world.ben, "Ben", None).await;
    let call = waiting_for_anybody(&line).await;

    line.does(line.world.ben, "answer", &call).await;

    line.is_asked("playback_stop", 1).await;
    line.until("silence", || call.hears() == Hears::Silence)
        .await;
    assert_eq!(line.shown(&call).await["status"], json!("answered"));
}

async fn ringing_that_begins_only_when_somebody_is_there_is_stopped_again(world: World) {
    let line = line_that_answers_first(world).await;
    line.exchange
        .faults()
        .next(1, "playback_start", Fault::status(503));
    let (mut board, call) = line.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;
    line.phone_rings(ANNAS_PHONE).await.rejects();
    board.hears_words(3).await;
    line.is_asked("playback_start", 1).await;
    line.does(line.world.ben, "answer", &call).await;
    let _ = line.phone_rings(BENS_PHONE).await.answers();
    line.is_asked("playback_stop", 1).await;

    // The carrier is asked again after a while.
    let again = line.is_asked("playback_stop", 2);
    line.world
        .wind_until(Duration::from_millis(20), again)
        .await;

    assert_eq!(line.asked("playback_start").len(), 2);
    let playbacks = line.exchange.requests();
    let last = playbacks
        .iter()
        .rfind(|asked| asked.action.starts_with("playback"));
    let last = last.expect("a playback");
    assert_eq!((&*last.action, last.effect), ("playback_stop", true));
}

async fn a_caller_whom_nobody_answered_hears_the_carriers_own_ringing(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;
    line.phone_rings(ANNAS_PHONE).await.is_busy();
    board.hears_words(2).await;
    line.does(line.world.ben, "answer", &call).await;
    let _ = line.phone_rings(BENS_PHONE).await.answers();
    let heard = board.hears_words(2).await;
    assert_eq!(heard[1], "5 call.answered +15550100 answered");
    line.is_asked("record_start", 1).await;
    line.settled().await;

    assert_eq!(line.asked("playback_start").len(), 0);
    assert_eq!(line.asked("playback_stop").len(), 0);
}

on_each_database!(
    an_answered_caller_hears_ringing_until_somebody_is_there,
    an_answered_caller_hears_no_ringing_once_somebody_answers_plainly,
    ringing_that_begins_only_when_somebody_is_there_is_stopped_again,
    a_caller_whom_nobody_answered_hears_the_carriers_own_ringing,
);

async fn line_that_answers_first(world: World) -> Line {
    let settings = ExchangeSettings {
        transfers_while_ringing: false,
        ..ExchangeSettings::default()
    };
    world.line_with(settings).await
}

/// A caller who was answered for Anna, whose phone then declined.
async fn waiting_for_anybody(line: &Line) -> Caller {
    let (mut board, call) = line.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;
    line.phone_rings(ANNAS_PHONE).await.rejects();
    let heard = board.hears_words(3).await;
    assert_eq!(heard[2], "4 call.released +15550100 incoming rejected");
    line.until("ringing", || matches!(call.hears(), Hears::Audio(_)))
        .await;
    call
}
