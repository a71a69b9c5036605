//! Webhooks come late, twice, at once and out of order.

use crate::support::World;
use crate::support::retelling::{after, orders, tell};
use callboard::carriers::telnyx::client_state;
use callboard_simulator::{ANY, Carrier, HangupCause, Leg, Outcome, Webhook};
use futures_util::future::join_all;
use std::time::Duration;

/// When the answer of each story comes: five seconds after its call.
const ANSWERED_AT: Option<&str> = Some("2026-11-21T09:00:05.000000Z");

async fn twenty_copies_of_one_webhook_at_once_make_one_event(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let call = carrier.new_call("+15550100");
    let initiated = call.initiated();

    let copies = (0..20).map(|_| carrier.deliver(&initiated));
    for delivery in join_all(copies).await {
        assert_eq!(delivery.outcome, Outcome::Acknowledged);
    }
    carrier
        .deliver(&call.hung_up(HangupCause::OriginatorCancel))
        .await;

    assert_eq!(
        anna.hears_words(2).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]
    );
}

async fn a_hangup_before_its_call_is_shown_when_the_call_is_known(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let call = carrier.new_call("+15550100");
    let (initiated, hung_up) = (
        call.initiated(),
        call.hung_up(HangupCause::OriginatorCancel),
    );

    carrier.deliver(&hung_up).await;
    carrier.deliver(&initiated).await;

    assert_eq!(
        anna.hears_words(2).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]
    );
}

async fn all_that_waited_for_its_call_is_told_in_order_when_that_is_known(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;

    tell(&carrier, conversation(&world, &carrier).iter().rev()).await;

    assert_eq!(
        anna.hears_words(4).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.answered +15550100 answered",
            "3 call.ended +15550100 ended hangup",
            "4 call.updated +15550100 ended",
        ]
    );
    let held = "SELECT webhook_id FROM webhook_events WHERE outcome <> 'applied'";
    assert!(world.database.texts(held).await.is_empty());
}

async fn every_order_of_a_calls_webhooks_leaves_the_same_row(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;

    let orders = orders(5);
    for some in orders.chunks(10) {
        join_all(some.iter().map(async |order| {
            let story = conversation(&world, &carrier);
            tell(&carrier, order.iter().map(|place| &story[*place])).await;
        }))
        .await;
    }

    let lives = anna.hears_lives(world.last_seq(&world.acme).await).await;
    let rows = node.bare_rows(&world, world.anna).await;
    assert_eq!((lives.len(), rows.len()), (orders.len(), orders.len()));
    assert_eq!(rows[0]["status"], "ended");
    assert_eq!(rows[0]["answered_at"].as_str(), ANSWERED_AT);
    assert_eq!(rows[0]["recordings"].as_array().unwrap().len(), 1);
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:#?}");
}

async fn all_webhooks_of_a_call_at_once_tell_its_life_in_order(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;

    for _ in 0..30 {
        let story = conversation(&world, &carrier);
        for delivery in join_all(story.iter().map(|webhook| carrier.deliver(webhook))).await {
            assert_eq!(delivery.outcome, Outcome::Acknowledged);
        }
    }

    let lives = anna.hears_lives(world.last_seq(&world.acme).await).await;
    let rows = node.bare_rows(&world, world.anna).await;
    assert_eq!((lives.len(), rows.len()), (30, 30));
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:#?}");
}

async fn every_order_of_a_transfer_that_names_its_claim_leaves_the_same_row(world: World) {
    every_order_of_a_transfer(&world, true, answered, ANSWERED_AT).await;
}

async fn every_order_of_a_transfer_without_client_state_leaves_the_same_row(world: World) {
    every_order_of_a_transfer(&world, false, answered, ANSWERED_AT).await;
}

async fn every_order_of_a_transfer_that_the_caller_cuts_short_leaves_the_same_row(world: World) {
    every_order_of_a_transfer(&world, true, cut_short, None).await;
    every_order_of_a_transfer(&world, false, cut_short, None).await;
}

