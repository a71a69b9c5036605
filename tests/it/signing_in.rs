//! Who may open a board, and for how long.

use crate::support::World;
use crate::support::http::reply;
use crate::support::node::client;
use crate::support::wire::Wire;
use crate::support::wiretap::Wiretap;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use callboard::domain::{Role, UserId};
use callboard_simulator::browser::{BrowserSettings, Message, Socket, Upgrade};
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;
use tracing::Level;
use uuid::Uuid;

const STOP: &str = "4500 unauthorized, stay away";
const SECOND: Duration = Duration::from_secs(1);

async fn a_token_that_is_not_a_signed_in_users_is_turned_away_for_good(world: World) {
    let node = world.node().await;
    let stranger = callboard::auth::mint(
        &"another secret".into(),
        world.anna,
        None,
        60,
        world.clock.now(),
    );
    for (whose, token) in [
        ("nobody", "not-a-token".into()),
        ("nobody", "".into()),
        ("a stranger", stranger.unwrap().into()),
        (
            "the anon key",
            world.odd_token(world.anna, json!({"role": "anon", "sub": null})),
        ),
        (
            "the service role",
            world.odd_token(world.anna, json!({"role": "service_role"})),
        ),
        (
            "an anonymous visitor",
            world.odd_token(world.anna, json!({"is_anonymous": true})),
        ),
        (
            "one without an end",
            world.odd_token(world.anna, json!({"exp": null})),
        ),
        (
            "one not yet good",
            world.odd_token(world.anna, json!({"nbf": 4_000_000_000_u64})),
        ),
    ] {
        assert_eq!(node.turns_away(token).await, STOP, "{whose}");
    }
}

async fn only_the_configured_issuers_tokens_are_taken(world: World) {
    let issuer = "http://127.0.0.1:1/".parse().ok();
    let world = world.configured(|config| config.auth.supabase_url = issuer);
    let node = world.node().await;
    let token_of = |issuer: &str| world.odd_token(world.anna, json!({"iss": issuer}));

    assert_eq!(
        node.turns_away(token_of("https://else.supabase.co/auth/v1"))
            .await,
        STOP
    );
    assert_eq!(node.turns_away(world.token(world.anna)).await, STOP);
    assert_eq!(
        node.turns_away(token_of("http://127.0.0.1:1/auth/v1"))
            .await,
        "served"
    );
}

async fn a_token_that_fits_the_decoded_secret_is_refused_with_a_hint_for_the_operator(
    world: World,
) {
    let text = "a shared secret, thirty-two and more";
    let mut world = world;
    for secret in [STANDARD.encode(text), URL_SAFE_NO_PAD.encode(text)] {
        world.config.auth.jwt_secret = Some(secret.into());
        let node = world.node().await;
        let tap = Wiretap::listens_for(vec!["base64-decoded bytes".into()]);
        let now = world.clock.now();
        let token = callboard::auth::mint(&text.into(), world.anna, None, 60, now).unwrap();
        for _ in 0..2 {
            let me = node.ask("GET", "/api/me").bearer_auth(&token);
            assert_eq!(reply(me).await.status, 401);
        }
        let hints = tap.heard(Level::WARN);
        assert!(
            !hints.is_empty() && !hints.concat().contains(text),
            "{hints:?}"
        );
    }
}

async fn while_the_issuers_keys_cannot_be_fetched_boards_are_asked_to_come_back(world: World) {
    let issuer = "http://127.0.0.1:1/".parse().ok();
    let world = world.configured(|config| config.auth.supabase_url = issuer);
    let node = world.node().await;
    let token = world.token(world.anna);
    // {"alg":"ES256"}: verified with the issuer's keys and not with the shared secret.
    let (_, rest) = token.expose_secret().split_once('.').unwrap();
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{rest}");

    assert_eq!(
        node.turns_away(token.as_str().into()).await,
        "1013 try_again_later, come back"
    );
    let me = client()
        .get(format!("{}/api/me", node.url))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 503);
    assert!(me.headers().contains_key("retry-after"));
}

async fn an_expired_token_is_asked_for_a_new_one_after_the_leeway(world: World) {
    let node = world.node().await;
    let token = world.token_for(world.anna, 60);
    world.clock.advance(89 * SECOND);
    assert_eq!(node.turns_away(token.clone()).await, "served");
    world.clock.advance(SECOND);
    assert_eq!(
        node.turns_away(token).await,
        "4001 token_expired, come back"
    );
}

