//! One winner per claim, and what becomes of a claim that lets go.

use crate::support::World;
use crate::support::node::{Node, handle};
use crate::support::retelling::{after, tell};
use callboard::carriers::telnyx::client_state;
use callboard::domain::{CallId, ClaimId, ReleaseReason, UserId};
use callboard::journal::{Answer, Append, ClaimAnswer, ClaimAppend};
use callboard_simulator::{Carrier, HangupCause, Leg};
use futures_util::future::join_all;
use uuid::Uuid;

async fn of_fifty_claims_at_once_exactly_one_wins(world: World) {
    let node = world.node().await;
    one_of_fifty_wins(&world, &[&node]).await;
}

async fn of_fifty_claims_on_two_servers_exactly_one_wins(world: World) {
    let (one, other) = (world.node().await, world.node().await);
    one_of_fifty_wins(&world, &[&one, &other]).await;
}

async fn a_winners_repeat_is_a_win_again_and_changes_nothing(world: World) {
    let node = world.node().await;
    let (_, call) = ringing(&world, &node).await;
    let (claim, first) = node.wins(world.anna, "Anna", &call.call_control_id).await;

    // She clicks again, and the same claim comes again since its answer was lost.
    let (again, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    let repeated = claim_as(&world, &node, claim, &call).await;

    assert_eq!((again, repeated), (claim, (claim, first.id)));
    assert_eq!(world.last_seq(&world.acme).await, 2);
}

async fn a_released_call_rings_again_and_anyone_may_take_it(world: World) {
    let node = world.node().await;
    let (_, call) = ringing(&world, &node).await;
    let mut olivia = node.board(&world, world.olivia).await;
    let (claim, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    node.releases(claim, ReleaseReason::Busy, None).await;
    assert!(olivia.hears_words(2).await[1].ends_with("call.released +15550100 incoming busy"));
    assert_eq!(olivia.shows(), ["+15550100 incoming"]);

    node.wins(world.ben, "Ben", &call.call_control_id).await;

    let event = olivia.hears().await;
    assert_eq!((event.seq, event.kind.as_str()), (4, "call.answering"));
    assert_eq!(event.call.text("answered_by_name"), Some("Ben"));
}

async fn an_answer_in_the_moment_of_the_release_wins_when_nobody_holds_the_call(world: World) {
    let node = world.node().await;
    let (carrier, call) = ringing(&world, &node).await;
    let (claim, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    let leg = call.second_leg(Some(client_state(claim)));
    tell(&carrier, [&leg.initiated()]).await;
    node.releases(claim, ReleaseReason::TimedOut, None).await;

    tell(&carrier, [&after(world.clock.now(), 1, leg.answered())]).await;

    let rows = node.bare_rows(&world, world.anna).await;
    assert_eq!(
        (&rows[0]["status"], &rows[0]["answered_by_name"]),
        (&"answered".into(), &"Anna".into())
    );
    assert!(matches!(
        node.claim(world.ben, "Ben", &call.call_control_id).await,
        ClaimAnswer::Taken { .. }
    ));
}

async fn a_past_claims_leg_neither_wins_nor_releases_the_present_claim(world: World) {
    let node = world.node().await;
    let (carrier, call) = ringing(&world, &node).await;
    let (past, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    let leg = call.second_leg(Some(client_state(past)));
    tell(&carrier, [&leg.initiated()]).await;
    node.releases(past, ReleaseReason::TimedOut, None).await;
    node.wins(world.ben, "Ben", &call.call_control_id).await;
    let before = node.bare_rows(&world, world.anna).await;

    let start = world.clock.now();
    let late = [
        after(start, 1, leg.answered()),
        after(start, 2, leg.hung_up(HangupCause::UserBusy)),
    ];
    tell(&carrier, &late).await;

    assert_eq!(before[0]["answered_by_name"], "Ben");
    assert_eq!(node.bare_rows(&world, world.anna).await, before);
    assert_eq!(world.last_seq(&world.acme).await, 4);
}

async fn a_call_that_is_over_or_unknown_cannot_be_claimed(world: World) {
    let node = world.node().await;
    let (carrier, call) = ringing(&world, &node).await;
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;

    for handle in [call.call_control_id.as_str(), "v3:nobody"] {
        let answer = node.claim(world.anna, "Anna", handle).await;
        assert!(matches!(answer, ClaimAnswer::Gone), "{answer:?}");
    }
    assert_eq!(world.last_seq(&world.acme).await, 2);
}

on_each_database!(
    of_fifty_claims_at_once_exactly_one_wins,
    of_fifty_claims_on_two_servers_exactly_one_wins,
    a_winners_repeat_is_a_win_again_and_changes_nothing,
    a_released_call_rings_again_and_anyone_may_take_it,
    an_answer_in_the_moment_of_the_release_wins_when_nobody_holds_the_call,
    a_past_claims_leg_neither_wins_nor_releases_the_present_claim,
    a_call_that_is_over_or_unknown_cannot_be_claimed,
);

async fn ringing(world: &World, node: &Node) -> (Carrier, Leg) {
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    (carrier, call)
}

async fn one_of_fifty_wins(world: &World, nodes: &[&Node]) {
    let (_, call) = ringing(world, nodes[0]).await;
    let mut olivia = nodes[0].board(world, world.olivia).await;
    let agents: Vec<String> = (0..50).map(|number| format!("Agent {number}")).collect();
    let claims = agents.iter().zip(nodes.iter().cycle()).map(|(name, node)| {
        let nobody = UserId(Uuid::new_v4());
        node.claim(nobody, name, &call.call_control_id)
    });

    let (mut winners, mut told) = (Vec::new(), Vec::new());
    for (answer, name) in join_all(claims).await.into_iter().zip(&agents) {
        match answer {
            ClaimAnswer::Won { .. } => winners.push(name.clone()),
            ClaimAnswer::Taken { call } => told.extend(call.answered_by_name),
            ClaimAnswer::Full | ClaimAnswer::Gone => panic!("gone"),
        }
    }

    assert_eq!(winners.len(), 1);
    assert_eq!(told, vec![winners[0].clone(); 49]);
    let step = std::time::Duration::from_millis(100);
    let event = world.wind_until(step, olivia.hears()).await;
    assert_eq!(event.call.text("answered_by_name"), Some(&*winners[0]));
    assert_eq!(world.last_seq(&world.acme).await, 2);
}

/// The same claim of Anna's once more.
async fn claim_as(world: &World, node: &Node, claim: ClaimId, call: &Leg) -> (ClaimId, CallId) {
    let append = Append::Claim(ClaimAppend {
        agency_id: world.acme.id,
        handle: handle(&call.call_control_id),
        claim_id: claim,
        user_id: world.anna,
        user_name: Some("Anna".into()),
        at: world.clock.now(),
        most: None,
        // The test itself plays the carrier: no node is to drive this claim.
        driven_until: world.clock.now().plus_seconds(3600),
    });
    match node.app.journal.append(append).await {
        Ok(Answer::Claim(ClaimAnswer::Won { claim_id, call })) => (claim_id, call.id),
        other => panic!("not won: {other:?}"),
    }
}
