//! An agent takes a call, and the carrier does what was asked.

mod fallbacks;
mod neighbours;
mod outages;
mod participants;
mod phones;
mod race;
mod release;
mod waiting;

use crate::support::World;
use crate::support::exchange::ANNAS_PHONE;
use callboard::carriers::telnyx::client_state;
use callboard::domain::CommandId;
use callboard_simulator::Hears;
use serde_json::json;

async fn an_agent_answers_and_her_phone_is_connected_to_the_caller(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    let mut board = line.node.board(&line.world, line.world.olivia).await;
    let call = line.exchange.rings("+15550100").await;

    let answer = line.does(anna, "answer", &call).await;

    assert_eq!(answer["success"], json!(true));
    assert_eq!(answer["message"], json!("Call answered"));
    assert_eq!(answer["callControlId"], json!(call.id()));
    assert_eq!(answer["call"]["status"], json!("answering"));
    let asked = line.asked("transfer");
    let claim = line.claim_of(&call).await;
    let body = json!({
        "to": ANNAS_PHONE, "from": "+15550100", "timeout_secs": 25,
        "target_leg_client_state": client_state(claim),
        "command_id": CommandId::of(claim.0, "transfer", 1).0.to_string(),
    });
    assert_eq!(asked[0].body, body);

    let agent = line.phone_rings(ANNAS_PHONE).await.answers();
    let heard = board.hears_words(3).await;
    assert_eq!(heard[0], "1 call.incoming +15550100 incoming");
    assert_eq!(heard[1], "2 call.answering +15550100 answering");
    assert_eq!(heard[2], "3 call.answered +15550100 answered");
    assert_eq!(call.hears(), Hears::Party(ANNAS_PHONE.into()));
    assert!(agent.is_alive());
}

on_each_database!(an_agent_answers_and_her_phone_is_connected_to_the_caller,);
