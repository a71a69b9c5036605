//! Keys for programs and displays: told once, limited to their rights, and refused everywhere as soon as
//! they are taken back.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::look_again;
use crate::support::retelling::tell;
use callboard_simulator::browser::BrowserSettings;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/api/agency/keys";
const CALLER: &str = "+15551234534";

async fn makes(node: &Node, world: &World, rights: &[&str]) -> (String, String) {
    let wanted = json!({ "name": "Wall", "rights": rights });
    let made = node
        .does(world, world.olivia, "POST", PATH, Some(wanted))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let text = |field: &str| made.json()[field].as_str().expect("a text").to_owned();
    (text("key"), text("id"))
}

async fn listed(node: &Node, world: &World) -> Vec<Value> {
    let (status, keys) = node.get(world, world.olivia, PATH).await;
    assert_eq!(status, 200);
    keys["keys"].as_array().expect("keys").clone()
}

async fn asks(node: &Node, key: &str, method: &str, path: &str) -> Reply {
    reply(node.ask(method, path).bearer_auth(key)).await
}

fn settings(node: &Node, key: &str) -> BrowserSettings {
    BrowserSettings::new(node.url.clone(), SecretString::from(key.to_owned()))
}

async fn a_key_is_told_once_and_does_what_its_rights_say_and_nothing_else(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call(CALLER).initiated()]).await;
    let (reader, _) = makes(&node, &world, &["calls:read", "calls:read"]).await;
    assert!(reader.starts_with("cbk_"));

    let [kept] = &listed(&node, &world).await[..] else {
        panic!("one key")
    };
    assert_eq!(kept["rights"], json!(["calls:read"]));
    assert_eq!(kept["prefix"], reader[..8]);
    assert_eq!(kept["created_by"], world.olivia.to_string());
    assert!(!kept.to_string().contains(&reader));

    for (rights, reads, logs, acts, imports) in [
        (&["calls:read"][..], 200, 200, 403, 403),
        (&["calls:act"], 403, 403, 404, 403),
        (&["ultravox:import"], 403, 403, 403, 200),
        (&["display"], 200, 403, 403, 403),
    ] {
        let (key, _) = makes(&node, &world, rights).await;
        let end = "/api/telnyx/calls/v3:nobody/end";
        for (method, path, expected) in [
            ("GET", "/api/me", 200),
            ("GET", "/api/agency", 200),
            ("GET", "/api/calls", reads),
            ("GET", "/api/stats", reads),
            ("GET", "/api/call-logs", logs),
            ("POST", end, acts),
            ("GET", "/api/ultravox/status", imports),
            ("GET", "/api/users", 403),
            ("GET", "/api/agency/credentials", 403),
            ("GET", PATH, 403),
        ] {
            let answer = asks(&node, &key, method, path).await;
            assert_eq!(
                answer.status,
                expected,
                "{rights:?} {path}: {}",
                answer.text()
            );
        }
    }
    let calls = asks(&node, &reader, "GET", "/api/calls").await;
    assert!(calls.text().contains(CALLER));
    let me = asks(&node, &reader, "GET", "/api/me").await.json();
    assert_eq!(
        (&me["user"]["name"], &me["role"]),
        (&json!("Wall"), &Value::Null)
    );
}

async fn a_display_shows_the_board_with_numbers_masked(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call(CALLER).initiated()]).await;
    let (key, _) = makes(&node, &world, &["display", "calls:read"]).await;
    let mut wall = node.open(settings(&node, &key)).await;
    assert_eq!(wall.shows(), ["+1•••••••34 incoming"]);
    tell(&carrier, [&carrier.new_call("+15557654321").initiated()]).await;
    let told = wall.hears_words(1).await;
    assert_eq!(told, ["2 call.incoming +1•••••••21 incoming"]);
    for path in ["/api/calls", "/api/telnyx/calls/pending", "/api/call-logs"] {
        let answer = asks(&node, &key, "GET", path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("555123"), "{path}");
    }
    let search = asks(&node, &key, "GET", "/api/calls?number=4534").await;
    assert_eq!(search.status, 403);
}