async fn whoever_has_no_agency_or_no_role_is_forbidden(world: World) {
    let node = world.node().await;
    world
        .changes_user(world.ben, |ben| ben.agency_id = None)
        .await;
    world
        .changes_user(world.olivia, |olivia| olivia.role = None)
        .await;
    for user in [UserId(Uuid::new_v4()), world.ben, world.olivia] {
        assert_eq!(
            node.turns_away(world.token(user)).await,
            "4501 forbidden, stay away"
        );
        assert_eq!(node.get(&world, user, "/api/me").await.0, 403);
    }
}

async fn a_program_may_bring_its_token_with_the_upgrade(world: World) {
    let node = world.node().await;
    let upgrade = |bearer| Upgrade {
        url: node.url.clone(),
        origin: None,
        subprotocols: vec![],
        bearer,
    };

    let mut program = Socket::open(&upgrade(Some(world.token(world.anna))))
        .await
        .unwrap();
    program.say(r#"{"type":"connect"}"#).await.unwrap();
    let answer = program.receive().await.unwrap().message;
    assert!(matches!(answer, Message::Snapshot(snapshot) if snapshot.user["name"] == "Anna"));

    let mut nobody = Wire::open(&node).await;
    nobody.say(json!({"type": "connect"})).await;
    assert_eq!(nobody.ends().await, STOP);
}

async fn an_open_board_is_warned_a_minute_before_its_token_ends_and_closed_after_the_leeway(
    world: World,
) {
    let node = world.node().await;
    let mut anna = node
        .open(BrowserSettings::new(
            &node.url,
            world.token_for(world.anna, 70),
        ))
        .await;
    let end = world.clock.now().plus_seconds(70);
    anna.is_served().await;

    world.clock.advance(9 * SECOND);
    anna.is_served().await;
    world.clock.advance(SECOND);
    assert!(
        matches!(anna.says().await, Message::TokenExpiring { expires_at } if expires_at == end.into())
    );
    for _ in 0..8 {
        world.clock.advance(11 * SECOND);
        anna.is_served().await;
    }
    world.clock.advance(2 * SECOND);
    assert_eq!(anna.ends().await, "4001 token_expired, come back");
}

async fn a_new_token_of_the_same_user_extends_the_board(world: World) {
    let node = world.node().await;
    let mut anna = node
        .open(BrowserSettings::new(
            &node.url,
            world.token_for(world.anna, 61),
        ))
        .await;
    anna.is_served().await;
    world.clock.advance(SECOND);
    assert!(matches!(anna.says().await, Message::TokenExpiring { .. }));

    let end = world.clock.now().plus_seconds(90);
    anna.browser()
        .refresh(&world.token_for(world.anna, 90))
        .await
        .unwrap();
    assert!(
        matches!(anna.says().await, Message::Refreshed { expires_at } if expires_at == end.into())
    );
    for _ in 0..2 {
        world.clock.advance(10 * SECOND);
        anna.is_served().await;
    }
    // The new token's own warning comes in its time, and the old one's end does not.
    world.clock.advance(10 * SECOND);
    assert!(
        matches!(anna.says().await, Message::TokenExpiring { expires_at } if expires_at == end.into())
    );
    world.clock.advance(10 * SECOND);
    anna.is_served().await;
}

async fn a_refused_refresh_ends_the_board(world: World) {
    let node = world.node().await;
    let expired = world.token_for(world.anna, -31);
    for token in ["not-a-token".into(), world.token(world.ben), expired] {
        let mut anna = node.board(&world, world.anna).await;
        anna.browser().refresh(&token).await.unwrap();
        assert_eq!(anna.ends().await, STOP);
    }
}

async fn a_removed_user_is_put_out_within_five_seconds_and_nobody_else(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let mut ben = node.board(&world, world.ben).await;
    assert_eq!(node.get(&world, world.ben, "/api/me").await.0, 200);

    assert!(world.store.remove_user(world.ben).await.unwrap());
    let end = world.within(5 * SECOND, "ben's end", ben.ends()).await;
    assert_eq!(end, "4501 forbidden, stay away");
    assert_eq!(node.get(&world, world.ben, "/api/me").await.0, 403);
    assert_eq!(
        node.turns_away(world.token(world.ben)).await,
        "4501 forbidden, stay away"
    );
    anna.is_served().await;
}

async fn whoever_is_moved_demoted_or_renamed_reconnects_and_sees_the_truth(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 1).await;
    let mut olivia = node.board(&world, world.olivia).await;
    for (change, role, name, calls) in [
        ("renamed", "agency_owner", "Liv", 1),
        ("demoted", "agency_member", "Liv", 1),
        ("moved", "agency_member", "Liv", 0),
    ] {
        world
            .changes_user(world.olivia, |user| match change {
                "renamed" => user.name = Some("Liv".into()),
                "demoted" => user.role = Some(Role::Member),
                _ => user.agency_id = Some(world.rival.id),
            })
            .await;
        let end = world.within(5 * SECOND, "a new start", olivia.ends()).await;
        assert_eq!(end, "1012 renewed, come back", "{change}");

        olivia = node.board_at(&world, world.olivia, olivia.position()).await;
        let told = match olivia.greeting() {
            Message::Snapshot(snapshot) => &snapshot.user,
            Message::Resumed(resumed) => &resumed.user,
            other => panic!("{other:?}"),
        };
        assert_eq!((&told["role"], &told["name"]), (&json!(role), &json!(name)));
        let fresh = node.board(&world, world.olivia).await;
        assert_eq!(fresh.shows().len(), calls, "{change}");
    }
}

