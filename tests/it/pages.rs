//! Pages of calls: filters, limits, and cursors that neither skip nor repeat.

use crate::support::World;
use crate::support::node::Node;
use callboard::domain::Status;
use callboard_simulator::{Carrier, HangupCause};
use std::collections::HashSet;
use std::time::Duration;

/// So many calls, a second apart, and the numbers they come from.
async fn rings(world: &World, carrier: &Carrier, from: u32, count: u32) -> Vec<String> {
    let mut numbers = Vec::new();
    for number in from..from + count {
        let call = carrier.new_call(&format!("+1555{number:04}"));
        carrier.deliver(&call.initiated()).await;
        numbers.push(call.from.clone());
        // Some share a moment, so that the id must tell them apart.
        if number % 3 == 0 {
            world.clock.advance(Duration::from_secs(1));
        }
    }
    numbers
}

/// The numbers on Anna's page.
async fn page(node: &Node, world: &World, query: &str) -> Vec<String> {
    let path = format!("/api/calls?{query}");
    let reply = node.reads(world, world.anna, &path).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.calls("from_number")
}

/// The sentence with which a query is refused.
async fn refused(node: &Node, world: &World, query: &str) -> String {
    let path = format!("/api/calls?{query}");
    let reply = node.reads(world, world.anna, &path).await;
    assert_eq!(reply.status, 400, "{query}: {}", reply.text());
    reply.error()
}

/// Every page from the first one on; between pages something happens.
async fn leafs(
    node: &Node,
    world: &World,
    limit: u32,
    mut between: impl AsyncFnMut(u32),
) -> Vec<String> {
    let (mut seen, mut cursor, mut turned) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/api/calls?limit={limit}&cursor={cursor}");
        let reply = node.reads(world, world.anna, &path).await;
        let calls = reply.calls("from_number");
        assert!(calls.len() <= limit as usize);
        seen.extend(calls);
        match reply.json()["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return seen,
        }
        between(turned).await;
        turned += 1;
        assert!(turned < 100, "the pages have no end");
    }
}

async fn pages_neither_skip_nor_repeat_while_calls_come_in(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let before = rings(&world, &carrier, 0, 250).await;
    let seen = leafs(&node, &world, 17, async |turned| {
        rings(&world, &carrier, 1000 + 3 * turned, 3).await;
    })
    .await;
    let distinct: HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (250, 250));
    assert_eq!(distinct, before.iter().collect());
    let everything = page(&node, &world, "limit=1000").await;
    assert!(everything.ends_with(&seen), "not newest first");
}

async fn the_last_page_knows_that_it_is_the_last(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let next = async |limit: u32| {
        let reply = node
            .reads(&world, world.anna, &format!("/api/calls?limit={limit}"))
            .await;
        (
            reply.calls("id").len(),
            reply.json()["next_cursor"].is_null(),
        )
    };
    assert_eq!(next(1).await, (0, true));
    rings(&world, &carrier, 0, 101).await;
    assert_eq!(next(100).await, (100, false));
    assert_eq!(next(101).await, (101, true));
    let reply = node.reads(&world, world.anna, "/api/calls").await;
    assert_eq!(
        (
            reply.calls("id").len(),
            reply.json()["next_cursor"].is_string()
        ),
        (100, true)
    );
}

async fn each_filter_narrows_by_its_own_rule(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let (ringing, claimed, gone) = (
        carrier.new_call("+15550100"),
        carrier.new_call("+15550101"),
        carrier.new_call("sip:zoë@a.b"),
    );
    for call in [&ringing, &claimed, &gone] {
        let mut initiated = call.initiated();
        initiated.occurred_at = world.clock.now().into();
        carrier.deliver(&initiated).await;
        world.clock.advance(Duration::from_secs(60));
    }
    node.wins(world.ben, "Ben", &claimed.call_control_id).await;
    carrier
        .deliver(&gone.hung_up(HangupCause::OriginatorCancel))
        .await;
    let (r, c, g) = ("+15550100", "+15550101", "sip:zoë@a.b");
    let ben = format!("answered_by={}", world.ben);
    let nobody = format!("answered_by={}", world.olivia);
    for (query, expected) in [
        ("", vec![g, c, r]),
        ("status=&limit=&cursor=&number=&unknown=1", vec![g, c, r]),
        ("status=incoming", vec![r]),
        ("status=answering,%20ended", vec![g, c]),
        ("status=answered", vec![]),
        ("since=2026-11-21T09:01:00Z", vec![g, c]),
        ("until=2026-11-21T09:01:00Z", vec![r]),
        (
            "since=2026-11-21T10:01:00+01:00&until=2026-11-21T09:02:00Z",
            vec![c],
        ),
        ("since=2026-11-21T09:01:00.000001Z", vec![g]),
        ("number=%2B15550100", vec![r]),
        ("number=+15550100", vec![r]),
        ("number=sip:zo%C3%AB@a.b", vec![g]),
        ("number=%2B15550109999", vec![g, c, r]),
        ("number=555%20(01)%2000", vec![r]),
        ("number=0101", vec![c]),
        ("number=1555", vec![]),
        (&ben, vec![c]),
        (&nobody, vec![]),
        ("status=incoming&number=%2B15550101", vec![]),
    ] {
        assert_eq!(page(&node, &world, query).await, expected, "{query}");
    }
}