async fn a_display_lasts_a_year_without_a_hand(world: World) {
    let node = world.node().await;
    let (key, _) = makes(&node, &world, &["display"]).await;
    let wall = node.open(settings(&node, &key)).await;
    drop(wall);
    // Uses are written down once a minute.
    let limit = Duration::from_secs(120);
    let noted = async {
        while listed(&node, &world).await[0]["last_used_at"].is_null() {
            look_again().await;
        }
    };
    world.within(limit, "a use of the key", noted).await;
    world.clock.advance(Duration::from_secs(366 * 86_400));
    let again = asks(&node, &key, "GET", "/api/calls").await;
    assert_eq!(again.status, 200);
}

async fn a_key_that_is_taken_back_is_refused_on_every_server(world: World) {
    let one = world.node().await;
    let (key, id) = makes(&one, &world, &["calls:read"]).await;
    let other = world.node().await;
    let mut board = other.open(settings(&other, &key)).await;

    // Nobody takes back another agency's.
    let path = format!("{PATH}/{id}");
    let stranger = one.does(&world, world.mallory, "DELETE", &path, None).await;
    assert_eq!(stranger.status, 404);
    assert_eq!(asks(&one, &key, "GET", "/api/calls").await.status, 200);
    let gone = one.does(&world, world.olivia, "DELETE", &path, None).await;
    assert_eq!(gone.status, 204);

    assert_eq!(asks(&one, &key, "GET", "/api/calls").await.status, 401);
    let limit = Duration::from_secs(5);
    let end = world.within(limit, "the board's end", board.ends()).await;
    assert_eq!(end, "4501 forbidden, stay away");
    assert_eq!(asks(&other, &key, "GET", "/api/calls").await.status, 401);
    let end = other.turns_away(SecretString::from(key)).await;
    assert_eq!(end, "4500 unauthorized, stay away");
    other
        .shows_metric(r#"callboard_refusals_total{reason="key_gone"} 1"#)
        .await;
    assert_eq!(listed(&other, &world).await.len(), 0);
    let again = one.does(&world, world.olivia, "DELETE", &path, None).await;
    assert_eq!(again.status, 404);
}

async fn a_key_without_a_name_or_with_rights_of_its_own_is_not_made(world: World) {
    let node = world.node().await;
    for wanted in [
        json!({ "name": " ", "rights": ["display"] }),
        json!({ "name": "x".repeat(101), "rights": ["display"] }),
        json!({ "name": "Wall", "rights": [] }),
        json!({ "name": "Wall", "rights": ["display", "everything"] }),
        json!({ "name": "Wall" }),
        json!({ "name": "Wall", "rights": ["display"], "key": "cbk_mine" }),
    ] {
        let refused = node
            .does(&world, world.olivia, "POST", PATH, Some(wanted.clone()))
            .await;
        assert_eq!(refused.status, 400, "{wanted}: {}", refused.text());
    }
    let wanted = json!({ "name": "Wall", "rights": ["display"] });
    let anna = node
        .does(&world, world.anna, "POST", PATH, Some(wanted))
        .await;
    assert_eq!(anna.status, 403);
    assert_eq!(listed(&node, &world).await.len(), 0);
    let unknown = asks(&node, "cbk_notAKeyOfAnybody", "GET", "/api/calls").await;
    assert_eq!(unknown.status, 401);
}

async fn a_program_that_answers_is_named_on_every_board(world: World) {
    let line = world.line().await;
    let (node, world) = (&line.node, &line.world);
    let call = line.exchange.rings(CALLER).await;
    let (key, id) = makes(node, world, &["calls:act"]).await;
    let path = format!("/api/telnyx/calls/{}/answer", call.id());
    let answer = asks(node, &key, "POST", &path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (_, calls) = node.get(world, world.anna, "/api/calls").await;
    let it = &calls["calls"][0];
    assert_eq!(
        (&it["answered_by"], &it["answered_by_name"]),
        (&json!(id), &json!("Wall"))
    );
}

on_each_database!(
    a_key_is_told_once_and_does_what_its_rights_say_and_nothing_else,
    a_display_shows_the_board_with_numbers_masked,
    a_display_lasts_a_year_without_a_hand,
    a_key_that_is_taken_back_is_refused_on_every_server,
    a_key_without_a_name_or_with_rights_of_its_own_is_not_made,
    a_program_that_answers_is_named_on_every_board,
);
