//! Each kind of row goes at its age and not before, one node at a time sees to it, and what is open
//! stays whole.

use crate::support::World;
use crate::support::command::callboard;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard::clock::Clock;
use callboard::config::{Config, Limits};
use callboard::domain::Timestamp;
use callboard::journal::Retention;
use callboard::store::kept::{Lease, Swept};
use callboard::telemetry::Metrics;
use callboard_simulator::{Carrier, HangupCause, Leg};
use std::time::Duration;

/// A number that nothing else is.
const CANARY: &str = "+15557770123";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The pause between two steps.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a node that says nothing is taken to sweep.
const LEASE: Duration = Duration::from_secs(60);

async fn a_call_goes_at_its_age_with_all_that_bears_on_it_and_not_before(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let rivals = node.carrier(&world.rival);
    talks_and_ends(&world, &node, &carrier).await;
    rings_and_leaves(&rivals).await;
    let (store, acme) = (&world.store, world.acme.id);
    let changed = numbers(&world, "SELECT MAX(updated_at) FROM inbound_calls").await;
    let end = Timestamp::from_micros(changed);

    let step = store.prune_calls(acme, end, 50).await.unwrap();
    assert_eq!(step, Swept::default());
    let moment = Timestamp::from_micros(changed + 1);
    let step = store.prune_calls(acme, moment, 50).await.unwrap();

    let all = Swept {
        calls: 1,
        claims: 1,
        commands: step.commands,
        legs: 2,
    };
    assert_eq!(step, all);
    for table in [
        "inbound_calls",
        "claims",
        "commands",
        "call_legs",
        "errands",
    ] {
        let left = of(&world, table, "acme").await;
        assert_eq!(left, 0, "{table}");
    }
    assert_eq!(of(&world, "inbound_calls", "rival").await, 1);
    assert_eq!(of(&world, "call_logs", "acme").await, 1);
}

async fn a_call_log_goes_at_its_age_and_not_before(world: World) {
    let node = world.node().await;
    rings_and_leaves(&node.carrier(&world.acme)).await;
    rings_and_leaves(&node.carrier(&world.rival)).await;
    let began = numbers(&world, "SELECT MAX(started_at) FROM call_logs").await;
    let (store, acme) = (&world.store, world.acme.id);

    for (before, gone) in [(began, 0), (began + 1, 1), (began + 1, 0)] {
        let before = Timestamp::from_micros(before);
        let pruned = store.prune_call_logs(acme, before, 50).await.unwrap();
        assert_eq!(pruned, gone);
    }
    assert_eq!(of(&world, "call_logs", "rival").await, 1);
    assert_eq!(of(&world, "inbound_calls", "acme").await, 1);
}

async fn nothing_is_removed_for_good_that_nobody_gave_a_term(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    talks_and_ends(&world, &node, &carrier).await;

    sweeps(&world, 4000, world.config.limits).await;

    for (table, left) in [
        ("call_events", 0),
        ("webhook_events", 0),
        ("inbound_calls", 1),
        ("claims", 1),
        ("call_legs", 2),
        ("call_logs", 1),
    ] {
        assert_eq!(of(&world, table, "acme").await, left, "{table}");
    }
}

async fn what_is_open_stays_with_its_legs_however_old(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let open = carrier.new_call("+15550100");
    tell(&carrier, [&open.initiated()]).await;
    let (claim, _) = node.wins(world.ben, "Ben", &open.call_control_id).await;
    let phone = open.second_leg(Some(client_state(claim)));
    tell(
        &carrier,
        [&phone.initiated(), &phone.answered(), &open.bridged()],
    )
    .await;
    // One that ended, and legs of nobody's: of a session that lives, and of one that does not.
    talks_and_ends(&world, &node, &carrier).await;
    let friend = open.second_leg(None);
    let stranger = carrier.new_call("+15550100").second_leg(None);
    tell(&carrier, [&friend.answered(), &stranger.answered()]).await;
    assert_eq!(of(&world, "call_legs", "acme").await, 6);

    sweeps(&world, 400, limits(30, 30)).await;

    let left = world
        .database
        .texts("SELECT call_control_id FROM call_legs ORDER BY 1")
        .await;
    let mut kept = [&open, &phone, &friend].map(|leg| leg.call_control_id.clone());
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(node.bare_rows(&world, world.anna).await.len(), 1);
    assert_eq!(of(&world, "claims", "acme").await, 1);
    // The call goes on, and all of it goes in its time.
    tell(&carrier, [&open.hung_up(HangupCause::NormalClearing)]).await;
    is_verified(&world).await;
    sweeps(&world, 800, limits(30, 30)).await;
    for table in [
        "inbound_calls",
        "claims",
        "commands",
        "call_legs",
        "call_logs",
        "errands",
    ] {
        assert_eq!(of(&world, table, "acme").await, 0, "{table}");
    }
    is_verified(&world).await;
}

