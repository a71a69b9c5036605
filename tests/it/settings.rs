//! How an agency works: everybody there reads it, its owner changes it, and it counts at once.

use crate::support::World;
use crate::support::http::Reply;
use crate::support::node::Node;
use callboard::domain::UserId;
use serde_json::{Value, json};

const PATH: &str = "/api/agency";

async fn changes(node: &Node, world: &World, user: UserId, change: Value) -> Reply {
    node.does(world, user, "PATCH", PATH, Some(change)).await
}

async fn what_an_owner_changes_is_read_by_everybody_and_by_no_other_agency(world: World) {
    let node = world.node().await;
    let (status, at_first) = node.get(&world, world.anna, PATH).await;
    assert_eq!(status, 200);
    assert_eq!(
        at_first,
        json!({
            "id": world.acme.id.to_string(), "name": "Acme", "time_zone": "UTC",
            "mask_numbers_for": [], "wrap_up_s": 0, "away_reasons": ["break", "lunch", "meeting"],
            "ring_s": 25, "service_level_s": 20, "numbers": {},
        })
    );
    let whole = json!({
        "name": " Acme Ltd ", "time_zone": "europe/berlin", "mask_numbers_for": ["agency_member"],
        "wrap_up_s": 30, "away_reasons": ["tea"], "ring_s": 15, "service_level_s": 30,
        "numbers": { "+15559876543": "Sales" },
    });
    let changed = changes(&node, &world, world.olivia, whole.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let mut expected = whole;
    expected["id"] = world.acme.id.to_string().into();
    expected["name"] = "Acme Ltd".into();
    expected["time_zone"] = "Europe/Berlin".into();
    assert_eq!(changed.json(), expected);

    // What is left out stays.
    let again = changes(&node, &world, world.olivia, json!({ "ring_s": 20 })).await;
    expected["ring_s"] = 20.into();
    assert_eq!(again.json(), expected);
    for reader in [world.anna, world.olivia] {
        assert_eq!(
            node.get(&world, reader, PATH).await,
            (200, expected.clone())
        );
    }
    assert_eq!(
        node.get(&world, world.anna, "/api/me").await.1["agency"]["name"],
        "Acme Ltd"
    );
    let (_, rivals) = node.get(&world, world.mallory, PATH).await;
    assert_eq!(rivals["numbers"], json!({}));
    // Another server reads it from the database.
    let other = world.node().await;
    assert_eq!(other.get(&world, world.anna, PATH).await.1, expected);
}

async fn what_is_wrong_with_a_change_is_all_said_and_nothing_is_changed(world: World) {
    let node = world.node().await;
    let wrong = json!({
        "name": "", "time_zone": "Mars/Olympus", "mask_numbers_for": ["boss"], "ring_s": 41,
        "service_level_s": -1, "wrap_up_s": 70_000, "away_reasons": ["a", "a"],
        "numbers": { "": "Sales" },
    });
    let refused = changes(&node, &world, world.olivia, wrong).await;
    assert_eq!(refused.status, 400);
    let said = refused.text();
    for field in [
        "name: ",
        "time_zone: ",
        "mask_numbers_for: ",
        "ring_s: from 5 to 40",
        "service_level_s: from 1 to 3600",
        "wrap_up_s: from 0 to 3600",
        "away_reasons: ",
        "numbers: ",
    ] {
        assert!(said.contains(field), "{field}: {said}");
    }
    for odd in [
        json!({}),
        json!({ "rings": 20 }),
        json!({ "ring_s": "20" }),
        json!([]),
    ] {
        let refused = changes(&node, &world, world.olivia, odd.clone()).await;
        assert_eq!(refused.status, 400, "{odd}");
    }
    let anna = changes(&node, &world, world.anna, json!({ "ring_s": 20 })).await;
    assert_eq!(anna.status, 403);
    let (_, still) = node.get(&world, world.anna, PATH).await;
    assert_eq!(still["ring_s"], 25);
}

async fn a_phone_rings_as_long_as_the_agency_says(world: World) {
    let line = world.line().await;
    let (node, world) = (&line.node, &line.world);
    changes(node, world, world.olivia, json!({ "ring_s": 12 })).await;
    let call = line.exchange.rings("+15550100").await;
    line.does(world.anna, "answer", &call).await;
    assert_eq!(line.asked("transfer")[0].body["timeout_secs"], 12);
}

async fn the_day_begins_where_the_agency_is_and_the_promise_is_its_own(world: World) {
    let node = world.node().await;
    let settings = json!({ "time_zone": "America/New_York", "service_level_s": 5 });
    changes(&node, &world, world.olivia, settings).await;
    let (_, stats) = node.get(&world, world.anna, "/api/stats").await;
    // It is nine in the morning by UTC, and four in New York.
    assert_eq!(stats["since"], "2026-11-21T05:00:00.000000Z");
    assert_eq!(stats["service_level_s"], 5);
}

on_each_database!(
    what_an_owner_changes_is_read_by_everybody_and_by_no_other_agency,
    what_is_wrong_with_a_change_is_all_said_and_nothing_is_changed,
    a_phone_rings_as_long_as_the_agency_says,
    the_day_begins_where_the_agency_is_and_the_promise_is_its_own,
);