async fn every_order_of_a_transfer_that_the_server_drives_leaves_the_same_row(world: World) {
    let line = world.line().await;
    // The carrier takes commands on; what its legs then do, the story tells.
    line.exchange.faults().loses_until_lifted(ANY);
    let orders = orders(5);
    for some in orders.chunks(10) {
        join_all(some.iter().map(async |order| {
            let caller = line.exchange.registers(line.carrier.new_call("+15550100"));
            tell(&line.carrier, [&caller.leg().initiated()]).await;
            line.does(line.world.ben, "answer", &caller).await;
            let claim = line.claim_of(&caller).await;
            let leg = caller.leg().second_leg(Some(client_state(claim)));
            let story = answered(&line.world, caller.leg(), &leg);
            tell(&line.carrier, order.iter().map(|place| &story[*place])).await;
        }))
        .await;
    }

    for kind in ["drive", "record", "hang_up"] {
        let some_time = line.owes_no(kind);
        line.world
            .wind_until(Duration::from_millis(100), some_time)
            .await;
    }
    let rows = line.node.bare_rows(&line.world, line.world.anna).await;
    assert_eq!(
        (rows.len(), &rows[0]["status"]),
        (orders.len(), &"ended".into())
    );
    assert_eq!(rows[0]["answered_at"].as_str(), ANSWERED_AT);
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:#?}");
    let claims = "SELECT DISTINCT standing || ' ' || command FROM claims";
    assert_eq!(line.world.database.texts(claims).await, ["won transfer"]);
}

on_each_database!(
    twenty_copies_of_one_webhook_at_once_make_one_event,
    a_hangup_before_its_call_is_shown_when_the_call_is_known,
    all_that_waited_for_its_call_is_told_in_order_when_that_is_known,
    every_order_of_a_calls_webhooks_leaves_the_same_row,
    all_webhooks_of_a_call_at_once_tell_its_life_in_order,
    every_order_of_a_transfer_that_names_its_claim_leaves_the_same_row,
    every_order_of_a_transfer_without_client_state_leaves_the_same_row,
    every_order_of_a_transfer_that_the_caller_cuts_short_leaves_the_same_row,
    every_order_of_a_transfer_that_the_server_drives_leaves_the_same_row,
);

/// A caller who talks to a machine and is recorded. The answer is told twice, the second time with
/// a later clock.
fn conversation(world: &World, carrier: &Carrier) -> Vec<Webhook> {
    let (call, start) = (carrier.new_call("+15550100"), world.clock.now());
    let told = [
        call.initiated(),
        call.answered(),
        call.answered(),
        call.hung_up(HangupCause::NormalClearing),
        call.recording_saved(),
    ];
    let seconds = [0, 5, 7, 60, 65];
    let told = told.into_iter().zip(seconds);
    told.map(|(webhook, at)| after(start, at, webhook))
        .collect()
}

/// After the claim: the agent picks up, they talk, both hang up.
fn answered(world: &World, call: &Leg, leg: &Leg) -> Vec<Webhook> {
    let start = world.clock.now();
    vec![
        after(start, 2, leg.initiated()),
        after(start, 5, leg.answered()),
        after(start, 6, call.bridged()),
        after(start, 60, call.hung_up(HangupCause::NormalClearing)),
        after(start, 61, leg.hung_up(HangupCause::NormalClearing)),
    ]
}

/// After the claim: the caller hangs up while the agent's phone rings.
fn cut_short(world: &World, call: &Leg, leg: &Leg) -> Vec<Webhook> {
    let start = world.clock.now();
    vec![
        after(start, 2, leg.initiated()),
        after(start, 9, call.hung_up(HangupCause::OriginatorCancel)),
        after(start, 10, leg.hung_up(HangupCause::OriginatorCancel)),
    ]
}

async fn every_order_of_a_transfer(
    world: &World,
    names_claim: bool,
    story: fn(&World, &Leg, &Leg) -> Vec<Webhook>,
    answered_at: Option<&str>,
) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(world, world.anna).await;
    let known = node.bare_rows(world, world.anna).await.len();

    let count = story(world, &carrier.new_call(""), &carrier.new_call("")).len();
    let orders = orders(count);
    for some in orders.chunks(10) {
        join_all(some.iter().map(async |order| {
            let call = carrier.new_call("+15550100");
            tell(&carrier, [&call.initiated()]).await;
            let (claim, _) = node.wins(world.ben, "Ben", &call.call_control_id).await;
            let leg = call.second_leg(names_claim.then(|| client_state(claim)));
            let story = story(world, &call, &leg);
            tell(&carrier, order.iter().map(|place| &story[*place])).await;
        }))
        .await;
    }

    let lives = anna.hears_lives(world.last_seq(&world.acme).await).await;
    let rows = node.bare_rows(world, world.anna).await;
    assert_eq!(
        (lives.len(), rows.len()),
        (orders.len(), orders.len() + known)
    );
    assert_eq!(rows[0]["status"], "ended");
    assert_eq!(rows[0]["answered_by_name"], "Ben");
    assert_eq!(rows[0]["answered_at"].as_str(), answered_at);
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:#?}");
    let standings = "SELECT DISTINCT standing FROM claims";
    let standings = world.database.texts(standings).await;
    assert_eq!(standings.len(), 1, "{standings:?}");
}