async fn a_position_never_holds_in_the_numbering_of_another_agency(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 2).await;
    node.rings(&world.rival, 5).await;
    world
        .store
        .renew_epoch("after the restore".into())
        .await
        .unwrap();
    let renewed = world.node().await;
    let seen = renewed.board(&world, world.anna).await.leaves().await;

    world
        .changes_user(world.anna, |anna| anna.agency_id = Some(world.rival.id))
        .await;
    let moved = world.node().await;
    let anna = moved.board_at(&world, world.anna, seen).await;
    assert!(
        matches!(anna.greeting(), Message::Snapshot(snapshot) if snapshot.reason == "epoch_changed")
    );
    assert_eq!(anna.shows().len(), 5);
}

async fn an_address_with_many_refused_tokens_waits_and_a_good_token_from_there_is_served(
    world: World,
) {
    let node = world.node().await;
    let asks = || async {
        let url = format!("{}/api/me", node.url);
        client()
            .get(url)
            .bearer_auth("not-a-token")
            .send()
            .await
            .unwrap()
    };
    let first = asks().await;
    assert_eq!(first.status(), 401);
    assert!(first.headers().contains_key("www-authenticate"));

    let mut refused = first;
    for _ in 0..200 {
        if refused.status() != 401 {
            break;
        }
        refused = asks().await;
    }
    assert_eq!(refused.status(), 429);
    let seconds = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse::<u64>()
        .unwrap();
    assert!((1..=60).contains(&seconds));
    assert!(refused.json::<serde_json::Value>().await.unwrap()["error"].is_string());

    assert_eq!(node.get(&world, world.anna, "/api/me").await.0, 200);
    node.board(&world, world.anna).await.is_served().await;
}

on_each_database!(
    a_token_that_is_not_a_signed_in_users_is_turned_away_for_good,
    only_the_configured_issuers_tokens_are_taken,
    a_token_that_fits_the_decoded_secret_is_refused_with_a_hint_for_the_operator,
    while_the_issuers_keys_cannot_be_fetched_boards_are_asked_to_come_back,
    an_expired_token_is_asked_for_a_new_one_after_the_leeway,
    whoever_has_no_agency_or_no_role_is_forbidden,
    a_program_may_bring_its_token_with_the_upgrade,
    an_open_board_is_warned_a_minute_before_its_token_ends_and_closed_after_the_leeway,
    a_new_token_of_the_same_user_extends_the_board,
    a_refused_refresh_ends_the_board,
    a_removed_user_is_put_out_within_five_seconds_and_nobody_else,
    whoever_is_moved_demoted_or_renamed_reconnects_and_sees_the_truth,
    a_position_never_holds_in_the_numbering_of_another_agency,
    an_address_with_many_refused_tokens_waits_and_a_good_token_from_there_is_served,
);
