//! An agent's phone rings, and what becomes of it becomes of the claim.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE};
use callboard::config::Calls;
use callboard_simulator::{ANY, Caller, ExchangeSettings, Habit, Hears};
use serde_json::json;
use std::time::Duration;

/// One step of the clock, for what takes half a minute: small enough that what takes 25 seconds
/// is not overtaken by what takes 45, on however busy a machine.
const STEP: Duration = Duration::from_millis(50);

/// Three events, but for what is still told of a call that has ended: whose leg ends last is the
/// network's choice.
async fn three_of_a_life(board: &mut Board) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let words = board.hears_words(1).await;
        let after_its_end = |words: &String| words.ends_with("call.updated +15550100 ended");
        heard.extend(words.into_iter().filter(|words| !after_its_end(words)));
    }
    heard
}

async fn a_phone_that_is_not_answered_gives_the_call_back_and_a_colleague_takes_it(world: World) {
    let line = world.line().await;
    let mut board = line.olivias_board().await;
    for (habit, reason) in [
        (Habit::Busy(Duration::ZERO), "busy"),
        (Habit::Rejects(Duration::ZERO), "rejected"),
        (Habit::NotFound, "carrier_error"),
        (Habit::Rings, "no_answer"),
    ] {
        line.exchange.phone(ANNAS_PHONE).set(habit);
        let call = line.exchange.rings("+15550100").await;
        let began = line.world.clock.now();
        line.does(line.world.anna, "answer", &call).await;

        let heard = line
            .world
            .wind_until(STEP, three_of_a_life(&mut board))
            .await;
        let took = line.world.clock.now().micros_since(began) / 1_000_000;

        let released = format!("call.released +15550100 incoming {reason}");
        assert!(heard[2].ends_with(&released), "{reason}: {heard:?}");
        assert!(habit != Habit::Rings || took >= 25, "{took} s");
        assert_eq!(line.shown(&call).await["answered_by"], json!(null));
        line.does(line.world.ben, "answer", &call).await;
        let _ = line.phone_rings(BENS_PHONE).await.answers();
        let heard = board.hears_words(2).await;
        assert!(
            heard[1].ends_with("call.answered +15550100 answered"),
            "{heard:?}"
        );
        assert_eq!(call.hears(), Hears::Party(BENS_PHONE.into()));
        call.hangs_up();
        while board.hears().await.kind != "call.ended" {}
    }
    assert_eq!(line.asked("hangup").len(), 0);
}

async fn a_claim_of_which_nothing_is_heard_is_let_go_of_after_45_seconds(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().loses_until_lifted(ANY);
    let began = line.world.clock.now();
    line.does(line.world.anna, "answer", &call).await;
    board.hears_words(1).await;

    let heard = line.world.wind_until(STEP, board.hears_words(1)).await;

    assert_eq!(heard, ["3 call.released +15550100 incoming timed_out"]);
    let took = line.world.clock.now().micros_since(began);
    assert!((45_000_000..90_000_000).contains(&took), "{took} µs");
}

async fn a_claim_is_let_go_of_in_time_also_after_a_restart(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses_until_lifted(ANY);
    line.does(line.world.anna, "answer", &call).await;
    line.world.clock.advance(Duration::from_secs(20));

    let line = line.restarts().await;
    let mut board = line.olivias_board().await;
    assert_eq!(board.shows(), ["+15550100 answering"]);
    let began = line.world.clock.now();
    let heard = line.world.wind_until(STEP, board.hears_words(1)).await;

    assert_eq!(heard, ["3 call.released +15550100 incoming timed_out"]);
    let took = line.world.clock.now().micros_since(began);
    assert!((25_000_000..70_000_000).contains(&took), "{took} µs");
    assert_eq!(line.asked("transfer").len(), 1);
}

async fn a_phone_whose_caller_has_left_is_silenced(world: World) {
    let settings = ExchangeSettings {
        cancels_second_leg: false,
        ..ExchangeSettings::default()
    };
    let line = world.line_with(settings).await;
    let (mut board, call) = line.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;
    let ringing = line.phone_rings(ANNAS_PHONE).await;

    call.hangs_up();

    assert_eq!(
        board.hears_words(2).await[1],
        "3 call.ended +15550100 ended hangup"
    );
    line.until("a silent phone", || !ringing.is_alive()).await;
    let asked = line.is_asked("hangup", 1).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].leg.as_deref(),
        Some(&*ringing.leg().call_control_id)
    );
    line.settled().await;
    assert_eq!(
        line.shown(&call).await["hangup_cause"],
        json!("originator_cancel")
    );
}

