//! What is too old goes, a little at a time; and a numbering that begins again.

use crate::support::World;
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::retelling::tell;
use callboard::config::Config;
use callboard::store::Named;
use callboard_simulator::HangupCause;
use callboard_simulator::browser::{CloseCode, Message, Position};
use futures_util::future::join_all;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Retention runs every ten minutes, 200 rows at a time, with a pause after each step.
const RUN: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(50);

async fn retention_goes_in_small_steps_between_which_webhooks_are_stored(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    rings(&world, &node, 450).await;
    assert_eq!(kept(&world).await, (450, 450));

    world.clock.advance(8 * DAY);
    assert_eq!(kept_once_below(&world, 450).await, (250, 250));
    // The clock stands, so retention pauses; a webhook need not wait for it.
    rings(&world, &node, 1).await;
    assert_eq!(kept(&world).await, (251, 251));

    for left in [51, 1] {
        let step = kept_once_below(&world, left + 1);
        assert_eq!(pause_by_pause(&world, step).await, (left, left));
    }
}

async fn what_is_younger_than_the_retention_time_stays(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    rings(&world, &node, 2).await;
    world.clock.advance(5 * DAY);
    rings(&world, &node, 3).await;

    world.clock.advance(2 * DAY);

    assert_eq!(
        world.wind_until(RUN / 10, kept_once_below(&world, 5)).await,
        (3, 3)
    );
    let epoch = node.board(&world, world.anna).await.position().epoch;
    let seen = Position { epoch, seq: 2 };
    let mut anna = world.node().await.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Resumed(_)));
    assert_eq!(anna.hears().await.seq, 3);
    assert_eq!(node.bare_rows(&world, world.anna).await.len(), 5);
}

async fn a_position_beyond_retention_is_too_old_and_gets_the_whole_board(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    rings(&world, &node, 3).await;
    let latest = node.board(&world, world.anna).await.leaves().await;
    let seen = Position {
        seq: 1,
        ..latest.clone()
    };
    world.clock.advance(8 * DAY);
    world.wind_until(RUN / 10, kept_once_below(&world, 1)).await;

    // A server that has told none of these events itself.
    let node = world.node().await;
    let anna = node.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Snapshot(snapshot) if snapshot.reason == "too_old"));
    assert_eq!((anna.shows().len(), anna.position().seq), (3, 3));
    // Whoever has seen everything has missed nothing, however long ago that was.
    let ben = node.board_at(&world, world.ben, latest).await;
    assert!(matches!(ben.greeting(), Message::Resumed(resumed) if resumed.missed() == 0));
}

async fn a_renewed_epoch_makes_open_boards_start_anew(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    let mut anna = node.board(&world, world.anna).await;
    tell(&carrier, [&call.initiated()]).await;
    anna.hears().await;
    let seen = anna.position();

    world
        .store
        .renew_epoch("another life".into())
        .await
        .unwrap();
    let closed = world.wind_until(2 * PAUSE, anna.closes()).await;

    assert_eq!(closed.code, CloseCode(1012));
    assert!(closed.code.may_reconnect());
    let mut anna = node.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Snapshot(snapshot)
        if snapshot.reason == "epoch_changed" && snapshot.epoch.starts_with("another life")));
    assert_eq!(anna.shows(), ["+15550100 incoming"]);
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    assert_eq!(
        anna.hears_words(1).await,
        ["2 call.ended +15550100 ended hangup"]
    );
}

on_each_database!(
    retention_goes_in_small_steps_between_which_webhooks_are_stored,
    what_is_younger_than_the_retention_time_stays,
    a_position_beyond_retention_is_too_old_and_gets_the_whole_board,
    a_renewed_epoch_makes_open_boards_start_anew,
);

/// Nobody hangs these calls up, and the carrier cannot be asked about them.
fn without_a_limit(config: &mut Config) {
    config.calls.limit_hours = u16::MAX;
}

/// So many calls ring, all at once.
async fn rings(world: &World, node: &Node, count: usize) {
    let carrier = node.carrier(&world.acme);
    let calls = (0..count).map(async |_| {
        tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    });
    join_all(calls).await;
}

/// One pause after another, each when retention may have begun it: one that is over before it has done
/// its step is none.
async fn pause_by_pause<T>(world: &World, step: impl Future<Output = T>) -> T {
    let mut step = std::pin::pin!(step);
    let mut pace = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            biased;
            kept = &mut step => return kept,
            _ = pace.tick() => world.clock.advance(PAUSE),
        }
    }
}

/// How many events and raw webhooks Acme has.
async fn kept(world: &World) -> (usize, usize) {
    let (store, acme) = (&world.store, world.acme.id);
    let events = store.events_since(acme, 0, 1000).await.expect("events");
    let webhooks = store.kept_webhooks(acme, Named::default(), 1000).await;
    (events.len(), webhooks.expect("webhooks").len())
}

/// The same, as soon as both are fewer than that.
async fn kept_once_below(world: &World, many: usize) -> (usize, usize) {
    soon("retention", async {
        loop {
            let (events, webhooks) = kept(world).await;
            if events < many && webhooks < many {
                return (events, webhooks);
            }
        }
    })
    .await
}
