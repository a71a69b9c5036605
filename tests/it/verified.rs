//! What control has done to calls, `callboard verify` finds again in the stored webhooks.

use crate::support::World;
use crate::support::exchange::Line;
use crate::support::patience::soon;
use crate::support::process::url_of;
use callboard::clock::Clock;
use serde_json::Value;
use std::time::Duration;
use tokio::process::Command;

const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
const STEP: Duration = Duration::from_millis(20);

async fn releases_recordings_and_ends_without_a_hangup_are_as_the_webhooks_say(world: World) {
    // Verify goes by the machine's clock: what it checks lies in its past.
    let mut world = world;
    world.clock = Clock::by_hand(Clock::system().now().plus_seconds(-7200));
    let line = world.line().await;
    is_talked_and_recorded(&line).await;
    is_released_and_left(&line).await;
    is_lost_while_it_rings(&line).await;
    is_lost_while_they_talk(&line).await;
    is_ended_by_an_agent(&line).await;
    line.settles().await;

    let said = verified(&line.world).await;

    let webhooks = line.world.outcomes(line.world.acme.id).await.len();
    let all_well =
        format!("5 calls checked against {webhooks} webhooks: 0 differing, 0 too old to check\n");
    assert_eq!(said, (true, all_well));
}

on_each_database!(releases_recordings_and_ends_without_a_hangup_are_as_the_webhooks_say,);

async fn is_talked_and_recorded(line: &Line) {
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.owes_no("record").await;
    caller.hangs_up();
    let saved = |row: &Value| {
        row["recordings"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    };
    let saved = line.when(caller.id(), "a recording", saved);
    line.world.wind_until(STEP, saved).await;
    line.settles().await;
}

async fn is_released_and_left(line: &Line) {
    let caller = line.exchange.rings("+15550100").await;
    line.does(line.world.anna, "answer", &caller).await;
    let phone = soon("a phone", line.exchange.phone(ANNAS_PHONE).rings()).await;
    line.settles().await;
    line.does(line.world.anna, "release", &caller).await;
    line.owes_no("hang_up").await;
    assert!(!phone.is_alive());
    caller.hangs_up();
    line.ended(caller.id()).await;
}

async fn is_lost_while_it_rings(line: &Line) {
    let caller = line.exchange.rings("+15550100").await;
    line.exchange.faults().loses("call.hangup", 1);
    caller.hangs_up();
    line.settles().await;
    // Those that are over are still to be looked at, too.
    line.is_looked_at_until_it_has_ended(caller.id()).await;
}

async fn is_lost_while_they_talk(line: &Line) {
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.exchange.faults().loses("call.hangup", 1);
    caller.hangs_up();
    line.world.wind_until(STEP, line.ended(caller.id())).await;
}

async fn is_ended_by_an_agent(line: &Line) {
    let caller = line.exchange.rings("+15550100").await;
    line.does(line.world.ben, "end", &caller).await;
    line.ended(caller.id()).await;
}

/// Whether `callboard verify` is content, and what it says.
async fn verified(world: &World) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .arg("verify")
        .current_dir(folder.path())
        .env_clear()
        .env("DATABASE_URL", url_of(world))
        .output();
    let output = soon("verify", output).await.expect("the binary");
    let said = String::from_utf8(output.stdout).expect("text");
    (output.status.success(), said)
}
