//! Several nodes, one house.

use super::house::{DAY, House, text, with_accounts};
use crate::support::World;
use crate::support::http::reply;
use callboard::config::Config;
use callboard::domain::Role;
use serde_json::Value;

const ANNA: &str = "anna@example.com";

async fn key_ids(house: &House<'_>) -> Vec<String> {
    let jwks = reply(house.ask("GET", "/auth/v1/.well-known/jwks.json")).await;
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=600"));
    let keys = jwks.json()["keys"].as_array().unwrap().clone();
    for key in &keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&"EC".into(), &"P-256".into(), &"ES256".into())
        );
        assert_eq!(key["d"], Value::Null);
    }
    keys.iter().map(|key| text(&key["kid"])).collect()
}

async fn a_token_of_one_node_is_good_on_the_other_and_so_is_its_end(world: World) {
    let world = with_accounts(world);
    let (one, other) = (House::open(&world).await, House::open(&world).await);
    one.employs(Role::Member, ANNA).await;
    let session = one.signs_in(ANNA).await;
    assert_eq!(other.does(&session, "GET", "/api/me").await.status, 200);
    assert_eq!(key_ids(&one).await, key_ids(&other).await);

    let out = other
        .does(&session, "POST", "/auth/v1/logout?scope=global")
        .await;
    assert_eq!(out.status, 204);
    let late = one.refreshes(&session["refresh_token"]).await;
    assert_eq!(late.json()["error_code"], "refresh_token_not_found");
}

async fn a_key_that_one_node_makes_is_found_by_the_other_and_the_former_one_stays_a_while(
    world: World,
) {
    let world = with_accounts(world);
    let (one, other) = (House::open(&world).await, House::open(&world).await);
    one.employs(Role::Member, ANNA).await;
    let former = key_ids(&other).await;
    assert_eq!(former.len(), 1);
    world.clock.advance(90 * DAY);
    let session = one.signs_in(ANNA).await;
    assert_eq!(other.does(&session, "GET", "/api/me").await.status, 200);
    let both = key_ids(&one).await;
    assert_eq!(both.len(), 2);
    assert!(both.contains(&former[0]));
    // Of what nobody has made, nothing is believed, and who asks is not who has fetched.
    let header = r#"{"alg":"ES256","kid":"00000000-0000-4000-8000-000000000000"}"#;
    let token = text(&session["access_token"]);
    let (_, rest) = token.split_once('.').unwrap();
    use base64::Engine;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
    let forged = serde_json::json!({ "access_token": format!("{header}.{rest}") });
    assert_eq!(other.does(&forged, "GET", "/api/me").await.status, 401);
    world.clock.advance(90 * DAY);
    one.signs_in(ANNA).await;
    assert_eq!(key_ids(&one).await.len(), 2, "the first one is gone");
}

async fn with_another_encryption_key_people_sign_in_by_a_new_signing_key(world: World) {
    let world = with_accounts(world);
    let before = House::open(&world).await;
    before.employs(Role::Member, ANNA).await;
    let session = before.signs_in(ANNA).await;
    let former = key_ids(&before).await;
    drop(before);
    let world = world.configured(|config: &mut Config| {
        config.encryption_key = Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into());
    });
    let after = House::open(&world).await;
    let anew = after.signs_in(ANNA).await;
    let keys = key_ids(&after).await;
    assert!(keys.len() == 2 && keys.contains(&former[0]), "{keys:?}");
    for session in [&session, &anew] {
        assert_eq!(after.does(session, "GET", "/api/me").await.status, 200);
    }
}

on_each_database!(
    a_token_of_one_node_is_good_on_the_other_and_so_is_its_end,
    a_key_that_one_node_makes_is_found_by_the_other_and_the_former_one_stays_a_while,
    with_another_encryption_key_people_sign_in_by_a_new_signing_key,
);
