//! No tenant sees another's calls, events, counts or existence.

use crate::support::World;
use crate::support::node::Node;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard_simulator::{Carrier, Dice, HangupCause, Leg, Outcome};
use serde_json::Value;

async fn the_same_call_and_webhook_ids_in_two_agencies_do_not_touch(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let mut mallory = node.board(&world, world.mallory).await;
    let (acme, call) = twin(node.carrier(&world.acme), "+15550100");
    let (rival, other) = twin(node.carrier(&world.rival), "+15550199");
    assert_eq!(call.call_control_id, other.call_control_id);
    let (initiated, others) = (call.initiated(), other.initiated());
    assert_eq!(initiated.id, others.id);

    let hung_up = call.hung_up(HangupCause::OriginatorCancel);
    tell(&acme, [&initiated, &hung_up]).await;
    tell(&rival, [&others]).await;

    assert_eq!(
        anna.hears_words(2).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]
    );
    assert_eq!(
        mallory.hears_words(1).await,
        ["1 call.incoming +15550199 incoming"]
    );
    for (own, number, events) in [
        (world.anna, "+15550100", 2),
        (world.mallory, "+15550199", 1),
    ] {
        let rows = rows(&node, &world, own).await;
        assert_eq!((rows.len(), &rows[0]["from_number"]), (1, &number.into()));
        let path = format!("/api/calls/{}/events", text(&rows[0]["id"]));
        let (_, timeline) = node.get(&world, own, &path).await;
        assert_eq!(timeline["events"].as_array().unwrap().len(), events);
    }
}

async fn anothers_call_answers_as_one_that_is_not_there(world: World) {
    let node = world.node().await;
    let (acme, call) = twin(node.carrier(&world.acme), "+15550100");
    tell(&acme, [&call.initiated()]).await;
    let id = text(&rows(&node, &world, world.anna).await[0]["id"]);

    for rest in ["", "/events"] {
        let theirs = format!("/api/calls/{id}{rest}");
        let nobodys = format!("/api/calls/{}{rest}", uuid::Uuid::new_v4());
        let seen = node.get(&world, world.mallory, &theirs).await;
        assert_eq!(seen, node.get(&world, world.mallory, &nobodys).await);
        assert_eq!(seen.0, 404);
    }
    let (_, pending) = node
        .get(&world, world.mallory, "/api/telnyx/calls/pending")
        .await;
    assert_eq!(pending["calls"], Value::Array(Vec::new()));
}

async fn a_leg_that_names_anothers_claim_and_session_changes_nothing_there(world: World) {
    let node = world.node().await;
    let (acme, call) = twin(node.carrier(&world.acme), "+15550100");
    tell(&acme, [&call.initiated()]).await;
    let (claim, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    let before = rows(&node, &world, world.anna).await;

    let (rival, other) = twin(node.carrier(&world.rival), "+15550199");
    let leg = other.second_leg(Some(client_state(claim)));
    let hung_up = other.hung_up(HangupCause::NormalClearing);
    tell(
        &rival,
        [&leg.initiated(), &leg.answered(), &leg.bridged(), &hung_up],
    )
    .await;

    assert_eq!(rows(&node, &world, world.anna).await, before);
    assert_eq!(world.last_seq(&world.acme).await, 2);
    assert_eq!(world.last_seq(&world.rival).await, 0);
}

async fn a_webhook_signed_by_another_agency_is_refused(world: World) {
    let node = world.node().await;
    let (acme, call) = twin(node.carrier(&world.acme), "+15550100");
    let stranger = node.carrier(&world.rival);

    // The body names Acme's connection, the signature is Rival's.
    let delivery = stranger.deliver(&call.initiated()).await;

    assert_eq!(
        (delivery.outcome, delivery.status),
        (Outcome::Refused, Some(401))
    );
    assert_eq!(world.last_seq(&world.acme).await, 0);
    tell(&acme, [&call.initiated()]).await;
    assert_eq!(world.last_seq(&world.acme).await, 1);
}

async fn both_agencies_in_one_batch_keep_their_own_numbers(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let mut mallory = node.board(&world, world.mallory).await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    let calls = (0..40).map(async |seed| {
        let (call, other) = (
            acme.new_call_by(Dice::seeded(seed), "+15550100"),
            rival.new_call_by(Dice::seeded(seed), "+15550199"),
        );
        let cancel = HangupCause::OriginatorCancel;
        let (one, two) = (
            [call.initiated(), call.hung_up(cancel)],
            [other.initiated(), other.hung_up(cancel)],
        );
        tokio::join!(tell(&acme, &one), tell(&rival, &two));
    });
    futures_util::future::join_all(calls).await;

    for (board, number) in [(&mut anna, "+15550100"), (&mut mallory, "+15550199")] {
        let lives = board.hears_lives(80).await;
        assert_eq!(lives.len(), 40);
        let events = lives.values().flatten();
        assert!(
            events
                .map(|event| event.call.text("from_number"))
                .all(|from| from == Some(number))
        );
    }
}

on_each_database!(
    the_same_call_and_webhook_ids_in_two_agencies_do_not_touch,
    anothers_call_answers_as_one_that_is_not_there,
    a_leg_that_names_anothers_claim_and_session_changes_nothing_there,
    a_webhook_signed_by_another_agency_is_refused,
    both_agencies_in_one_batch_keep_their_own_numbers,
);

/// A call whose ids are the same for every carrier.
fn twin(carrier: Carrier, from: &str) -> (Carrier, Leg) {
    let call = carrier.new_call_by(Dice::seeded(7), from);
    (carrier, call)
}

async fn rows(node: &Node, world: &World, user: callboard::domain::UserId) -> Vec<Value> {
    let (status, page) = node.get(world, user, "/api/calls").await;
    assert_eq!(status, 200);
    page["calls"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
