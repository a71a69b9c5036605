//! A client that was away resumes exactly where it was.

use crate::support::World;
use callboard_simulator::HangupCause;
use callboard_simulator::browser::{Message, Position};

async fn a_reconnecting_browser_hears_what_it_missed(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let call = carrier.new_call("+15550100");
    carrier.deliver(&call.initiated()).await;
    anna.hears().await;
    let seen = anna.leaves().await;

    carrier
        .deliver(&call.hung_up(HangupCause::OriginatorCancel))
        .await;

    let mut anna = node.board_at(&world, world.anna, seen).await;
    assert!(
        matches!(anna.greeting(), Message::Resumed(resumed) if (resumed.from, resumed.seq) == (1, 2))
    );
    assert_eq!(
        anna.hears_words(1).await,
        ["2 call.ended +15550100 ended hangup"]
    );
}

async fn a_position_survives_a_restart(world: World) {
    let node = world.node().await;
    let call = node.carrier(&world.acme).new_call("+15550100");
    let mut anna = node.board(&world, world.anna).await;
    node.carrier(&world.acme).deliver(&call.initiated()).await;
    anna.hears().await;
    let seen = anna.position();
    drop(node);

    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    carrier
        .deliver(&call.hung_up(HangupCause::OriginatorCancel))
        .await;
    // Nobody has watched since the restart: what was missed is read from the journal.
    let mut anna = node.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Resumed(_)));
    assert_eq!(
        anna.hears_words(1).await,
        ["2 call.ended +15550100 ended hangup"]
    );
}

async fn a_position_that_cannot_be_resumed_gets_the_whole_board_and_the_reason(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    carrier.deliver(&call.initiated()).await;
    let fresh = node.board(&world, world.anna).await;
    let Position { epoch, seq } = fresh.position();

    for (position, reason) in [
        (
            Position {
                epoch: "another".into(),
                seq,
            },
            "epoch_changed",
        ),
        (
            Position {
                epoch: epoch.clone(),
                seq: seq + 5,
            },
            "ahead",
        ),
    ] {
        let board = node.board_at(&world, world.anna, position).await;
        assert!(
            matches!(board.greeting(), Message::Snapshot(snapshot) if snapshot.reason == reason)
        );
        assert_eq!(board.shows(), ["+15550100 incoming"]);
    }
}

on_each_database!(
    a_reconnecting_browser_hears_what_it_missed,
    a_position_survives_a_restart,
    a_position_that_cannot_be_resumed_gets_the_whole_board_and_the_reason,
);
