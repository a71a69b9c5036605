//! What is refused, with which code, and what counts as a repeat.

use super::{ANNA, World, said};
use crate::exchange::{ExchangeSettings, Hears};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn refusal(status: u16, code: &str, pointer: &str) -> (u16, String, String) {
    (status, code.to_owned(), pointer.to_owned())
}

#[actix_web::test]
async fn a_body_is_looked_over_field_by_field() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    let to = |more: Value| {
        let mut body = json!({"to": ANNA});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (action, body, code, pointer) in [
        ("transfer", json!({}), "10004", "/to"),
        ("transfer", json!({"to": ""}), "10004", "/to"),
        ("transfer", json!({"to": "anna"}), "10016", "/to"),
        (
            "transfer",
            to(json!({"from": "anonymous"})),
            "10016",
            "/from",
        ),
        (
            "transfer",
            to(json!({"timeout_secs": 4})),
            "90028",
            "/timeout_secs",
        ),
        (
            "transfer",
            to(json!({"time_limit_secs": 14_401})),
            "90029",
            "/time_limit_secs",
        ),
        (
            "transfer",
            to(json!({"target_leg_client_state": "{}"})),
            "90017",
            "/target_leg_client_state",
        ),
        (
            "transfer",
            to(json!({"early_media": "no"})),
            "10015",
            "/early_media",
        ),
        (
            "answer",
            json!({"client_state": "not base64"}),
            "90017",
            "/client_state",
        ),
        (
            "answer",
            json!({"record_channels": "both"}),
            "10032",
            "/record_channels",
        ),
        ("reject", json!({}), "10004", "/cause"),
        ("reject", json!({"cause": "busy"}), "10032", "/cause"),
        (
            "record_start",
            json!({"channels": "dual"}),
            "10004",
            "/format",
        ),
        (
            "record_start",
            json!({"channels": "dual", "format": "wav", "max_length": 14_401}),
            "10033",
            "/max_length",
        ),
        ("playback_start", json!({"loop": 2}), "10004", "/audio_url"),
        ("bridge", json!({}), "10004", "/call_control_id"),
    ] {
        let refused = world.refused(caller.id(), action, body.clone()).await;
        assert_eq!(refused, refusal(422, code, pointer), "{action} {body}");
    }
    assert_eq!(world.told().await, ["caller initiated"]);
    // What the API's description does not know is let pass.
    world
        .tells(caller.id(), "hangup", json!({"reason": "bored"}))
        .await;
}

#[actix_web::test]
async fn a_command_needs_a_key_a_body_and_a_leg() {
    let world = World::open(ExchangeSettings {
        api_key: Some("KEY123".into()),
        ..ExchangeSettings::default()
    });
    let caller = world.exchange.rings("+15550100").await;
    let path = format!("/calls/{}/actions/answer", caller.id());
    let code = |answer: &Value| answer["errors"][0]["code"].as_str().unwrap().to_owned();
    let url = format!("{}{path}", world.exchange.api_base());
    for request in [
        world.http.post(&url),
        world.http.post(&url).bearer_auth("KEY124"),
    ] {
        let (status, answer) = said(request.json(&json!({}))).await;
        assert_eq!((status, code(&answer).as_str()), (401, "10009"));
    }
    let (status, answer) = said(world.asks(Method::POST, &path)).await;
    assert_eq!((status, code(&answer).as_str()), (400, "10015"));
    let nobody = format!("v3:{}", "x".repeat(54));
    assert_eq!(
        world.refused(&nobody, "answer", json!({})).await,
        refusal(404, "10005", "")
    );
    assert_eq!(
        world.refused("a b", "answer", json!({})).await,
        refusal(422, "90015", "/call_control_id")
    );
    assert_eq!(world.refused(caller.id(), "dance", json!({})).await.0, 404);
    assert_eq!(caller.hears(), Hears::Ringing);
    world.tells(caller.id(), "answer", json!({})).await;
    let seen: Vec<bool> = world
        .exchange
        .requests()
        .iter()
        .map(|one| one.authorized)
        .collect();
    assert_eq!(seen, [false, false, true, true, true, true, true]);
}

#[actix_web::test]
async fn a_leg_takes_what_its_state_allows() {
    let world = World::open(ExchangeSettings {
        transfers_while_ringing: false,
        audio_after: Duration::from_secs(1),
        ..ExchangeSettings::default()
    });
    let caller = world.exchange.rings("+15550100").await;
    let record = json!({"channels": "dual", "format": "wav"});
    let to_anna = json!({"to": ANNA});
    let music = json!({"media_name": "hello"});
    for (action, body) in [
        ("transfer", &to_anna),
        ("record_start", &record),
        ("playback_start", &music),
    ] {
        let refused = world.refused(caller.id(), action, body.clone()).await;
        assert_eq!(refused, refusal(422, "90034", ""), "{action}");
    }
    world.tells(caller.id(), "answer", json!({})).await;
    let refused = world
        .refused(caller.id(), "record_start", record.clone())
        .await;
    assert_eq!(refused, refusal(422, "90020", ""));
    world.clock.advance(Duration::from_secs(1));
    world.tells(caller.id(), "record_start", record).await;
    caller.hangs_up();
    for (action, body) in [("hangup", json!({})), ("transfer", to_anna)] {
        let refused = world.refused(caller.id(), action, body).await;
        assert_eq!(refused, refusal(422, "90018", ""), "{action}");
    }
}

#[actix_web::test]
async fn a_command_repeated_within_a_minute_does_nothing() {
    let world = World::by_default();
    let (one, other) = (
        world.exchange.rings("+15550100").await,
        world.exchange.rings("+15550101").await,
    );
    let transfer = json!({"to": ANNA, "command_id": "c1"});
    // A refusal is not remembered.
    let refused = world.refused(
        one.id(),
        "answer",
        json!({"command_id": "c1", "client_state": "!"}),
    );
    assert_eq!(refused.await.1, "90017");
    for leg in [one.id(), one.id(), other.id()] {
        world.tells(leg, "transfer", transfer.clone()).await;
    }
    world.clock.advance(Duration::from_secs(59));
    world.tells(one.id(), "transfer", transfer.clone()).await;
    world.clock.advance(Duration::from_secs(1));
    world.tells(one.id(), "transfer", transfer).await;
    let effects: Vec<bool> = world
        .exchange
        .requests()
        .iter()
        .map(|one| one.effect)
        .collect();
    assert_eq!(effects, [false, true, false, true, false, true]);
    let told = world.told().await;
    assert_eq!(
        told.iter().filter(|one| *one == "agent initiated").count(),
        3
    );
}
