//! Refresh tokens: each is good once.

use super::house::{DAY, House, with_accounts};
use crate::support::World;
use callboard::domain::Role;
use serde_json::Value;
use std::time::Duration;

const ANNA: &str = "anna@example.com";

async fn next(house: &House<'_>, token: &Value) -> Value {
    let answer = house.refreshes(token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["refresh_token"].clone()
}

async fn refused(house: &House<'_>, token: &Value) -> String {
    let answer = house.refreshes(token).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    answer.json()["error_code"].as_str().unwrap().to_owned()
}

async fn a_refresh_token_that_is_used_again_ends_its_session(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let other = house.employs(Role::Member, ANNA).await;
    let first = house.signs_in(ANNA).await["refresh_token"].clone();
    let second = next(&house, &first).await;
    let third = next(&house, &second).await;
    // Whoever stole the first one comes with it now.
    assert_eq!(refused(&house, &first).await, "refresh_token_already_used");
    assert_eq!(house.refused("refresh_token_reused").await, 1);
    for token in [&third, &second, &first] {
        assert_eq!(refused(&house, token).await, "refresh_token_not_found");
    }
    next(&house, &other["refresh_token"]).await;
}

async fn whoever_lost_the_answer_is_given_the_same_one_for_a_minute(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let first = house.employs(Role::Member, ANNA).await["refresh_token"].clone();
    let second = next(&house, &first).await;
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(next(&house, &first).await, second, "the same one");
    let third = next(&house, &second).await;
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(refused(&house, &second).await, "refresh_token_already_used");
    assert_eq!(refused(&house, &third).await, "refresh_token_not_found");
}

async fn many_who_refresh_at_once_are_given_one_and_the_same_token(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let first = house.employs(Role::Member, ANNA).await["refresh_token"].clone();
    let all = (0..8).map(|_| next(&house, &first));
    let given = futures_util::future::join_all(all).await;
    assert!(given.iter().all(|token| *token == given[0]), "{given:?}");
    next(&house, &given[0]).await;
}

async fn a_session_that_nobody_refreshes_for_a_month_is_over(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let mut token = house.employs(Role::Member, ANNA).await["refresh_token"].clone();
    for _ in 0..6 {
        world.clock.advance(29 * DAY);
        token = next(&house, &token).await;
    }
    // Half a year is the longest, whatever is done.
    world.clock.advance(7 * DAY);
    let late = house.refreshes(&token).await;
    assert_eq!(late.json()["error_code"], "session_not_found");
    let token = house.signs_in(ANNA).await["refresh_token"].clone();
    world.clock.advance(30 * DAY);
    let late = house.refreshes(&token).await;
    assert_eq!(late.json()["error_code"], "session_not_found");
}

async fn nothing_that_proves_something_is_stored_as_it_is(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let invitation = house.invites(Role::Member, None).await;
    let session = house.employs(Role::Member, ANNA).await;
    let mut stored = String::new();
    for (table, columns) in [
        ("accounts", "email || coalesce(password, '')"),
        ("refresh_tokens", "hash || salt || coalesce(parent, '')"),
        ("account_links", "hash || purpose"),
        ("signing_keys", "public || sealed"),
    ] {
        let sql = format!("SELECT {columns} FROM {table}");
        stored += &world.database.texts(&sql).await.concat();
    }
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    let refresh = session["refresh_token"].as_str().unwrap();
    for secret in [refresh, super::house::PASSWORD, &invitation, "\"d\":"] {
        assert!(!stored.contains(secret), "{secret}");
    }
}

on_each_database!(
    a_refresh_token_that_is_used_again_ends_its_session,
    whoever_lost_the_answer_is_given_the_same_one_for_a_minute,
    many_who_refresh_at_once_are_given_one_and_the_same_token,
    a_session_that_nobody_refreshes_for_a_month_is_over,
    nothing_that_proves_something_is_stored_as_it_is,
);
