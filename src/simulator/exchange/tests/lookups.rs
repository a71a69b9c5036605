//! What can be asked of legs, connections and applications.

use super::{CONNECTION, World, account};
use crate::exchange::{Caller, ExchangeSettings};
use crate::receiver::Receiver;
use serde_json::{Map, json};
use std::time::Duration;

#[actix_web::test]
async fn a_leg_can_be_asked_for_until_ten_minutes_after_its_end() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    let path = format!("/calls/{}", caller.id().replace(':', "%3A"));
    world.clock.advance(Duration::from_secs(5));
    let (_, alive) = world.reads(&path).await;
    assert_eq!(
        (&alive["data"]["is_alive"], &alive["data"]["call_duration"]),
        (&json!(true), &json!(5))
    );
    assert!(alive["data"].get("end_time").is_none());
    caller.hangs_up();
    world.clock.advance(Duration::from_secs(599));
    let (status, ended) = world.reads(&path).await;
    assert_eq!((status, &ended["data"]["is_alive"]), (200, &json!(false)));
    assert_eq!(ended["data"]["end_time"], "2026-11-21T12:00:05.000000Z");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.reads(&path).await.0, 404);
}

#[actix_web::test]
async fn the_living_legs_of_a_connection_come_page_by_page() {
    let world = World::by_default();
    let mut legs = Vec::new();
    for _ in 0..5 {
        legs.push(world.exchange.rings("+15550100").await);
    }
    legs.remove(1).hangs_up();
    let mut found = Vec::new();
    let mut path = format!("/connections/{CONNECTION}/active_calls?page[limit]=3");
    loop {
        let (_, page) = world.reads(&path).await;
        assert_eq!(page["meta"]["total_items"], 4);
        for one in page["data"].as_array().unwrap() {
            found.push(one["call_control_id"].as_str().unwrap().to_owned());
        }
        let Some(after) = page["meta"]["cursors"]["after"].as_str() else {
            break;
        };
        path = format!("/connections/{CONNECTION}/active_calls?page[limit]=3&page[after]={after}");
    }
    let expected: Vec<&str> = legs.iter().map(Caller::id).collect();
    assert_eq!(found, expected);
    let (status, unknown) = world.reads("/connections/1/active_calls").await;
    assert_eq!(
        (status, &unknown["errors"][0]["code"]),
        (422, &json!("10015"))
    );
}

#[actix_web::test]
async fn an_application_says_where_its_webhooks_go() {
    let application = Map::from_iter([("webhook_api_version".to_owned(), json!("1"))]);
    let settings = ExchangeSettings {
        application,
        ..ExchangeSettings::default()
    };
    let world = World::open(settings);
    let (_, answer) = world
        .reads(&format!("/call_control_applications/{CONNECTION}"))
        .await;
    let hooks = world.receiver.address("/hooks");
    assert_eq!(answer["data"]["webhook_event_url"], hooks.as_str());
    assert_eq!(answer["data"]["webhook_api_version"], "1");
    assert_eq!(world.reads("/call_control_applications/1").await.0, 404);
}

#[actix_web::test]
async fn one_exchange_serves_two_accounts() {
    let world = World::by_default();
    let neighbour = Receiver::answering(&[]);
    let theirs = world
        .exchange
        .serving(account(&neighbour, &world.clock, "42"));
    let caller = theirs.rings("+15550100").await;
    world
        .tells(caller.id(), "transfer", json!({"to": "+15550199"}))
        .await;
    theirs.settled().await;
    assert_eq!(
        (neighbour.received().len(), world.receiver.received().len()),
        (2, 0)
    );
    let (_, page) = world.reads("/connections/42/active_calls").await;
    assert_eq!(page["meta"]["total_items"], 2);
}

#[actix_web::test]
async fn voice_agents_are_set_up_at_the_same_address() {
    let world = World::by_default();
    let base = world.exchange.ultravox_base();
    let url = base.join("api/accounts/me/telephony_config").unwrap();
    let asked = |key: Option<&str>| {
        let request = world.http.get(url.clone());
        key.into_iter()
            .fold(request, |request, key| request.header("X-API-Key", key))
    };
    let whole = asked(Some("any.key")).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    let refused = asked(None).send().await.unwrap();
    assert!(refused.status().is_client_error());
}
