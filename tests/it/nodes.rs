//! Several servers on one PostgreSQL, and events that their own server never told.

use crate::support::World;
use crate::support::database::Database;
use crate::support::node::handle;
use crate::support::retelling::tell;
use callboard::journal::{Answer, Append, ClaimAnswer, ClaimAppend, Journal};
use callboard::telemetry::Metrics;
use callboard_simulator::browser::Message;
use callboard_simulator::{HangupCause, Outcome};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Soon reaches the head poll, which comes every two seconds.
const HEAD_POLL: Duration = Duration::from_millis(100);
/// Soon reaches the end of the patience with a gap, 25 ms, and not the next head poll.
const PATIENCE: Duration = Duration::from_millis(5);

async fn an_event_that_was_committed_and_never_told_is_found(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    let mut anna = node.board(&world, world.anna).await;

    claimed_by_a_server_that_dies(&world, &call.call_control_id).await;

    let words = world.wind_until(HEAD_POLL, anna.hears_words(1)).await;
    assert_eq!(words, ["2 call.answering +15550100 answering"]);
}

async fn an_event_that_was_never_told_does_not_hold_up_the_next_one_for_long(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    let mut anna = node.board(&world, world.anna).await;

    claimed_by_a_server_that_dies(&world, &call.call_control_id).await;
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;

    let began = world.clock.now();
    let words = world.wind_until(PATIENCE, anna.hears_words(2)).await;
    assert_eq!(
        words,
        [
            "2 call.answering +15550100 answering",
            "3 call.ended +15550100 ended hangup",
        ]
    );
    assert!(world.clock.now().micros_since(began) < 2_000_000);
}

