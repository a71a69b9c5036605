//! A slow or dead client harms only itself; many clients at once harm nobody.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::node::Node;
use crate::support::wire::{Heard, Wire};
use callboard_simulator::Leg;
use callboard_simulator::browser::{BrowserSettings, Message, Position};
use serde_json::Value;

const SLOW: &str = "4000 slow, come back";
const TOO_MANY: &str = "4002 too_many_sockets, come back";

/// Calls with long addresses, so that few of them fill a queue.
async fn rings_long(node: &Node, world: &World, calls: usize) {
    let address = format!("sip:{}@example.com", "x".repeat(1000));
    node.rings_from(&world.acme, &address, calls).await;
}

/// Such calls ring until the server has closed a socket as slow; how many.
async fn rings_until_slow(node: &Node, world: &World) -> u64 {
    let line = "callboard_socket_closes_total{code=\"4000\"} 1";
    let mut calls = 0;
    while !node.metrics().await.lines().any(|shown| shown == line) {
        assert!(calls < 10_000, "the queue has no end");
        rings_long(node, world, 100).await;
        calls += 100;
    }
    calls
}

/// A board that hears everything, for as long as it is asked to.
async fn listens(board: &mut Board) -> ! {
    loop {
        board.hears().await;
    }
}

/// Reads to the end; the numbers of the events, and the end in words.
async fn reads_on(wire: &mut Wire) -> (Vec<u64>, String) {
    let mut seqs = Vec::new();
    let mut last = Value::Null;
    loop {
        match wire.hears().await {
            Heard::Text(text) => {
                seqs.extend(text["seq"].as_u64());
                last = text;
            }
            Heard::Close(code) => {
                let error = (last["type"] == "error").then_some(&last);
                return (seqs, crate::support::wire::words_of_end(code, error));
            }
            Heard::Gone => return (seqs, "gone".to_owned()),
            _ => {}
        }
    }
}

async fn a_board_that_stops_reading_is_closed_alone_and_resumes_with_exactly_what_it_missed(
    world: World,
) {
    let node = world.node().await;
    let mut anna = Wire::open_narrow(&node).await;
    let epoch = anna.connects(&world.token(world.anna)).await["epoch"].clone();
    let mut ben = node.board(&world, world.ben).await;

    let calls = tokio::select! {
        calls = rings_until_slow(&node, &world) => calls,
        never = listens(&mut ben) => never,
    };
    while ben.position().seq < calls {
        ben.hears().await;
    }

    let (seqs, end) = reads_on(&mut anna).await;
    assert_eq!(end, SLOW);
    let seen = seqs.len() as u64;
    assert!(seen < calls && seqs.into_iter().eq(1..=seen));
    let position = Position {
        epoch: epoch.as_str().unwrap().into(),
        seq: seen,
    };
    let mut anna = node.board_at(&world, world.anna, position).await;
    assert!(matches!(anna.greeting(), Message::Resumed(resumed) if resumed.from == seen));
    // The board checks that nothing is skipped, repeated or out of order.
    while anna.position().seq < calls {
        anna.hears().await;
    }
    anna.is_served().await;
}

async fn a_board_that_stops_reading_amid_its_snapshot_gets_the_rest_and_the_reason(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 600).await;
    let mut anna = Wire::open_narrow(&node).await;
    anna.says_connect(&world.token(world.anna)).await;
    node.shows_metric("callboard_connects_total{answer=\"fresh\"} 1")
        .await;
    rings_until_slow(&node, &world).await;

    let Heard::Text(snapshot) = anna.hears().await else {
        panic!("no snapshot")
    };
    assert_eq!(snapshot["calls"].as_array().unwrap().len(), 600);
    assert_eq!(anna.ends().await, SLOW);
}

