//! In by the password, on by the refresh token, and out.

use super::house::{House, MINUTE, PASSWORD, text, user_of, with_accounts};
use crate::support::World;
use crate::support::http::reply;
use callboard::domain::Role;
use serde_json::json;
use std::time::Duration;

const ANNA: &str = "anna@example.com";

async fn somebody_signs_in_goes_on_and_signs_out(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    house.employs(Role::Member, ANNA).await;

    // As people type it.
    let session = house.signs_in(" Anna@Example.com ").await;
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in"], 900);
    let now = world.clock.now().seconds();
    assert_eq!(session["expires_at"], now + 900);
    let user = house.does(&session, "GET", "/auth/v1/user").await.json();
    assert_eq!(user["email"], ANNA);
    assert_eq!(user["id"], session["user"]["id"]);
    let me = house.does(&session, "GET", "/api/me").await.json();
    assert_eq!(me["user"]["name"], "Nora");
    assert_eq!(me["user"]["role"], "agency_member");
    let token = text(&session["access_token"]);
    assert_eq!(house.turns_away(token.into()).await, "served");

    world.clock.advance(16 * MINUTE);
    assert_eq!(house.does(&session, "GET", "/api/me").await.status, 401);
    let next = house.refreshes(&session["refresh_token"]).await.json();
    assert_ne!(next["refresh_token"], session["refresh_token"]);
    assert_eq!(house.does(&next, "GET", "/api/me").await.status, 200);

    let out = house
        .does(&next, "POST", "/auth/v1/logout?scope=local")
        .await;
    assert_eq!((out.status, out.body.len()), (204, 0));
    let user = house.does(&next, "GET", "/auth/v1/user").await;
    assert_eq!(user.status, 403);
    assert_eq!(user.json()["error_code"], "session_not_found");
    let late = house.refreshes(&next["refresh_token"]).await;
    assert_eq!(late.status, 400);
    assert_eq!(late.json()["error_code"], "refresh_token_not_found");
}