async fn two_calls_of_one_session_go_together(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let open = carrier.new_call("+15550100");
    let mut other = carrier.new_call("+15550101");
    other.call_session_id = open.call_session_id;
    tell(
        &carrier,
        [
            &open.initiated(),
            &other.initiated(),
            &other.hung_up(HangupCause::OriginatorCancel),
        ],
    )
    .await;

    sweeps(&world, 400, limits(30, 30)).await;
    assert_eq!(of(&world, "inbound_calls", "acme").await, 2);

    tell(&carrier, [&open.hung_up(HangupCause::OriginatorCancel)]).await;
    sweeps(&world, 800, limits(30, 30)).await;
    assert_eq!(of(&world, "inbound_calls", "acme").await, 0);
}

async fn an_errand_that_no_node_knows_goes_at_its_age_and_the_known_ones_stay(world: World) {
    let day = |days: i64| world.clock.now().plus_seconds(days * 24 * 3600).micros();
    let (acme, rival) = (world.acme.id, world.rival.id);
    for (agency, kind, carrier, due, leased) in [
        (acme, "teleport", "telnyx", day(0), "NULL"),
        (acme, "look", "homing", day(0), "0"),
        (rival, "fax", "homing", day(0), "NULL"),
        (acme, "fax", "telnyx", day(3), "NULL"),
        (acme, "signal", "telnyx", day(0), &day(3).to_string()),
        (acme, "look", "telnyx", day(0), "NULL"),
    ] {
        let sql = format!(
            "INSERT INTO errands (agency_id, kind, carrier, subject, due_at, leased_until)
             VALUES ('{agency}', '{kind}', '{carrier}', '{kind} by {carrier}', {due}, {leased})"
        );
        world.database.execute(&sql).await;
    }
    let left = async || {
        let sql = "SELECT subject FROM errands ORDER BY subject";
        let mut left = world.database.texts(sql).await;
        left.sort_unstable();
        left
    };

    sweeps(&world, 6, world.config.limits).await;
    assert_eq!(left().await.len(), 6);
    sweeps(&world, 8, world.config.limits).await;
    let later = ["fax by telnyx", "look by telnyx", "signal by telnyx"];
    assert_eq!(left().await, later);
    sweeps(&world, 12, world.config.limits).await;
    assert_eq!(left().await, ["look by telnyx"]);
}

async fn what_is_swept_away_cannot_be_read_from_the_disk(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    // Of many lengths, some longer than a page.
    for length in 0..60 {
        let call = carrier.new_call(CANARY);
        let (mut rings, mut gone) = (
            call.initiated(),
            call.hung_up(HangupCause::OriginatorCancel),
        );
        for news in [&mut rings, &mut gone] {
            let note = format!("{CANARY} {}", "at length ".repeat(length * 12));
            news.payload.insert("note".into(), note.into());
        }
        tell(&carrier, [&rings, &gone]).await;
    }
    drop((node, carrier));
    let traces = || {
        let disk = world.database.dump();
        let windows = disk.windows(CANARY.len());
        windows.filter(|it| *it == CANARY.as_bytes()).count()
    };
    assert_ne!(traces(), 0);

    sweeps(&world, 400, limits(30, 30)).await;

    assert_eq!(traces(), 0);
}

async fn of_two_nodes_one_sweeps_and_the_other_when_that_one_died_half_way(world: World) {
    let world = world.configured(without_a_limit);
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for _ in 0..60 {
        rings_and_leaves(&carrier).await;
    }
    let clock = later(&world, 400);
    let [one, other] = [(); 2].map(|()| retention(&world, &clock, limits(30, 30)));

    // The clock stands, so the first one pauses after its first step; there it is cut off.
    let first_step = async {
        while of(&world, "inbound_calls", "acme").await == 60 {
            look_again().await;
        }
    };
    tokio::select! {
        _ = one.sweep() => panic!("it went on without a pause"),
        () = soon("the first step", first_step) => {}
    }
    assert_eq!(of(&world, "inbound_calls", "acme").await, 10);
    soon("the other", other.sweep()).await.unwrap();
    assert_eq!(of(&world, "inbound_calls", "acme").await, 10);

    clock.advance(LEASE);
    wound(&clock, other.sweep()).await;
    assert_eq!(of(&world, "inbound_calls", "acme").await, 0);
    // Whoever has done all gives the lease back at once.
    wound(&clock, retention(&world, &clock, limits(30, 30)).sweep()).await;
    is_verified(&world).await;
}