async fn a_filter_that_makes_no_sense_is_refused_in_a_sentence(world: World) {
    let node = world.node().await;
    let long = format!("number={}", "1".repeat(1025));
    for (query, word) in [
        ("status=ringing", "status: "),
        ("status=incoming,", "status: "),
        ("since=yesterday", "since: "),
        ("since=2026-11-21", "since: "),
        ("until=1779233415", "until: "),
        ("number=%00", "number: "),
        ("number=%25", "number: "),
        ("number=100", "number: "),
        (&long, "number: "),
        ("answered_by=Anna", "answered_by: "),
        ("limit=0", "limit: "),
        ("limit=-1", "limit: "),
        ("limit=1001", "limit: "),
        ("limit=99999999999999999999", "limit: "),
        ("limit=ten", "limit: "),
    ] {
        let sentence = refused(&node, &world, query).await;
        assert!(sentence.starts_with(word), "{query}: {sentence}");
    }
    assert_eq!(page(&node, &world, "limit=1000").await.len(), 0);
    let twice = refused(&node, &world, "status=incoming&status=ended").await;
    assert!(twice.contains("status"), "{twice}");
    let pending = node
        .reads(
            &world,
            world.anna,
            "/api/telnyx/calls/pending?order=a&order=b",
        )
        .await;
    assert!(
        pending.status == 400 && pending.error().contains("order"),
        "{}",
        pending.error()
    );
}

async fn a_cursor_that_nobody_gave_is_refused(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    rings(&world, &carrier, 0, 2).await;
    let reply = node.reads(&world, world.anna, "/api/calls?limit=1").await;
    let cursor = reply.json()["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(
        page(&node, &world, &format!("cursor={cursor}")).await.len(),
        1
    );
    for bad in [
        &cursor[1..],
        &format!("{cursor}A"),
        "x",
        "%00",
        "MTIz",
        "..",
        &"A".repeat(5000),
    ] {
        let sentence = refused(&node, &world, &format!("cursor={bad}")).await;
        assert!(sentence.starts_with("cursor: "), "{bad}: {sentence}");
    }
    // Another agency's cursor is only a place in time: it shows nothing of that agency.
    let path = format!("/api/calls?cursor={cursor}");
    assert!(
        node.reads(&world, world.mallory, &path)
            .await
            .calls("id")
            .is_empty()
    );
}

async fn every_status_has_its_page_and_open_calls_are_on_it(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let calls = [0, 1, 2, 3].map(|number| carrier.new_call(&format!("+1555010{number}")));
    for call in &calls {
        carrier.deliver(&call.initiated()).await;
    }
    let (claim, _) = node
        .wins(world.anna, "Anna", &calls[2].call_control_id)
        .await;
    let leg = calls[2].second_leg(Some(callboard::carriers::telnyx::client_state(claim)));
    carrier.deliver(&leg.initiated()).await;
    carrier.deliver(&leg.answered()).await;
    node.wins(world.anna, "Anna", &calls[1].call_control_id)
        .await;
    carrier
        .deliver(&calls[3].hung_up(HangupCause::NormalClearing))
        .await;
    for (status, call) in Status::ALL.into_iter().zip(&calls) {
        let query = format!("status={}", status.name());
        assert_eq!(
            page(&node, &world, &query).await,
            [call.from.as_str()],
            "{query}"
        );
    }
    assert_eq!(page(&node, &world, "").await.len(), 4);
}

on_each_database!(
    pages_neither_skip_nor_repeat_while_calls_come_in,
    the_last_page_knows_that_it_is_the_last,
    each_filter_narrows_by_its_own_rule,
    a_filter_that_makes_no_sense_is_refused_in_a_sentence,
    a_cursor_that_nobody_gave_is_refused,
    every_status_has_its_page_and_open_calls_are_on_it,
);
