//! Nodes of the previous release keep a claim's latest command in the claim's own row, and know no
//! other place. Whatever one of them has left, a node of today goes on with, and the other way round.

use super::fallbacks::answers_first;
use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, CALLER_ID, Line};
use crate::support::patience::{look_again, soon};
use callboard_simulator::{Caller, Fault};
use std::collections::BTreeSet;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(20);

async fn a_claim_that_yesterdays_node_left_half_way_is_driven_to_its_end(world: World) {
    let line = world.line_with(answers_first()).await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("answer", Fault::hangs());
    is_under_way(&line, &call, "answer").await;
    assert_eq!(in_the_claim(&line).await, ["answer 2 asked"]);
    line.world.database.execute("DELETE FROM commands").await;

    goes_on_by_itself(&line).await;

    let transfers = line.world.wind_until(STEP, line.is_asked("transfer", 2));
    let transfers = transfers.await;
    let ids = |action: &str| -> BTreeSet<_> {
        let asked = line.asked(action).into_iter();
        asked.map(|asked| asked.command_id).collect()
    };
    assert!(line.asked("answer").len() > 1);
    let second = line.command_of(&call, "answer", 2).await;
    assert_eq!(ids("answer"), [second].into(), "one command");
    let third = line.command_of(&call, "transfer", 3).await;
    assert_eq!(transfers[1].command_id, third);
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    assert_eq!(
        board.hears_words(3).await[2],
        "4 call.answered +15550100 answered"
    );
}

async fn a_transfer_that_yesterdays_node_left_to_the_next_follows_the_callers_answer(world: World) {
    let line = world.line_with(answers_first()).await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().loses("call.answered", 1);
    line.does(line.world.anna, "answer", &call).await;
    assert_eq!(in_the_claim(&line).await, ["answer 2 accepted"]);
    line.world.database.execute("DELETE FROM commands").await;

    line.carrier
        .deliver(&line.exchange.faults().lost()[0])
        .await;

    let transfers = line.is_asked("transfer", 2).await;
    let third = line.command_of(&call, "transfer", 3).await;
    assert_eq!(transfers[1].command_id, third);
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    board.hears_words(3).await;
}

async fn where_yesterdays_node_was_further_on_its_word_counts(world: World) {
    let line = world.line().await;
    let (_, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("transfer", Fault::hangs());
    is_under_way(&line, &call, "transfer").await;
    let refused = "UPDATE claims SET command = 'answer', command_n = 2";
    line.world.database.execute(refused).await;

    goes_on_by_itself(&line).await;

    let answers = line.world.wind_until(STEP, line.is_asked("answer", 1));
    let second = line.command_of(&call, "answer", 2).await;
    assert_eq!(answers.await[0].command_id, second);
}

async fn a_claim_of_today_can_be_read_by_yesterdays_node_at_every_step(world: World) {
    let line = world.line_with(answers_first()).await;
    let (_, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::refusal(403, "D35", "/from"));
    line.exchange
        .faults()
        .until_lifted("answer", Fault::hangs());

    is_under_way(&line, &call, "answer").await;
    assert_eq!(in_the_claim(&line).await, ["answer 3 asked"]);
    assert_eq!(
        in_commands(&line).await,
        [
            "1 transfer refused: caller_id",
            "2 transfer refused: not_answered",
            "3 answer asked",
        ]
    );
    goes_on_by_itself(&line).await;
    let rings = line.world.wind_until(STEP, line.phone_rings(ANNAS_PHONE));
    let _ = rings.await;
    let noted = async {
        while in_the_claim(&line).await != ["transfer 4 accepted"] {
            look_again().await;
        }
    };
    soon("the transfer to be noted", noted).await;
    assert_eq!(in_commands(&line).await[3], "4 transfer accepted");
}

async fn a_refused_caller_id_is_remembered_by_whoever_goes_on(world: World) {
    let line = world.line().await;
    let (_, call) = line.rings("+15550100").await;
    let faults = line.exchange.faults();
    faults.next(1, "transfer", Fault::refusal(403, "D35", "/from"));
    faults.next(1, "transfer", Fault::hangs());
    let anna = line.world.anna;
    tokio::select! {
        answer = line.acts(anna, "answer", &call) => panic!("{answer:?}"),
        _ = line.is_asked("transfer", 2) => {}
    }

    goes_on_by_itself(&line).await;

    let rings = line.world.wind_until(STEP, line.phone_rings(ANNAS_PHONE));
    assert_eq!(rings.await.from(), CALLER_ID);
}

on_each_database!(
    a_claim_that_yesterdays_node_left_half_way_is_driven_to_its_end,
    a_transfer_that_yesterdays_node_left_to_the_next_follows_the_callers_answer,
    where_yesterdays_node_was_further_on_its_word_counts,
    a_claim_of_today_can_be_read_by_yesterdays_node_at_every_step,
    a_refused_caller_id_is_remembered_by_whoever_goes_on,
);

/// Anna answers, and the carrier hangs at that command.
async fn is_under_way(line: &Line, call: &Caller, action: &str) {
    tokio::select! {
        answer = line.acts(line.world.anna, "answer", call) => panic!("{answer:?}"),
        _ = line.is_asked(action, 1) => {}
    }
}

/// Whoever was at the claim is taken for lost, and the carrier answers again.
async fn goes_on_by_itself(line: &Line) {
    line.exchange.faults().lift();
    let free = "UPDATE errands SET leased_until = NULL WHERE kind = 'drive'";
    line.world.database.execute(free).await;
}

/// The claim's command as a node of the previous release reads it.
async fn in_the_claim(line: &Line) -> Vec<String> {
    let command = "SELECT command || ' ' || command_n || \
                   CASE WHEN command_accepted THEN ' accepted' ELSE ' asked' END FROM claims";
    line.world.database.texts(command).await
}

async fn in_commands(line: &Line) -> Vec<String> {
    let commands = "SELECT n || ' ' || action || ' ' || state FROM commands ORDER BY n";
    line.world.database.texts(commands).await
}