async fn sessions_are_seen_and_ended_by_oneself_and_by_those_who_look_after_people(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let owner = house.employs(Role::Owner, "olivia@example.com").await;
    let admin = house.employs(Role::Admin, "adam@example.com").await;
    let first = house.employs(Role::Member, ANNA).await;
    let second = house.signs_in(ANNA).await;
    let third = house.signs_in(ANNA).await;

    let seen = house.does(&third, "GET", "/api/me/sessions").await.json();
    let sessions = seen["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let current: Vec<_> = sessions
        .iter()
        .filter(|one| one["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    let here = text(&current[0]["id"]);
    let elsewhere = sessions.iter().find(|one| one["current"] == false).unwrap();

    let path = format!("/api/me/sessions/{}", text(&elsewhere["id"]));
    assert_eq!(
        house.does(&owner, "DELETE", &path).await.status,
        404,
        "not hers"
    );
    assert_eq!(house.does(&third, "DELETE", &path).await.status, 204);
    assert_eq!(
        house.does(&third, "DELETE", &path).await.status,
        404,
        "over"
    );
    assert_eq!(
        house
            .does(&third, "DELETE", "/api/me/sessions")
            .await
            .status,
        204
    );
    let left = house.does(&third, "GET", "/api/me/sessions").await.json();
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(left["sessions"][0]["id"], here);
    for gone in [&first, &second] {
        assert_eq!(house.refreshes(&gone["refresh_token"]).await.status, 400);
    }

    let path = |session| format!("/api/users/{}/sessions", user_of(session));
    assert_eq!(
        house.does(&third, "DELETE", &path(&admin)).await.status,
        403
    );
    assert_eq!(
        house.does(&admin, "DELETE", &path(&owner)).await.status,
        403
    );
    assert_eq!(
        house.does(&admin, "DELETE", &path(&third)).await.status,
        204
    );
    assert_eq!(house.refreshes(&third["refresh_token"]).await.status, 400);
    assert_eq!(
        house.does(&owner, "DELETE", &path(&admin)).await.status,
        204
    );
    assert_eq!(house.refreshes(&admin["refresh_token"]).await.status, 400);
    assert_eq!(house.refreshes(&owner["refresh_token"]).await.status, 200);
}

async fn whoever_is_removed_is_signed_out_and_has_no_account(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let session = house.employs(Role::Member, ANNA).await;
    let removed = world.store.remove_user(user_of(&session)).await;
    assert!(removed.unwrap());
    let late = house.refreshes(&session["refresh_token"]).await;
    assert_eq!(late.json()["error_code"], "refresh_token_not_found");
    assert_eq!(house.tries(ANNA, PASSWORD).await.status, 400);
    for table in ["accounts", "sessions", "refresh_tokens"] {
        let left = format!("SELECT 'x' FROM {table}");
        assert!(world.database.texts(&left).await.is_empty(), "{table}");
    }
}

async fn an_address_that_nobody_has_is_answered_as_a_wrong_password_is(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    house.employs(Role::Member, ANNA).await;
    // Somebody who has an account and no password.
    let token = house.invites(Role::Member, Some("half@example.com")).await;
    let opened = json!({ "type": "invite", "token_hash": token });
    assert_eq!(house.posts("/auth/v1/verify", opened).await.status, 200);
    let mut answers = Vec::new();
    for email in [ANNA, "nobody@example.com", "half@example.com", "no address"] {
        for round in 0..7 {
            let answer = house.tries(email, "a wrong password").await;
            let expected = if round < 5 { 400 } else { 429 };
            assert_eq!(answer.status, expected, "{email:?}, {round}");
            answers.push((round, answer.undated()));
        }
    }
    for (round, answer) in &answers {
        let first = answers.iter().find(|(other, _)| other == round).unwrap();
        assert_eq!(answer, &first.1, "{round}");
    }
    let wrong = answers[0].1.json();
    assert_eq!(wrong["error_code"], "invalid_credentials");
    assert_eq!(house.refused("credentials").await, 20);
    assert_eq!(house.refused("sign_in_too_often").await, 8);
    for email in [ANNA, "nobody@example.com"] {
        let asked = json!({ "email": email });
        let answer = house.posts("/auth/v1/recover", asked).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    }
}

async fn guessing_is_slowed_and_nobody_is_locked_out_by_it(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    house.employs(Role::Member, ANNA).await;
    let home = "198.51.100.7";
    let session = house.tries_from(home, ANNA, PASSWORD).await;
    assert_eq!(session.status, 200);

    let mut waits = Vec::new();
    for _ in 0..4 {
        while house.tries_from("203.0.113.9", ANNA, "guess").await.status == 400 {}
        let told = house.tries_from("203.0.113.9", ANNA, PASSWORD).await;
        assert_eq!(told.status, 429, "the right one, too, is not looked at");
        assert_eq!(told.json()["error_code"], "over_request_rate_limit");
        let wait: u64 = told.header("retry-after").unwrap().parse().unwrap();
        waits.push(wait);
        world.clock.advance(Duration::from_secs(wait));
    }
    assert_eq!(waits, [1, 2, 4, 8]);

    // From many networks, until strangers must wait.
    for n in 0..40 {
        house
            .tries_from(&format!("203.0.113.{n}"), ANNA, "guess")
            .await;
    }
    let strange = house.tries_from("192.0.2.1", ANNA, PASSWORD).await;
    assert_eq!(strange.status, 429);
    let wait: u64 = strange.header("retry-after").unwrap().parse().unwrap();
    assert!(wait <= 30, "{wait}");
    // Where she is signed in she comes in at once, and elsewhere after half a minute.
    assert_eq!(house.tries_from(home, ANNA, PASSWORD).await.status, 200);
    for n in 0..40 {
        house
            .tries_from(&format!("203.0.113.{n}"), ANNA, "guess")
            .await;
    }
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(
        house.tries_from("192.0.2.1", ANNA, PASSWORD).await.status,
        200
    );
}

async fn one_address_cannot_try_a_list_of_accounts(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let mut statuses = Vec::new();
    for n in 0..140 {
        let email = format!("person{n}@example.com");
        let tried = house.tries_from("203.0.113.9", &email, "Summer2026").await;
        statuses.push(tried.status);
    }
    let wrong = statuses.iter().filter(|status| **status == 400).count();
    // A hundred at once, and some more for the time that it took.
    assert!((100..140).contains(&wrong), "{wrong}");
    let other = house
        .tries_from("203.0.113.10", "person@example.com", "Summer2026")
        .await;
    assert_eq!(other.status, 400);
}

async fn a_password_is_changed_with_the_present_one_and_the_other_sessions_end(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let first = house.employs(Role::Member, ANNA).await;
    let session = house.signs_in(ANNA).await;
    let new = "an entirely new one";
    let change = async |body| house.sends(&session, "PUT", "/auth/v1/user", body).await;
    for (body, status, code) in [
        (json!({ "password": new }), 400, "current_password_required"),
        (
            json!({ "password": new, "current_password": "no" }),
            400,
            "current_password_mismatch",
        ),
        (
            json!({ "password": "password1", "current_password": PASSWORD }),
            422,
            "weak_password",
        ),
        (
            json!({ "password": PASSWORD, "current_password": PASSWORD }),
            422,
            "same_password",
        ),
    ] {
        let refused = change(body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text());
        assert_eq!(refused.json()["error_code"], code, "{body}");
    }
    let changed = change(json!({ "password": new, "current_password": PASSWORD })).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(house.refreshes(&first["refresh_token"]).await.status, 400);
    assert_eq!(house.refreshes(&session["refresh_token"]).await.status, 200);
    assert_eq!(house.tries(ANNA, PASSWORD).await.status, 400);
    assert_eq!(house.tries(ANNA, new).await.status, 200);
}

async fn errors_have_the_body_of_the_version_that_is_asked_for_and_pages_may_read_them(
    world: World,
) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let old = house.tries("x@example.com", "wrong").await;
    let body = json!({
        "code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials",
    });
    assert_eq!((old.status, old.json()), (400, body));
    let trying = house.trying("x@example.com", "wrong");
    let trying = trying.header("x-supabase-api-version", "2024-01-01");
    let new = reply(trying).await;
    let body = json!({ "code": "invalid_credentials", "message": "Invalid login credentials" });
    assert_eq!((new.status, new.json()), (400, body));
    assert_eq!(new.header("x-supabase-api-version"), Some("2024-01-01"));
    assert_eq!(new.header("access-control-allow-origin"), Some("*"));
    assert_eq!(new.header("cache-control"), Some("no-store"));
    let preflight = house
        .ask("OPTIONS", "/auth/v1/token?grant_type=password")
        .header("origin", "https://crm.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "apikey,content-type");
    let preflight = reply(preflight).await;
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-headers");
    assert_eq!(allowed, Some("apikey,content-type"));

    for (path, body, status, code) in [
        (
            "/auth/v1/token?grant_type=magic",
            json!({}),
            400,
            "invalid_credentials",
        ),
        (
            "/auth/v1/token?grant_type=password",
            json!([]),
            400,
            "bad_json",
        ),
        (
            "/auth/v1/otp",
            json!({ "email": "x@example.com" }),
            422,
            "otp_disabled",
        ),
        (
            "/auth/v1/verify",
            json!({ "type": "sms" }),
            400,
            "validation_failed",
        ),
        ("/auth/v1/logout", json!({}), 401, "no_authorization"),
    ] {
        let refused = house.posts(path, body).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text());
        assert_eq!(refused.json()["error_code"], code, "{path}");
    }
    let forged = json!({ "access_token": "e30.e30.e30" });
    let forged = house.does(&forged, "GET", "/auth/v1/user").await;
    assert_eq!(
        (forged.status, forged.json()["error_code"].clone()),
        (403, json!("bad_jwt"))
    );
    let settings = reply(house.ask("GET", "/auth/v1/settings")).await.json();
    assert_eq!(settings["external"]["email"], true);
    assert_eq!(settings["disable_signup"], true);
}

async fn without_accounts_there_is_nothing_to_sign_in_to(world: World) {
    let node = world.node().await;
    let ways = reply(node.ask("GET", "/api/sign-in")).await.json();
    let none = json!({ "methods": [], "auth_url": null, "apikey": null, "setup": false });
    assert_eq!(ways, none);
    let trying = node.ask("POST", "/auth/v1/token?grant_type=password");
    assert_eq!(reply(trying.json(&json!({}))).await.status, 404);
    let jwks = reply(node.ask("GET", "/auth/v1/.well-known/jwks.json")).await;
    assert_eq!(jwks.status, 404);
}

on_each_database!(
    somebody_signs_in_goes_on_and_signs_out,
    sessions_are_seen_and_ended_by_oneself_and_by_those_who_look_after_people,
    whoever_is_removed_is_signed_out_and_has_no_account,
    an_address_that_nobody_has_is_answered_as_a_wrong_password_is,
    guessing_is_slowed_and_nobody_is_locked_out_by_it,
    one_address_cannot_try_a_list_of_accounts,
    a_password_is_changed_with_the_present_one_and_the_other_sessions_end,
    errors_have_the_body_of_the_version_that_is_asked_for_and_pages_may_read_them,
    without_accounts_there_is_nothing_to_sign_in_to,
);
