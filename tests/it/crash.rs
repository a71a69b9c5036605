//! Crashes and deploys: the server is a process of its own here, and time is real.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::patience::soon;
use crate::support::process::Process;
use callboard_simulator::browser::{BrowserSettings, Message, Position};
use callboard_simulator::{
    Acknowledged, Carrier, CarrierSettings, Life, Load, RetrySchedule, Traffic,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Calls of a load: enough for a kill to fall into the middle of it.
const CALLS: u64 = 120;

async fn killed_in_the_middle_of_load_it_loses_nothing_acknowledged(world: World) {
    let world = world.by_the_machines_clock();
    let mut server = Process::start(&world).await;
    let start = Board::open(settings(&world, &server)).await.leaves().await;
    let (load, mut witness) = load(&world, &server);
    let running = tokio::spawn(async move { load.run(CancellationToken::new()).await });

    let mut acknowledged = Vec::new();
    for kill_after in [40, 200] {
        while acknowledged.len() < kill_after {
            acknowledged.extend(soon("an acknowledgement", witness.recv()).await);
        }
        server.dies().await;
        server.comes_back(&world).await;
    }
    while let Some(more) = soon("the load to end", witness.recv()).await {
        acknowledged.push(more);
    }
    let totals = running.await.expect("the load");
    assert_eq!((totals.refused, totals.lost), (0, 0));

    // From the very beginning to the head, each number once, and each acknowledged fact told.
    let told = everything_told(&world, &server, start).await;
    for fact in acknowledged {
        let (handle, event) = (&fact.call_control_id, expected(&fact.event_type));
        let events = told.get(handle);
        let known = event.is_none_or(|event| events.is_some_and(|told| told.contains(event)));
        assert!(
            known,
            "{} of {handle} was acknowledged and lost",
            fact.event_type
        );
    }
}

async fn a_deploy_tells_every_socket_when_to_come_back_and_ends_well(world: World) {
    let world = world.by_the_machines_clock();
    let mut server = Process::start(&world).await;
    let mut boards = Vec::new();
    for _ in 0..3 {
        boards.push(Board::open(settings(&world, &server)).await);
    }

    server.is_told_to_stop().await;

    for board in &mut boards {
        let error = loop {
            if let Message::Error(error) = board.any().await {
                break error;
            }
        };
        assert_eq!(
            (error.code.as_str(), error.reconnect),
            ("going_away", Some(true))
        );
        assert!(error.retry_after_ms.is_some());
        assert_eq!(board.closes().await.code.0, 1001);
    }
    assert!(server.ends().await.success());
}

async fn a_second_signal_stops_at_once(world: World) {
    let world = world.by_the_machines_clock();
    let mut server = Process::start(&world).await;
    let mut boards = Vec::new();
    for _ in 0..15 {
        boards.push(Board::open(settings(&world, &server)).await);
    }
    server.is_told_to_stop().await;
    // The first socket closed says that the drain has begun; most of its ten seconds are left.
    soon(
        "the drain to begin",
        futures_util::future::select_all(boards.iter_mut().map(|board| Box::pin(board.closes()))),
    )
    .await;
    server.is_told_to_stop().await;
    assert!(!server.ends().await.success());
}

on_each_database!(
    killed_in_the_middle_of_load_it_loses_nothing_acknowledged,
    a_deploy_tells_every_socket_when_to_come_back_and_ends_well,
    a_second_signal_stops_at_once,
);

fn settings(world: &World, server: &Process) -> BrowserSettings {
    BrowserSettings::new(&server.url, world.token(world.anna))
}

fn load(world: &World, server: &Process) -> (Load, mpsc::Receiver<Acknowledged>) {
    let url = format!("{}/api/telnyx/webhook", server.url);
    let key = world.acme.key.clone();
    let mut carrier = CarrierSettings::new(url.parse().expect("a URL"), key, world.clock.clone());
    carrier.connection_id = Some(world.acme.connection.clone());
    carrier.schedule = RetrySchedule::until_acknowledged(Duration::from_secs(60));
    let traffic = Traffic {
        calls_per_minute: 3000.0,
        seed: 7,
        duplicates: 20,
        reorder: 20,
        speed: f64::INFINITY,
        max_calls: Some(CALLS),
        // Calls without an agent's leg, whose webhooks a board need not hear of.
        lives: vec![(Life::Abandoned, 1), (Life::Answered, 1)],
        ..Traffic::default()
    };
    let (witness, acknowledged) = mpsc::channel(1024);
    let carrier = Arc::new(Carrier::new(carrier).expect("a carrier"));
    (
        Load::new(carrier, traffic).witnessed_by(witness),
        acknowledged,
    )
}

/// What a board must have heard for a webhook of the caller's leg.
fn expected(event_type: &str) -> Option<&'static str> {
    match event_type {
        "call.initiated" => Some("call.incoming"),
        "call.hangup" => Some("call.ended"),
        _ => None,
    }
}

/// Everything that was ever told after `from`, by handle: resumed from there, checked by number.
async fn everything_told(
    world: &World,
    server: &Process,
    from: Position,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut board = Board::open(settings(world, server).at(from)).await;
    let Message::Resumed(resumed) = board.greeting() else {
        panic!("not resumed");
    };
    let head = resumed.seq;
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for _ in resumed.from..head {
        let event = board.hears().await;
        let handle = event.call.text("call_control_id").expect("a handle");
        told.entry(handle.to_owned())
            .or_default()
            .insert(event.kind);
    }
    assert_eq!(board.position().seq, head);
    told
}