async fn a_snapshot_of_five_hundred_calls_is_whole_and_oldest_first(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut numbers = Vec::new();
    for n in 0..50 {
        world.clock.advance(std::time::Duration::from_millis(10));
        let batch: Vec<_> = (0..10)
            .map(|m| carrier.new_call(&format!("+1555{n:03}{m}")))
            .collect();
        let webhooks: Vec<_> = batch.iter().map(Leg::initiated).collect();
        futures_util::future::join_all(webhooks.iter().map(|webhook| carrier.deliver(webhook)))
            .await;
        numbers.extend(batch.into_iter().map(|call| call.from));
    }
    let anna = node.board(&world, world.anna).await;
    let Message::Snapshot(snapshot) = anna.greeting() else {
        panic!("no snapshot")
    };
    assert_eq!((snapshot.seq, snapshot.calls.len()), (500, 500));
    let tens: Vec<String> = snapshot
        .calls
        .iter()
        .map(|call| call.text("from_number").unwrap()[..8].to_owned())
        .collect();
    assert!(tens.is_sorted());
    let mut shown: Vec<&str> = snapshot
        .calls
        .iter()
        .filter_map(|call| call.text("from_number"))
        .collect();
    shown.sort_unstable();
    numbers.sort_unstable();
    assert_eq!(shown, numbers);
}

async fn a_client_far_behind_is_caught_up_in_order_while_new_events_come(world: World) {
    let node = world.node().await;
    // Ben keeps the board in memory, so that its ring forgets what is old.
    let ben = node.board(&world, world.ben).await;
    let start = ben.position();
    node.rings(&world.acme, 1300).await;

    let (mut boards, ()) = tokio::join!(
        async {
            let mut boards = Vec::new();
            for _ in 0..3 {
                boards.push(node.board_at(&world, world.anna, start.clone()).await);
            }
            for board in &mut boards {
                while board.position().seq < 1600 {
                    board.hears().await;
                }
            }
            boards
        },
        node.rings(&world.acme, 300),
    );
    for board in &mut boards {
        assert!(
            matches!(board.greeting(), Message::Resumed(resumed) if resumed.from == 0 && resumed.seq >= 1300)
        );
        board.is_served().await;
    }
    node.rings(&world.acme, 1).await;
    for board in &mut boards {
        assert_eq!(board.hears().await.seq, 1601);
    }
}

async fn a_client_that_is_being_caught_up_is_served_and_put_out_like_any_other(world: World) {
    let (node, mut anna) = is_stuck_while_caught_up(&world).await;

    assert!(world.store.remove_user(world.anna).await.unwrap());
    let line = "callboard_socket_closes_total{code=\"4501\"} 1";
    world
        .within(
            std::time::Duration::from_secs(5),
            "her end",
            node.shows_metric(line),
        )
        .await;
    let (seqs, end) = reads_on(&mut anna).await;
    assert_eq!(end, "4501 forbidden, stay away");
    assert!(seqs.len() < 800);
}

async fn a_client_that_is_being_caught_up_starts_again_when_the_numbering_does(world: World) {
    let (_node, mut anna) = is_stuck_while_caught_up(&world).await;

    world.store.renew_epoch("another".into()).await.unwrap();

    // She read as fast as she was told: it is not she who is at fault.
    let (seqs, end) = reads_on(&mut anna).await;
    assert_eq!(end, "1012 renewed, come back");
    assert!(seqs.len() < 800);
}

async fn one_user_may_have_two_boards_and_each_hears_everything(world: World) {
    let node = world.node().await;
    let mut one = node.board(&world, world.anna).await;
    let mut other = node.board(&world, world.anna).await;
    node.rings(&world.acme, 1).await;
    for board in [&mut one, &mut other] {
        assert_eq!(
            board.hears_words(1).await,
            ["1 call.incoming +15550100 incoming"]
        );
    }
    one.leaves().await;
    node.rings(&world.acme, 1).await;
    assert_eq!(
        other.hears_words(1).await,
        ["2 call.incoming +15550100 incoming"]
    );
}