async fn a_lease_of_a_clock_that_was_wrong_holds_nobody_up(world: World) {
    let lease = |holder: &str| Lease {
        name: "retention",
        holder: holder.into(),
        lasts_s: 60,
    };
    let (store, now) = (&world.store, world.clock.now());
    let holds = async |who, at| store.hold_lease(lease(who), at).await.unwrap();
    assert!(holds("one", now).await);
    assert!(holds("one", now).await);
    assert!(!holds("other", now.plus_seconds(59)).await);
    assert!(holds("other", now.plus_seconds(60)).await);
    assert!(!holds("one", now.plus_seconds(60)).await);
    store.let_lease_go(lease("one")).await.unwrap();
    assert!(!holds("one", now.plus_seconds(60)).await);
    store.let_lease_go(lease("other")).await.unwrap();
    assert!(holds("one", now.plus_seconds(60)).await);

    assert!(holds("one", now.plus_seconds(1_000_000)).await);
    assert!(holds("other", now).await);
}

on_each_database!(
    a_call_goes_at_its_age_with_all_that_bears_on_it_and_not_before,
    a_call_log_goes_at_its_age_and_not_before,
    nothing_is_removed_for_good_that_nobody_gave_a_term,
    what_is_open_stays_with_its_legs_however_old,
    two_calls_of_one_session_go_together,
    an_errand_that_no_node_knows_goes_at_its_age_and_the_known_ones_stay,
    what_is_swept_away_cannot_be_read_from_the_disk,
    of_two_nodes_one_sweeps_and_the_other_when_that_one_died_half_way,
    a_lease_of_a_clock_that_was_wrong_holds_nobody_up,
);

/// Nobody hangs calls up on our side, and the carrier cannot be asked about them.
fn without_a_limit(config: &mut Config) {
    config.calls.limit_hours = u16::MAX;
}

fn limits(calls: u32, logs: u32) -> Limits {
    let settings = callboard::config::Settings::default();
    Limits {
        calls_kept_days: Some(calls),
        call_logs_kept_days: Some(logs),
        ..settings.validate().expect("the defaults").limits
    }
}

/// Ben answers it, and it ends.
async fn talks_and_ends(world: &World, node: &Node, carrier: &Carrier) -> Leg {
    let call = carrier.new_call("+15550100");
    tell(carrier, [&call.initiated()]).await;
    let (claim, _) = node.wins(world.ben, "Ben", &call.call_control_id).await;
    let phone = call.second_leg(Some(client_state(claim)));
    tell(
        carrier,
        [
            &phone.initiated(),
            &phone.answered(),
            &call.bridged(),
            &call.hung_up(HangupCause::NormalClearing),
        ],
    )
    .await;
    call
}

async fn rings_and_leaves(carrier: &Carrier) {
    let call = carrier.new_call("+15550100");
    let gone = call.hung_up(HangupCause::OriginatorCancel);
    tell(carrier, [&call.initiated(), &gone]).await;
}

/// A clock so many days ahead of the world's.
fn later(world: &World, days: u32) -> Clock {
    let seconds = i64::try_from((DAY * days).as_secs()).expect("seconds");
    Clock::by_hand(world.clock.now().plus_seconds(seconds))
}

fn retention(world: &World, clock: &Clock, limits: Limits) -> Retention {
    Retention::new(world.store.clone(), clock.clone(), Metrics::new(), limits)
}

/// Whatever is too old in so many days goes.
async fn sweeps(world: &World, days: u32, limits: Limits) {
    let clock = later(world, days);
    wound(&clock, retention(world, &clock, limits).sweep()).await;
}

/// Winds that clock through the pauses.
async fn wound<E: std::fmt::Debug>(clock: &Clock, sweep: impl Future<Output = Result<(), E>>) {
    let mut sweep = std::pin::pin!(soon("retention", sweep));
    let mut pace = tokio::time::interval(Duration::from_millis(2));
    loop {
        tokio::select! {
            biased;
            swept = &mut sweep => return swept.expect("a sweep"),
            _ = pace.tick() => clock.advance(PAUSE),
        }
    }
}

/// How many rows of a table are of that agency.
async fn of(world: &World, table: &str, agency: &str) -> i64 {
    let id = match agency {
        "acme" => world.acme.id,
        _ => world.rival.id,
    };
    numbers(
        world,
        &format!("SELECT COUNT(*) FROM {table} WHERE agency_id = '{id}'"),
    )
    .await
}

async fn numbers(world: &World, sql: &str) -> i64 {
    let text = world
        .database
        .texts(&format!("SELECT CAST(({sql}) AS TEXT)"))
        .await;
    text[0].parse().expect("a number")
}

async fn is_verified(world: &World) {
    let ended = callboard(&["verify"], &url_of(world)).await;
    assert_eq!(ended.code, 0, "{}", ended.said);
}
