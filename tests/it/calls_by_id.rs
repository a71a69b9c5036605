//! A call is acted on by its id; the paths of the guide, which name the caller's leg, are the same.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, Line};
use callboard::domain::UserId;
use callboard_simulator::{Caller, Fault};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const STEP: Duration = Duration::from_millis(20);
const ACTIONS: [&str; 3] = ["answer", "release", "end"];

impl Line {
    /// What a person gets who does something to the call of that id.
    async fn acts_by_id(&self, user: UserId, action: &str, call: &Caller) -> (u16, Value) {
        let path = format!("{}/{action}", self.path(call.id()).await);
        self.node.post(&self.world, user, &path, &json!({})).await
    }
}

fn ok(message: &str) -> (u16, Value) {
    (200, json!({"success": true, "message": message}))
}

async fn a_call_is_taken_given_back_and_hung_up_by_its_id(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let call = line.exchange.rings("+15550100").await;

    let (status, answer) = line.acts_by_id(anna, "answer", &call).await;
    assert_eq!(status, 200, "{answer}");
    let row = line.row(call.id()).await;
    let answered = json!({
        "success": true, "message": "Call answered", "callControlId": call.id(), "call": row,
    });
    assert_eq!(answer, answered);
    // The winner asks again, and a colleague is too late.
    assert_eq!(
        line.acts_by_id(anna, "answer", &call).await,
        (200, answered)
    );
    let taken = json!({
        "error": "Call is already being answered", "answered_by": anna.to_string(),
        "answered_by_name": "Anna",
    });
    assert_eq!(line.acts_by_id(ben, "answer", &call).await, (409, taken));
    let (status, _) = line.acts_by_id(ben, "release", &call).await;
    assert_eq!(status, 409);
    let released = line.acts_by_id(anna, "release", &call).await;
    assert_eq!(released, ok("Call released"));
    assert_eq!(line.row(call.id()).await["status"], "incoming");

    assert_eq!(line.acts_by_id(ben, "end", &call).await, ok("Call ended"));
    line.ended(call.id()).await;
    assert_eq!(line.acts_by_id(anna, "end", &call).await, ok("Call ended"));
    let gone = json!({"error": "Call not found or already ended"});
    for action in ["answer", "release"] {
        let got = line.acts_by_id(anna, action, &call).await;
        assert_eq!(got, (404, gone.clone()), "{action}");
    }
}

async fn the_guides_paths_answer_as_the_calls_own_do(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let call = line.exchange.rings("+15550100").await;
    let alike = async |user, action| {
        let own = line.acts_by_id(user, action, &call).await;
        let guides = line.acts(user, action, &call).await;
        assert_eq!(own, guides, "{action}");
        own.0
    };

    assert_eq!(alike(ben, "release").await, 409);
    assert_eq!(alike(anna, "answer").await, 200);
    assert_eq!(alike(ben, "answer").await, 409);
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    let talks = |row: &Value| row["status"] == "answered";
    line.when(call.id(), "the two to talk", talks).await;
    assert_eq!(alike(anna, "release").await, 409);
    line.acts_by_id(anna, "end", &call).await;
    line.ended(call.id()).await;
    assert_eq!(alike(anna, "end").await, 200);
    assert_eq!(alike(anna, "answer").await, 404);
    assert_eq!(line.asked("transfer").len(), 1);
    assert_eq!(line.asked("hangup").len(), 1);
}

async fn anothers_call_is_not_there_by_its_id_either(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    let theirs = line.path(call.id()).await;
    let before = line.row(call.id()).await;
    for action in ACTIONS {
        let asks = async |path: &str| {
            let path = format!("{path}/{action}");
            let (world, node) = (&line.world, &line.node);
            node.post(world, world.mallory, &path, &json!({})).await
        };
        let nobodys = asks(&format!("/api/calls/{}", Uuid::new_v4())).await;
        assert_eq!(nobodys.0, 404, "{action}: {}", nobodys.1);
        assert_eq!(asks(&theirs).await, nobodys, "{action}");
        assert_eq!(asks("/api/calls/no-id").await, nobodys, "{action}");
    }
    assert_eq!(line.row(call.id()).await, before);
    assert!(line.asked("hangup").is_empty() && line.asked("transfer").is_empty());
}

async fn what_the_carrier_fails_to_do_is_said_by_its_id_too(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    let fails = Fault::status(500);
    line.exchange.faults().until_lifted("hangup", fails);

    let acts = line.acts_by_id(line.world.ben, "end", &call);
    let (status, body) = line.world.wind_until(STEP, acts).await;

    assert_eq!(status, 502);
    let error = body["error"].as_str().expect("a sentence");
    assert!(error.ends_with("The call goes on"), "{error}");
    assert_eq!(line.row(call.id()).await["status"], "incoming");
}

on_each_database!(
    a_call_is_taken_given_back_and_hung_up_by_its_id,
    the_guides_paths_answer_as_the_calls_own_do,
    anothers_call_is_not_there_by_its_id_either,
    what_the_carrier_fails_to_do_is_said_by_its_id_too,
);