async fn a_user_with_too_many_boards_is_told_to_wait_until_one_is_closed(world: World) {
    let world = world.configured(|config| config.limits.sockets_per_user = 2);
    let node = world.node().await;
    let first = node.board(&world, world.anna).await;
    let mut second = node.board(&world, world.anna).await;
    assert_eq!(node.turns_away(world.token(world.anna)).await, TOO_MANY);
    let at = BrowserSettings::new(&node.url, world.token(world.anna)).at(first.position());
    assert_eq!(node.turns_away_with(at).await, TOO_MANY);
    node.board(&world, world.ben).await.is_served().await;

    first.leaves().await;
    node.shows_metric("callboard_sockets 1").await;
    node.board(&world, world.anna).await.is_served().await;
    second.is_served().await;
}

async fn an_agency_with_too_many_boards_shuts_out_nobody_elses(world: World) {
    let world = world.configured(|config| config.limits.sockets_per_agency = 2);
    let node = world.node().await;
    let _anna = node.board(&world, world.anna).await;
    let _ben = node.board(&world, world.ben).await;
    assert_eq!(node.turns_away(world.token(world.olivia)).await, TOO_MANY);
    node.board(&world, world.mallory).await.is_served().await;
}

/// Whoever asks the database after this gets no answer.
async fn take_the_tables_away(world: &World) {
    let tables = [
        "users",
        "agencies",
        "agency_heads",
        "call_events",
        "inbound_calls",
    ];
    for table in tables {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
        world.database.execute(&away).await;
    }
}

async fn two_hundred_boards_resume_at_once_without_a_query(world: World) {
    let world = world.configured(|config| config.limits.sockets_per_user = 200);
    let node = world.node().await;
    let start = node.board(&world, world.anna).await.leaves().await;
    let _ben = node.board(&world, world.ben).await;
    node.rings(&world.acme, 100).await;
    take_the_tables_away(&world).await;

    let storm = (0..200).map(|_| node.board_at(&world, world.anna, start.clone()));
    let mut boards = futures_util::future::join_all(storm).await;
    for board in &mut boards {
        while board.position().seq < 100 {
            board.hears().await;
        }
    }
    node.shows_metric("callboard_sockets 201").await;
    drop(boards);
    node.shows_metric("callboard_sockets 1").await;
}

async fn boards_that_come_fresh_while_others_watch_need_no_query_either(world: World) {
    let node = world.node().await;
    let _watching = node.board(&world, world.anna).await;
    node.rings(&world.acme, 3).await;
    take_the_tables_away(&world).await;
    assert_eq!(node.board(&world, world.anna).await.shows().len(), 3);
    assert_eq!(
        node.turns_away(world.token(world.ben)).await,
        "1013 try_again_later, come back"
    );
}

on_each_database!(
    a_board_that_stops_reading_is_closed_alone_and_resumes_with_exactly_what_it_missed,
    a_board_that_stops_reading_amid_its_snapshot_gets_the_rest_and_the_reason,
    a_snapshot_of_five_hundred_calls_is_whole_and_oldest_first,
    a_client_far_behind_is_caught_up_in_order_while_new_events_come,
    a_client_that_is_being_caught_up_is_served_and_put_out_like_any_other,
    a_client_that_is_being_caught_up_starts_again_when_the_numbering_does,
    one_user_may_have_two_boards_and_each_hears_everything,
    a_user_with_too_many_boards_is_told_to_wait_until_one_is_closed,
    an_agency_with_too_many_boards_shuts_out_nobody_elses,
    two_hundred_boards_resume_at_once_without_a_query,
    boards_that_come_fresh_while_others_watch_need_no_query_either,
);

/// Anna is being caught up from the journal of another node, and does not read.
async fn is_stuck_while_caught_up(world: &World) -> (Node, Wire) {
    let node = world.node().await;
    let start = node.board(world, world.anna).await.leaves().await;
    rings_long(&node, world, 800).await;
    let node = world.node().await;
    let mut anna = Wire::open_narrow(&node).await;
    anna.says_connect_at(&world.token(world.anna), &start).await;
    node.shows_metric("callboard_connects_total{answer=\"resumed\"} 1")
        .await;
    (node, anna)
}
