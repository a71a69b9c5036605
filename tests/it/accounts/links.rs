//! Links that are good once: to set the house up, to come in, to choose another password.

use super::house::{DAY, House, MINUTE, PASSWORD, token_of, user_of, with_accounts};
use crate::support::World;
use crate::support::http::reply;
use callboard::domain::{Role, UserId};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

const NORA: &str = "nora@example.com";

async fn ways(house: &House<'_>) -> Value {
    reply(house.ask("GET", "/api/sign-in")).await.json()
}

async fn the_first_owner_sets_the_house_up_once_and_within_half_an_hour(world: World) {
    let world = with_accounts(world);
    world.is_emptied().await;
    let house = House::open(&world).await;
    let issuer = format!("{}/auth/v1", world.config.listener.public_address());
    let expected = json!({
        "methods": [{ "kind": "password" }], "auth_url": issuer, "apikey": null, "setup": true,
    });
    assert_eq!(ways(&house).await, expected);
    let link = async || house.app.setup_link().await.unwrap().expect("a link");
    let (late, other) = (link().await, link().await);
    let body = |url: &str| {
        json!({
            "token": token_of(url), "agency": "Acme", "name": "Olivia",
            "email": "olivia@example.com", "password": PASSWORD,
        })
    };
    world.clock.advance(30 * MINUTE);
    let refused = house.posts("/api/setup", body(&late)).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(house.refused("link").await, 1);

    let (good, spare) = (link().await, link().await);
    let mut weak = body(&good);
    weak["password"] = "12345678".into();
    assert_eq!(house.posts("/api/setup", weak).await.status, 400);
    let mut odd = body(&good);
    odd["email"] = "olivia".into();
    assert_eq!(house.posts("/api/setup", odd).await.status, 400);
    let done = house.posts("/api/setup", body(&good)).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let done = done.json();
    assert_eq!(done["agency"]["name"], "Acme");
    assert_eq!(done["user"]["role"], "agency_owner");
    let me = house.does(&done["session"], "GET", "/api/me").await;
    assert_eq!(me.json()["user"]["name"], "Olivia");
    house.signs_in("olivia@example.com").await;

    for used in [&good, &spare, &other] {
        assert_eq!(house.posts("/api/setup", body(used)).await.status, 403);
    }
    assert_eq!(house.app.setup_link().await.unwrap(), None);
    assert_eq!(ways(&house).await["setup"], false);
}

async fn an_invitation_is_good_once_and_for_a_week_and_looking_at_it_uses_nothing(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let token = house.invites(Role::Admin, Some(NORA)).await;
    // What opens links in mails.
    for path in ["/invite", "/api/invitations/accept"] {
        reply(house.ask("GET", path)).await;
        reply(house.ask("HEAD", path)).await;
    }
    let accept = async |body: Value| house.posts("/api/invitations/accept", body).await;
    let weak = accept(json!({ "token": token, "password": "short" })).await;
    assert_eq!(weak.status, 400);
    assert!(weak.error().contains("8 characters"), "{}", weak.error());
    world.clock.advance(7 * DAY - MINUTE);
    let come = json!({ "token": token, "name": "Nora N.", "password": PASSWORD });
    let done = accept(come.clone()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let done = done.json();
    assert_eq!(done["user"]["name"], "Nora N.");
    assert_eq!(done["user"]["role"], "agency_admin");
    assert_eq!(done["agency"]["id"], json!(world.acme.id.0));
    house.signs_in(NORA).await;
    assert_eq!(accept(come).await.status, 403, "twice");

    let late = house.invites(Role::Member, Some("late@example.com")).await;
    world.clock.advance(7 * DAY);
    let late = accept(json!({ "token": late, "password": PASSWORD })).await;
    assert_eq!(late.status, 403);
    assert!(late.error().contains("ask for another"), "{}", late.error());

    // Whose address it is must be known, and nobody else's.
    let open = house.invites(Role::Member, None).await;
    let nameless = accept(json!({ "token": open, "password": PASSWORD })).await;
    assert_eq!(nameless.status, 400);
    let taken = json!({ "token": open, "email": "NORA@example.com", "password": PASSWORD });
    assert_eq!(accept(taken).await.status, 409);
    let free = json!({ "token": open, "email": "new@example.com", "password": PASSWORD });
    assert_eq!(accept(free).await.status, 200, "the link was still good");
    let setup = json!({ "token": house.invites(Role::Owner, None).await, "email": "x@example.com", "password": PASSWORD });
    assert_eq!(
        house.posts("/api/setup", setup).await.status,
        403,
        "no setup link"
    );
}

async fn of_two_who_open_an_invitation_at_once_one_comes_in(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let token = house.invites(Role::Member, None).await;
    let accept = |n: usize| {
        let email = format!("n{n}@example.com");
        let body = json!({ "token": token, "email": email, "password": PASSWORD });
        house.posts("/api/invitations/accept", body)
    };
    let answers = futures_util::future::join_all((0..5).map(accept)).await;
    let came = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 403).count();
    assert_eq!((came, refused), (1, 4));
}

