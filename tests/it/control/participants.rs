//! Who is on a call, all its life.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE, Line};
use callboard::domain::UserId;
use callboard_simulator::Caller;
use callboard_simulator::browser::Message;
use serde_json::{Value, json};

async fn a_call_tells_who_is_on_it_all_its_life(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    let (mut board, call) = line.rings("+15550100").await;
    assert_eq!(participants(&line, &call).await, json!([]));

    line.does(anna, "answer", &call).await;
    let ringing = json!([is(anna, "Anna", "ringing", &Value::Null, &Value::Null)]);
    assert_eq!(hears(&mut board).await, ringing);
    assert_eq!(participants(&line, &call).await, ringing);

    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    let talking = hears(&mut board).await;
    let shown = line.shown(&call).await;
    let since = &shown["answered_at"];
    let expected = json!([is(anna, "Anna", "talking", since, &Value::Null)]);
    assert_eq!((&talking, &shown["participants"]), (&expected, &expected));
    assert_eq!(shown["connected"], json!(true));

    call.hangs_up();
    let left = loop {
        let event = board.hears().await;
        if event.kind == "call.ended" {
            break event.call.fields()["participants"].clone();
        }
    };
    line.settled().await;
    let shown = line.shown(&call).await;
    let expected = json!([is(anna, "Anna", "left", since, &shown["ended_at"])]);
    assert_eq!((&left, &shown["participants"]), (&expected, &expected));
}

async fn after_a_release_both_agents_are_told_of(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    let (mut board, call) = line.rings("+15550100").await;
    line.does(anna, "answer", &call).await;
    hears(&mut board).await;

    line.does(anna, "release", &call).await;
    let released = board.hears().await;
    let given_back = released.call.fields()["participants"].clone();
    let at = given_back[0]["left_at"].clone();
    let gone = is(anna, "Anna", "left", &Value::Null, &at);
    assert!(at.is_string());
    assert_eq!(given_back, json!([gone]));
    line.settled().await;

    line.does(ben, "answer", &call).await;
    let ringing = is(ben, "Ben", "ringing", &Value::Null, &Value::Null);
    assert_eq!(hears(&mut board).await, json!([gone, ringing]));
    let _ = line.phone_rings(BENS_PHONE).await.answers();
    let talking = hears(&mut board).await;
    let since = &line.shown(&call).await["answered_at"];
    let talks = is(ben, "Ben", "talking", since, &Value::Null);
    assert_eq!(talking, json!([gone, talks]));

    // A board that comes now is shown the same.
    let late = line.olivias_board().await;
    let Message::Snapshot(snapshot) = late.greeting() else {
        panic!("a snapshot")
    };
    assert_eq!(snapshot.calls[0].fields()["participants"], talking);
    let id = line.shown(&call).await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/api/calls/{id}");
    let (_, one) = line.node.get(&line.world, anna, &path).await;
    assert_eq!(one["participants"], talking);
}

async fn whose_participants_a_node_of_yesterday_has_not_kept_is_shown_without(world: World) {
    let line = world.line().await;
    for yesterday in ["participants = NULL", "updated_at = updated_at + 1"] {
        let (mut board, call) = line.rings("+15550100").await;
        line.does(line.world.anna, "answer", &call).await;
        let phone = line.phone_rings(ANNAS_PHONE).await;
        line.settled().await;
        hears(&mut board).await;
        let past = format!("UPDATE inbound_calls SET {yesterday}");
        line.world.database.execute(&past).await;

        assert_eq!(
            line.shown(&call).await.get("participants"),
            None,
            "{yesterday}"
        );

        // The next change tells of them, and no event comes for their sake alone.
        let _ = phone.answers();
        let answered = board.hears().await;
        assert_eq!(answered.kind, "call.answered");
        let who = &answered.call.fields()["participants"];
        assert_eq!(who[0]["state"], json!("talking"), "{yesterday}");
        assert_eq!(&participants(&line, &call).await, who);
        call.hangs_up();
        line.settled().await;
    }
}

on_each_database!(
    a_call_tells_who_is_on_it_all_its_life,
    after_a_release_both_agents_are_told_of,
    whose_participants_a_node_of_yesterday_has_not_kept_is_shown_without,
);

fn is(user: UserId, name: &str, state: &str, joined: &Value, left: &Value) -> Value {
    json!({
        "id": user.to_string(), "name": name, "kind": "agent", "state": state,
        "joined_at": joined, "left_at": left,
    })
}

/// The participants in the next event.
async fn hears(board: &mut Board) -> Value {
    board.hears().await.call.fields()["participants"].clone()
}

async fn participants(line: &Line, call: &Caller) -> Value {
    line.shown(call).await["participants"].clone()
}
