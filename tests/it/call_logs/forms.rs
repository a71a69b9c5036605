//! The form of one finished call: what it reads, and two who write at once.

use super::{given_up, id, logs, long_ago, writes};
use crate::support::World;
use crate::support::documents::Documents;
use crate::support::http::reply;
use secrecy::ExposeSecret;
use serde_json::json;

async fn a_form_reads_its_one_call_and_erases_nothing(world: World) {
    let node = world.node().await;
    given_up(&world, &node.carrier(&world.acme), "+15550100").await;
    let row = logs(&node, &world, world.anna, "").await.remove(0);
    let path = format!("/api/call-logs/{}", id(&row));
    writes(
        &node,
        &world,
        world.ben,
        &id(&row),
        r#"{"notes": "calls back at five"}"#,
    )
    .await;
    // However many calls have come since.
    long_ago(&world, 300).await;
    let read = node.reads(&world, world.anna, &path).await;
    assert_eq!(
        (read.status, &read.json()["notes"]),
        (200, &json!("calls back at five"))
    );
    let changed = read.json()["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(read.header("etag"), Some(format!("\"{changed}\"").as_str()));
    assert_eq!(read.header("cache-control"), Some("no-store"));

    let strangers = node.reads(&world, world.mallory, &path).await;
    let never = node.reads(&world, world.mallory, "/api/call-logs/7").await;
    assert_eq!(
        (strangers.status, strangers.error()),
        (404, "Call log not found".into())
    );
    assert_eq!(strangers.undated(), never.undated());
}

async fn of_two_who_write_at_once_the_second_is_told(world: World) {
    let node = world.node().await;
    given_up(&world, &node.carrier(&world.acme), "+15550100").await;
    let row = logs(&node, &world, world.anna, "").await.remove(0);
    let path = format!("/api/call-logs/{}", id(&row));
    let write = async |user, read: &str, body: &str| {
        let token = world.token(user);
        let request = node.ask("PATCH", &path).bearer_auth(token.expose_secret());
        reply(request.header("if-match", read).body(body.to_owned())).await
    };
    // Both read the row as it was; the clock does not move at all meanwhile.
    let read = row["updated_at"].as_str().unwrap().to_owned();
    let first = write(world.anna, &read, r#"{"notes": "wants a quote"}"#).await;
    assert_eq!(
        (first.status, &first.json()["notes"]),
        (200, &json!("wants a quote"))
    );
    let second = write(world.ben, &format!("\"{read}\""), r#"{"notes": null}"#).await;
    assert_eq!(second.status, 412, "{}", second.text());
    assert_eq!(second.json()["call_log"], first.json());
    assert_eq!(logs(&node, &world, world.anna, "").await, [first.json()]);
    let documents = Documents::of(&node).await;
    documents.has("PATCH", "/api/call-logs/{id}", &second);

    // Having read it again, Ben writes; and who asks for no such care writes in any case.
    let again = first.header("etag").unwrap();
    assert_eq!(
        write(world.ben, again, r#"{"outcome": "sold"}"#)
            .await
            .status,
        200
    );
    assert_eq!(
        write(world.ben, again, r#"{"outcome": "lost"}"#)
            .await
            .status,
        412
    );
    assert_eq!(
        write(world.ben, "*", r#"{"outcome": "lost"}"#).await.status,
        200
    );
    let unread = write(world.ben, "the latest", r#"{"outcome": "?"}"#).await;
    assert_eq!(unread.status, 400);
    assert!(
        unread.error().starts_with("If-Match: "),
        "{}",
        unread.error()
    );
    assert_eq!(
        logs(&node, &world, world.anna, "").await[0]["outcome"],
        "lost"
    );
}

on_each_database!(
    a_form_reads_its_one_call_and_erases_nothing,
    of_two_who_write_at_once_the_second_is_told,
);
