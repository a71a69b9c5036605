//! The main job: a call rings at the carrier, and every board of that agency sees it.

use crate::support::World;
use callboard::carriers::telnyx::client_state;
use callboard_simulator::{HangupCause, Outcome};

async fn a_ringing_call_reaches_every_board_of_its_agency(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let mut ben = node.board(&world, world.ben).await;

    let call = carrier.new_call("+15550100");
    let delivery = carrier.deliver(&call.initiated()).await;
    assert_eq!(delivery.outcome, Outcome::Acknowledged);

    for board in [&mut anna, &mut ben] {
        assert_eq!(
            board.hears_words(1).await,
            ["1 call.incoming +15550100 incoming"]
        );
    }
}

async fn no_board_of_another_agency_hears_anything(world: World) {
    let node = world.node().await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    let mut mallory = node.board(&world, world.mallory).await;

    let call = acme.new_call("+15550100");
    acme.deliver(&call.initiated()).await;
    let own = rival.new_call("+15550199");
    rival.deliver(&own.initiated()).await;

    // The first thing she hears is her own call, and its number is 1.
    assert_eq!(
        mallory.hears_words(1).await,
        ["1 call.incoming +15550199 incoming"]
    );
}

async fn a_transferred_call_is_claimed_answered_and_ended(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let call = carrier.new_call("+15550100");
    carrier.deliver(&call.initiated()).await;

    let (claim, _) = node.wins(world.ben, "Ben", &call.call_control_id).await;
    let leg = call.second_leg(Some(client_state(claim)));
    for webhook in [
        leg.initiated(),
        leg.answered(),
        leg.bridged(),
        call.bridged(),
    ] {
        carrier.deliver(&webhook).await;
    }
    carrier
        .deliver(&call.hung_up(HangupCause::NormalClearing))
        .await;

    assert_eq!(
        anna.hears_words(4).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.answering +15550100 answering",
            "3 call.answered +15550100 answered",
            "4 call.ended +15550100 ended hangup",
        ]
    );
    assert!(anna.shows().is_empty());
}

on_each_database!(
    a_ringing_call_reaches_every_board_of_its_agency,
    no_board_of_another_agency_hears_anything,
    a_transferred_call_is_claimed_answered_and_ended,
);
