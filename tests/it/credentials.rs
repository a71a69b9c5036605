//! Credentials over REST: what goes in never comes out, and counts at once.

use crate::support::World;
use crate::support::http::Reply;
use crate::support::node::Node;
use callboard::domain::{CredentialKey, Role};
use serde_json::{Value, json};

const PATH: &str = "/api/agency/credentials";

async fn olivia(
    node: &Node,
    world: &World,
    method: &str,
    tail: &str,
    body: Option<Value>,
) -> Reply {
    let path = format!("{PATH}{tail}");
    node.does(world, world.olivia, method, &path, body).await
}

fn names(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let held = body["credentials"].as_array().expect("credentials").clone();
    held.iter()
        .map(|held| format!("{} {}", held["key"].as_str().unwrap(), held["prefix"]))
        .collect()
}

async fn what_goes_in_never_comes_out_again(world: World) {
    let node = world.node().await;
    let secret = "KEY0123456789ABCDEF_secret";
    let put = olivia(
        &node,
        &world,
        "PUT",
        "/telnyx_api_key",
        Some(json!({"value": secret})),
    )
    .await;
    assert_eq!(put.status, 200, "{}", put.text());
    let stored = put.json()["credentials"][0].clone();
    let now = world.clock.now().to_string();
    assert_eq!(stored["prefix"], "KEY0");
    assert!(stored["updated_at"].as_str().unwrap() <= now.as_str());
    let both = json!({"twilio_auth_token": secret, "plivo_auth_id": "MA0123456789ABCDEFGH"});
    let put = olivia(&node, &world, "PUT", "", Some(both)).await;
    assert_eq!(
        names(&put),
        [r#"plivo_auth_id "MA01""#, r#"twilio_auth_token "KEY0""#]
    );
    let warnings = put.json()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1);
    assert!(
        warnings[0]
            .as_str()
            .unwrap()
            .starts_with("twilio_auth_token has an unusual format")
    );
    let all = olivia(&node, &world, "GET", "", None).await;
    assert_eq!(all.json()["credentials"].as_array().unwrap().len(), 5);
    let one = olivia(&node, &world, "GET", "/telnyx_api_key", None).await;
    assert_eq!(one.json()["key"], "telnyx_api_key");
    for reply in [&put, &all, &one] {
        assert!(!reply.text().contains("secret"), "{}", reply.text());
    }
    let gone = olivia(&node, &world, "DELETE", "/telnyx_api_key", None).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        assert_eq!(
            olivia(&node, &world, method, "/telnyx_api_key", None)
                .await
                .status,
            404
        );
    }
    assert_eq!(olivia(&node, &world, "DELETE", "", None).await.status, 405);
}

async fn what_may_not_be_stored_is_refused_whole_and_without_its_value(world: World) {
    let node = world.node().await;
    let before = names(&olivia(&node, &world, "GET", "", None).await);
    for (body, words) in [
        (json!({"hunter2": "x"}), "there is no such credential"),
        (
            json!({"telnyx_api_key": "KEY0hush", "twilio_auth_token": " "}),
            "twilio_auth_token is blank",
        ),
        (json!({"telnyx_api_key": "hush\n"}), "control character"),
        (
            json!({"telnyx_api_key": "hush".repeat(64)}),
            "at most 255 characters",
        ),
        (
            json!({"telnyx_application_id": "1".repeat(41)}),
            "at most 40 characters",
        ),
        (json!({"telnyx_public_key": "hush"}), "not a public key"),
        (json!({"telnyx_api_key": ["hush"]}), "The body is not"),
        (json!({}), "No credential was given"),
    ] {
        let refused = olivia(&node, &world, "PUT", "", Some(body)).await;
        assert_eq!(refused.status, 400);
        assert!(refused.error().contains(words), "{}", refused.error());
        assert!(!refused.text().contains("hush") && !refused.text().contains("hunter2"));
    }
    let bare = olivia(&node, &world, "PUT", "/telnyx_api_key", Some(json!("hush"))).await;
    assert_eq!(bare.status, 400);
    assert_eq!(olivia(&node, &world, "PUT", "", None).await.status, 415);
    assert_eq!(names(&olivia(&node, &world, "GET", "", None).await), before);
}