async fn whoever_signs_in_elsewhere_comes_in_by_an_invitation_with_that_token(world: World) {
    // Another issuer, and no accounts of ours.
    let house = House::open(&world).await;
    let stranger = UserId(Uuid::new_v4());
    let bearer = world.token(stranger);
    let me = async || house.reads(&world, stranger, "/api/me").await;
    assert_eq!(me().await.status, 403);
    let token = house.invites(Role::Member, Some(NORA)).await;
    let accept = |token: &str| {
        house
            .ask("POST", "/api/invitations/accept")
            .json(&json!({ "token": token }))
    };
    assert_eq!(reply(accept(&token)).await.status, 401);
    let with_bearer = || accept(&token).bearer_auth(bearer.expose_secret());
    let done = reply(with_bearer()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["session"], Value::Null);
    assert_eq!(me().await.json()["user"]["name"], "Nora");
    assert_eq!(reply(with_bearer()).await.status, 403);
    let password = json!({ "token": token, "password": PASSWORD });
    assert_eq!(
        house
            .posts("/api/invitations/accept", password)
            .await
            .status,
        404
    );
}

async fn a_reset_link_opens_the_account_once_and_lets_a_password_be_chosen(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let before = house.employs(Role::Member, NORA).await;
    let token = house.resets(user_of(&before)).await;
    let verify = async |kind: &str, token: &str| {
        let body = json!({ "type": kind, "token_hash": token });
        house.posts("/auth/v1/verify", body).await
    };
    let wrong = verify("invite", &token).await;
    assert_eq!(
        (wrong.status, wrong.json()["error_code"].clone()),
        (403, json!("otp_expired"))
    );
    let opened = verify("recovery", &token).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!(verify("recovery", &token).await.status, 403, "twice");
    let opened = opened.json();
    let new = json!({ "password": "an entirely new one" });
    let changed = house.sends(&opened, "PUT", "/auth/v1/user", new).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(house.refreshes(&before["refresh_token"]).await.status, 400);
    assert_eq!(house.tries(NORA, PASSWORD).await.status, 400);
    assert_eq!(house.tries(NORA, "an entirely new one").await.status, 200);

    let late = house.resets(user_of(&before)).await;
    world.clock.advance(60 * MINUTE);
    assert_eq!(verify("recovery", &late).await.status, 403);
    // It stands for the present password for a quarter of an hour.
    let opened = verify("recovery", &house.resets(user_of(&before)).await)
        .await
        .json();
    world.clock.advance(14 * MINUTE);
    let refreshed = house.refreshes(&opened["refresh_token"]).await.json();
    world.clock.advance(MINUTE);
    let another = json!({ "password": "another one again" });
    let refused = house
        .sends(&refreshed, "PUT", "/auth/v1/user", another)
        .await;
    assert_eq!(refused.json()["error_code"], "current_password_required");
}

on_each_database!(
    the_first_owner_sets_the_house_up_once_and_within_half_an_hour,
    an_invitation_is_good_once_and_for_a_week_and_looking_at_it_uses_nothing,
    of_two_who_open_an_invitation_at_once_one_comes_in,
    whoever_signs_in_elsewhere_comes_in_by_an_invitation_with_that_token,
    a_reset_link_opens_the_account_once_and_lets_a_password_be_chosen,
);