on_each_database!(
    an_event_that_was_committed_and_never_told_is_found,
    an_event_that_was_never_told_does_not_hold_up_the_next_one_for_long,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_serve_each_others_boards() {
    let world = World::on_postgres().await;
    let (one, other) = (world.node().await, world.node().await);
    let (here, there) = (one.carrier(&world.acme), other.carrier(&world.acme));
    let mut anna = one.board(&world, world.anna).await;
    let mut ben = other.board(&world, world.ben).await;
    let call = here.new_call("+15550100");

    tell(&here, [&call.initiated()]).await;
    let rings = "1 call.incoming +15550100 incoming";
    assert_eq!(anna.hears_words(1).await, [rings]);
    let heard = world.wind_until(HEAD_POLL, ben.hears_words(1)).await;
    assert_eq!(heard, [rings]);

    tell(&there, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    let ends = "2 call.ended +15550100 ended hangup";
    assert_eq!(ben.hears_words(1).await, [ends]);
    let heard = world.wind_until(HEAD_POLL, anna.hears_words(1)).await;
    assert_eq!(heard, [ends]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_copies_of_one_webhook_over_two_servers_make_one_event() {
    let world = World::on_postgres().await;
    let nodes = [world.node().await, world.node().await];
    let carriers = nodes.each_ref().map(|node| node.carrier(&world.acme));
    let initiated = carriers[0].new_call("+15550100").initiated();

    let copies = carriers.iter().cycle().take(20);
    for delivery in join_all(copies.map(|carrier| carrier.deliver(&initiated))).await {
        assert_eq!(delivery.outcome, Outcome::Acknowledged);
    }

    assert_eq!(world.last_seq(&world.acme).await, 1);
    assert_eq!(nodes[1].bare_rows(&world, world.anna).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_and_its_call_that_two_servers_commit_at_once_are_both_kept() {
    let world = World::on_postgres().await;
    let (one, other) = (world.node().await, world.node().await);
    let (here, there) = (one.carrier(&world.acme), other.carrier(&world.acme));

    for turn in 1..=30 {
        let call = here.new_call("+15550100");
        let initiated = [call.initiated()];
        let hung_up = [call.hung_up(HangupCause::OriginatorCancel)];
        tokio::join!(tell(&here, &initiated), tell(&there, &hung_up));
        assert_eq!(world.last_seq(&world.acme).await, 2 * turn);
    }

    let rows = one.bare_rows(&world, world.anna).await;
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row["status"] == "ended"), "{rows:#?}");
    let mut anna = one.board(&world, world.anna).await;
    assert!(anna.shows().is_empty() && anna.any().now_or_never().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_of_one_agency_closes_without_stalling_another() {
    let world = World::on_postgres().await;
    let (one, other) = (world.node().await, world.node().await);
    let (here, there) = (one.carrier(&world.acme), other.carrier(&world.acme));
    let mut anna = one.board(&world, world.anna).await;
    let mut mallory = one.board(&world, world.mallory).await;
    let call = here.new_call("+15550100");

    // Number 1 is told on the other server, number 2 on Anna's.
    tell(&there, [&call.initiated()]).await;
    tell(&here, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    let rival = one.carrier(&world.rival);
    tell(&rival, [&rival.new_call("+15550199").initiated()]).await;

    // The clock stands still: Acme's gap is open, and Mallory does not wait for it.
    let rings = "1 call.incoming +15550199 incoming";
    assert_eq!(mallory.hears_words(1).await, [rings]);
    assert!(anna.hears().now_or_never().is_none());
    let began = world.clock.now();
    let heard = world.wind_until(PATIENCE, anna.hears_words(2)).await;
    assert_eq!(
        heard,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]
    );
    assert!(world.clock.now().micros_since(began) < 2_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_on_two_servers_every_board_hears_everything_once_in_order() {
    let world = World::in_real_time(Database::migrated_postgres().await).await;
    let nodes = [world.node().await, world.node().await];
    let tenants = [(&world.acme, world.anna), (&world.rival, world.mallory)];
    let mut boards = Vec::new();
    for node in &nodes {
        for (_, person) in tenants {
            boards.push(node.board(&world, person).await);
        }
    }
    let carriers =
        tenants.map(|(tenant, _)| nodes.each_ref().map(|node| node.patient_carrier(tenant)));
    let load = join_all(carriers.iter().flat_map(|[here, there]| {
        (0..100).map(async |_| {
            let call = here.new_call("+15550100");
            tell(here, [&call.initiated()]).await;
            tell(there, [&call.answered()]).await;
            tell(here, [&call.hung_up(HangupCause::NormalClearing)]).await;
        })
    }));

    // Each board hears all 300 events of its agency; the checker allows no gap and no repeat.
    let heard = join_all(boards.iter_mut().map(|board| board.hears_lives(300)));
    let (_, heard) = tokio::join!(load, heard);

    for lives in heard {
        assert_eq!(lives.len(), 100);
        assert!(lives.values().all(|life| life.len() == 3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_changes_servers_is_not_sent_back() {
    let world = World::on_postgres().await;
    let (one, other) = (world.node().await, world.node().await);
    let carrier = one.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    let _ben = other.board(&world, world.ben).await;
    let mut anna = one.board(&world, world.anna).await;
    tell(&carrier, [&call.initiated()]).await;
    anna.hears().await;
    let seen = anna.leaves().await;

    // The other server has not heard of number 1 yet.
    let anna = other.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Resumed(resumed) if resumed.missed() == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_resumes_where_less_has_been_heard_than_it_is_told_stays() {
    let world = World::on_postgres().await;
    let (one, other) = (world.node().await, world.node().await);
    let mut anna = one.board(&world, world.anna).await;
    one.rings(&world.acme, 1).await;
    anna.hears().await;
    let seen = anna.leaves().await;
    one.rings(&world.acme, 5).await;
    // Ben's board is loaded here, and keeps what follows from being in it; the head poll is two
    // seconds away on a clock that stands still.
    let mut ben = other.board(&world, world.ben).await;
    one.rings(&world.acme, 20).await;

    // From the journal, which is further than what this server has heard of.
    let mut anna = other.board_at(&world, world.anna, seen).await;
    while anna.position().seq < 26 {
        anna.hears().await;
    }
    anna.is_served().await;
    other.rings(&world.acme, 1).await;
    assert_eq!(anna.hears().await.seq, 27);
    while ben.position().seq < 27 {
        ben.hears().await;
    }
}

/// A claim that is committed by a server of which nobody hears any more.
pub async fn claimed_by_a_server_that_dies(world: &World, call_control_id: &str) {
    let (store, clock) = (world.store.clone(), world.clock.clone());
    let (journal, writer, recorded) = Journal::open(store, clock, Metrics::new());
    drop(recorded);
    tokio::spawn(writer.run(CancellationToken::new()));
    let append = Append::Claim(ClaimAppend {
        agency_id: world.acme.id,
        handle: handle(call_control_id),
        claim_id: callboard::domain::ClaimId(Uuid::new_v4()),
        user_id: world.ben,
        user_name: Some("Ben".into()),
        at: world.clock.now(),
        most: None,
        // The test itself plays the carrier: no node is to drive this claim.
        driven_until: world.clock.now().plus_seconds(3600),
    });
    let answer = journal.append(append).await;
    assert!(matches!(answer, Ok(Answer::Claim(ClaimAnswer::Won { .. }))));
}