async fn a_phone_of_a_claim_that_was_let_go_of_is_silenced_when_it_becomes_known(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses("call.initiated", 1);
    line.does(line.world.anna, "answer", &call).await;
    let ringing = line.phone_rings(ANNAS_PHONE).await;
    line.does(line.world.anna, "release", &call).await;
    assert_eq!(line.asked("hangup").len(), 0);

    line.carrier
        .deliver(&line.exchange.faults().lost()[0])
        .await;

    line.until("a silent phone", || !ringing.is_alive()).await;
    line.settled().await;
    assert!(call.is_alive());
    assert_eq!(line.shown(&call).await["status"], json!("incoming"));
}

async fn a_phone_that_is_answered_before_it_is_known_wins_when_nobody_holds_the_call(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().loses("call.initiated", 1);
    line.does(line.world.anna, "answer", &call).await;
    let ringing = line.phone_rings(ANNAS_PHONE).await;
    line.does(line.world.anna, "release", &call).await;
    line.world.clock.advance(Duration::from_secs(1));

    let _ = ringing.answers();

    let heard = board.hears_words(3).await;
    assert_eq!(heard[2], "4 call.answered +15550100 answered");
    line.carrier
        .deliver(&line.exchange.faults().lost()[0])
        .await;
    line.settled().await;
    line.has_nothing_to_hang_up().await;
    assert_eq!(call.hears(), Hears::Party(ANNAS_PHONE.into()));
    assert_eq!(line.shown(&call).await["answered_by_name"], json!("Anna"));
    assert_eq!(line.asked("hangup").len(), 0);
}

async fn a_phone_that_is_answered_too_late_is_silenced_where_somebody_holds_the_call(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses("call.initiated", 1);
    line.does(line.world.anna, "answer", &call).await;
    let annas = line.phone_rings(ANNAS_PHONE).await;
    line.does(line.world.anna, "release", &call).await;
    line.world.clock.advance(Duration::from_secs(1));
    line.does(line.world.ben, "answer", &call).await;
    let bens = line.phone_rings(BENS_PHONE).await;

    line.carrier
        .deliver(&line.exchange.faults().lost()[0])
        .await;

    line.until("a silent phone", || !annas.is_alive()).await;
    assert!(bens.is_alive());
    let _ = bens.answers();
    line.until("a conversation", || {
        call.hears() == Hears::Party(BENS_PHONE.into())
    })
    .await;
    line.settled().await;
    assert_eq!(line.shown(&call).await["answered_by_name"], json!("Ben"));
}

async fn who_has_a_call_takes_the_next_when_that_is_over(world: World) {
    let world = world.configured(|config| config.calls = Calls::default());
    let line = world.line().await;
    let anna = line.world.anna;
    let first = line.exchange.rings("+15550100").await;
    let second = line.exchange.rings("+15550101").await;
    line.does(anna, "answer", &first).await;

    let sentence = "You already have a call; finish or give back first";
    let full = (409, json!({ "error": sentence }));
    assert_eq!(line.acts(anna, "answer", &second).await, full);
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    line.until("a conversation", || talks(&first)).await;
    line.settled().await;
    assert_eq!(line.acts(anna, "answer", &second).await, full);
    // Her own call is hers again and again, and others are free.
    line.does(anna, "answer", &first).await;
    first.hangs_up();
    line.settled().await;

    line.does(anna, "answer", &second).await;
}

on_each_database!(
    a_phone_that_is_not_answered_gives_the_call_back_and_a_colleague_takes_it,
    a_claim_of_which_nothing_is_heard_is_let_go_of_after_45_seconds,
    a_claim_is_let_go_of_in_time_also_after_a_restart,
    a_phone_whose_caller_has_left_is_silenced,
    a_phone_of_a_claim_that_was_let_go_of_is_silenced_when_it_becomes_known,
    a_phone_that_is_answered_before_it_is_known_wins_when_nobody_holds_the_call,
    a_phone_that_is_answered_too_late_is_silenced_where_somebody_holds_the_call,
    who_has_a_call_takes_the_next_when_that_is_over,
);

fn talks(call: &Caller) -> bool {
    matches!(call.hears(), Hears::Party(_))
}