async fn only_an_owner_sees_or_stores_them_and_only_her_own(world: World) {
    let node = world.node().await;
    world
        .changes_user(world.ben, |ben| ben.role = Some(Role::Admin))
        .await;
    for person in [world.anna, world.ben] {
        for (method, path) in [
            ("GET", PATH),
            ("PUT", PATH),
            ("DELETE", "/api/agency/credentials/telnyx_api_key"),
        ] {
            let refused = node.does(&world, person, method, path, None).await;
            assert_eq!(
                (refused.status, refused.error()),
                (
                    403,
                    "Only the agency's owner (role agency_owner) may do this".into()
                )
            );
        }
    }
    olivia(
        &node,
        &world,
        "PUT",
        "/telnyx_api_key",
        Some(json!({"value": "KEY0123456789"})),
    )
    .await;
    let rivals = node
        .does(
            &world,
            world.mallory,
            "GET",
            &format!("{PATH}/telnyx_api_key"),
            None,
        )
        .await;
    assert_eq!(rivals.status, 404);
    let rivals = node
        .does(
            &world,
            world.mallory,
            "DELETE",
            &format!("{PATH}/telnyx_api_key"),
            None,
        )
        .await;
    assert_eq!(rivals.status, 404);
}

async fn a_change_counts_here_at_once_and_elsewhere_within_five_seconds(world: World) {
    let (node, other) = (world.node().await, world.node().await);
    let mut acme = world.acme.clone();
    acme.connection = "777".into();
    let webhook = |node: &Node| {
        let carrier = node.carrier(&acme);
        carrier.request(&carrier.new_call("+15550100").initiated(), 1)
    };
    assert_eq!(node.takes(&webhook(&node)).await.status, 401);
    let put = olivia(
        &node,
        &world,
        "PUT",
        "/telnyx_connection_ids",
        Some(json!({"value": "777"})),
    )
    .await;
    assert_eq!(put.status, 200);
    assert_eq!(node.takes(&webhook(&node)).await.status, 200);
    other.learns(&world).await;
    assert_eq!(other.takes(&webhook(&other)).await.status, 200);
    olivia(&node, &world, "DELETE", "/telnyx_connection_ids", None).await;
    assert_eq!(node.takes(&webhook(&node)).await.status, 401);
}

async fn without_an_encryption_key_nothing_is_stored_and_the_mending_is_named(world: World) {
    let world = world.configured(|config| config.encryption_key = None);
    let node = world.node().await;
    let refused = olivia(
        &node,
        &world,
        "PUT",
        "/telnyx_api_key",
        Some(json!({"value": "KEY0123"})),
    )
    .await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.error().contains("openssl rand -base64 32"),
        "{}",
        refused.error()
    );
    let shown = olivia(&node, &world, "GET", "/telnyx_public_key", None).await;
    assert_eq!((shown.status, &shown.json()["prefix"]), (200, &Value::Null));
    assert!(
        shown.json()["problem"]
            .as_str()
            .unwrap()
            .contains("CALLBOARD_ENCRYPTION_KEY")
    );
}

async fn the_same_credential_stored_by_many_at_once_is_one_of_theirs(world: World) {
    let node = world.node().await;
    let sql = format!(
        "DELETE FROM agency_credentials WHERE agency_id = '{0}'; \
                       UPDATE agencies SET data_key = NULL WHERE id = '{0}'",
        world.acme.id
    );
    world.database.execute(&sql).await;
    let values: Vec<String> = (0..8).map(|n| format!("KEY{n}123456789ABCDEF")).collect();
    let puts = values.iter().map(|value| {
        olivia(
            &node,
            &world,
            "PUT",
            "/telnyx_api_key",
            Some(json!({"value": value})),
        )
    });
    let replies = futures_util::future::join_all(puts).await;
    assert!(
        replies.iter().all(|reply| reply.status == 200),
        "{replies:?}"
    );
    let held = node
        .app
        .store
        .get_agency_credentials(world.acme.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(held.credentials.len(), 1);
    let shown = olivia(&node, &world, "GET", "/telnyx_api_key", None)
        .await
        .json();
    assert!(
        shown["prefix"]
            .as_str()
            .is_some_and(|prefix| prefix.starts_with("KEY")),
        "{shown}"
    );
    let _ = CredentialKey::TelnyxApiKey;
}

on_each_database!(
    what_goes_in_never_comes_out_again,
    what_may_not_be_stored_is_refused_whole_and_without_its_value,
    only_an_owner_sees_or_stores_them_and_only_her_own,
    a_change_counts_here_at_once_and_elsewhere_within_five_seconds,
    without_an_encryption_key_nothing_is_stored_and_the_mending_is_named,
    the_same_credential_stored_by_many_at_once_is_one_of_theirs,
);
