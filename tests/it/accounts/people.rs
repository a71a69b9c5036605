//! The agency's people: invited, changed, removed and given their seats again, by its owner and admins.

use super::house::{DAY, House, MINUTE, PASSWORD, text, token_of, user_of, with_accounts};
use crate::support::World;
use crate::support::http::{Reply, reply};
use callboard::domain::{Role, UserId};
use callboard_simulator::browser::BrowserSettings;
use futures_util::future::join;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const NORA: &str = "nora@example.com";

fn member(email: &str) -> Value {
    json!({ "name": "Nora", "email": email, "role": "agency_member", "sip_username": "nora1" })
}

/// Somebody is invited; the id and the link's token.
async fn invites(house: &House<'_>, by: &Value, wanted: Value) -> (String, String) {
    let made = house.sends(by, "POST", "/api/users", wanted).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("cache-control"), Some("no-store"));
    told(&made)
}

async fn invites_again(house: &House<'_>, by: &Value, id: &str) -> (String, String) {
    let path = format!("/api/users/{id}/invitation");
    let made = house.does(by, "POST", &path).await;
    assert_eq!(made.status, 201, "{}", made.text());
    told(&made)
}

fn told(made: &Reply) -> (String, String) {
    let made = made.json();
    let token = token_of(&text(&made["invitation_url"]));
    (text(&made["user"]["id"]), token)
}

async fn accepts(house: &House<'_>, token: &str) -> Reply {
    let body = json!({ "token": token, "password": PASSWORD });
    house.posts("/api/invitations/accept", body).await
}

/// Somebody in a list of the people.
async fn listed(house: &House<'_>, by: &Value, list: &str, id: &str) -> Option<Value> {
    let all = house.does(by, "GET", "/api/users").await.json();
    let people = all[list].as_array().expect("people").clone();
    people.into_iter().find(|person| person["id"] == id)
}

async fn who_is_invited_comes_under_that_id_with_what_was_arranged(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let olivia = house.employs(Role::Owner, "olivia@example.com").await;
    let (id, first) = invites(&house, &olivia, member("Nora@Example.com")).await;
    let awaited = listed(&house, &olivia, "users", &id).await.expect("Nora");
    assert_eq!(awaited["status"], "invited");
    assert_eq!(awaited["role"], "agency_member");
    assert!(awaited["invitation_expires_at"].is_string());
    assert_eq!(awaited["has_account"], false);

    // Another link, and the first one is good no more.
    let (same, token) = invites_again(&house, &olivia, &id).await;
    assert_eq!(same, id);
    assert_eq!(accepts(&house, &first).await.status, 403);
    // What is arranged meanwhile counts.
    let change = json!({ "role": "agency_admin", "sip_username": "nora2" });
    let path = format!("/api/users/{id}");
    let changed = house.sends(&olivia, "PATCH", &path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    // A scanner of mails looks at the link.
    reply(house.ask("GET", "/invite")).await;
    reply(house.ask("GET", "/api/invitations/accept")).await;

    world.clock.advance(7 * DAY);
    assert_eq!(accepts(&house, &token).await.status, 403);
    let olivia = house.signs_in("olivia@example.com").await;
    let late = listed(&house, &olivia, "users", &id).await.expect("Nora");
    assert_eq!(late["invitation_expires_at"], Value::Null);
    let (_, token) = invites_again(&house, &olivia, &id).await;
    let come = accepts(&house, &token).await;
    assert_eq!(come.status, 200, "{}", come.text());
    assert_eq!(accepts(&house, &token).await.status, 403, "twice");
    let user = &come.json()["user"];
    assert_eq!(
        (
            &user["id"],
            &user["role"],
            &user["name"],
            &user["email"],
            &user["sip_username"]
        ),
        (
            &json!(id),
            &json!("agency_admin"),
            &json!("Nora"),
            &json!(NORA),
            &json!("nora2")
        )
    );
    let here = listed(&house, &olivia, "users", &id).await.expect("Nora");
    assert_eq!(
        (&here["status"], &here["sessions"]),
        (&json!("active"), &json!(1))
    );
    assert!(here["last_seen_at"].is_string());
    house.signs_in(NORA).await;
}

async fn who_is_removed_is_out_everywhere_and_may_be_given_the_seat_again(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let other = world.node().await;
    let olivia = house.employs(Role::Owner, "olivia@example.com").await;
    let (id, token) = invites(&house, &olivia, member(NORA)).await;
    let nora = accepts(&house, &token).await.json()["session"].clone();
    let access = SecretString::from(text(&nora["access_token"]));
    let mut boards = Vec::new();
    for node in [&house.node, &other] {
        boards.push(
            node.open(BrowserSettings::new(&node.url, access.clone()))
                .await,
        );
    }
    let path = format!("/api/users/{id}");
    let gone = house.does(&olivia, "DELETE", &path).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    for board in &mut boards {
        let limit = Duration::from_secs(5);
        let end = world.within(limit, "a board's end", board.ends()).await;
        assert_eq!(end, "4501 forbidden, stay away");
    }
    assert_eq!(house.refreshes(&nora["refresh_token"]).await.status, 400);
    assert_eq!(house.does(&nora, "GET", "/auth/v1/user").await.status, 403);
    assert!(listed(&house, &olivia, "users", &id).await.is_none());
    let former = listed(&house, &olivia, "removed", &id).await.expect("Nora");
    assert_eq!(
        (&former["role"], &former["agency_id"]),
        (&json!("agency_member"), &Value::Null)
    );

    // Who still signs in is told whom to ask, and what to send.
    let outside = house.signs_in(NORA).await;
    let told = house.does(&outside, "GET", "/api/me").await;
    assert_eq!(
        (told.status, told.json()["email"].clone()),
        (403, json!(NORA))
    );
    assert!(
        told.error().contains("invitation") && told.error().contains(&id),
        "{}",
        told.error()
    );

    // Somebody who invites the same address is told who that is.
    let known = house
        .sends(&olivia, "POST", "/api/users", member(NORA))
        .await;
    assert_eq!(
        (known.status, known.json()["user_id"].clone()),
        (409, json!(id))
    );
    let (same, token) = invites_again(&house, &olivia, &id).await;
    assert_eq!(same, id);
    let new =
        json!({ "token": token, "password": "an entirely new one", "email": "else@example.com" });
    let back = house.posts("/api/invitations/accept", new).await;
    assert_eq!(back.status, 200, "{}", back.text());
    let user = &back.json()["user"];
    assert_eq!(
        (&user["id"], &user["sip_username"]),
        (&json!(id), &json!("nora1"))
    );
    assert_eq!(
        house.tries(NORA, PASSWORD).await.status,
        400,
        "the former password"
    );
    assert_eq!(house.refreshes(&outside["refresh_token"]).await.status, 400);
    house.tries(NORA, "an entirely new one").await;

    // Removed once more, and again, nothing is left.
    for _ in 0..2 {
        assert_eq!(house.does(&olivia, "DELETE", &path).await.status, 204);
    }
    assert_eq!(house.does(&olivia, "DELETE", &path).await.status, 404);
    assert!(listed(&house, &olivia, "removed", &id).await.is_none());
    assert_eq!(house.tries(NORA, "an entirely new one").await.status, 400);
}

async fn whoever_has_an_account_is_given_a_link_to_another_password(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let olivia = house.employs(Role::Owner, "olivia@example.com").await;
    let nora = house.employs(Role::Member, NORA).await;
    let id = user_of(&nora).to_string();
    let path = format!("/api/users/{id}/invitation");
    let made = house.does(&olivia, "POST", &path).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let url = text(&made.json()["invitation_url"]);
    assert!(url.contains("/reset#"), "{url}");
    let body = json!({ "type": "recovery", "token_hash": token_of(&url) });
    let opened = house.posts("/auth/v1/verify", body).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    // It is good for an hour.
    let made = house.does(&olivia, "POST", &path).await.json();
    world.clock.advance(60 * MINUTE);
    let body =
        json!({ "type": "recovery", "token_hash": token_of(&text(&made["invitation_url"])) });
    assert_eq!(house.posts("/auth/v1/verify", body).await.status, 403);
}

async fn the_last_owner_stays_even_when_two_remove_each_other(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let other = world.node().await;
    // The owner of the world has no account: she leaves first.
    let one = house.employs(Role::Owner, "one@example.com").await;
    let at = |user: &Value| format!("/api/users/{}", user_of(user));
    let olivia = format!("/api/users/{}", world.olivia);
    assert_eq!(house.does(&one, "DELETE", &olivia).await.status, 204);
    let refused = house.does(&one, "DELETE", &at(&one)).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.error().contains("an owner first"),
        "{}",
        refused.error()
    );
    let demoted = json!({ "role": "agency_admin" });
    let refused = house.sends(&one, "PATCH", &at(&one), demoted.clone()).await;
    assert_eq!(refused.status, 409);
    assert_eq!(house.refused("last_owner").await, 2);

    let mut there = one;
    for round in 0..4 {
        // One that is invited does not count: nobody has come.
        let two = format!("two{round}@example.com");
        let wanted = json!({ "role": "agency_owner", "email": two });
        let (_, token) = invites(&house, &there, wanted).await;
        assert_eq!(house.does(&there, "DELETE", &at(&there)).await.status, 409);
        let second = accepts(&house, &token).await.json()["session"].clone();
        let asks = |node: &crate::support::node::Node, by: &Value, whom: &Value| {
            let bearer = text(&by["access_token"]);
            let removes = round % 2 == 0;
            let method = if removes { "DELETE" } else { "PATCH" };
            let request = node.ask(method, &at(whom)).bearer_auth(bearer);
            reply(if removes {
                request
            } else {
                request.json(&demoted)
            })
        };
        let first_goes = asks(&house.node, &second, &there);
        let (a, b) = join(first_goes, asks(&other, &there, &second)).await;
        let mut answers = [a.status, b.status];
        answers.sort_unstable();
        // Whoever comes second is the last owner's, or finds that they are out themselves.
        assert!([200, 204].contains(&answers[0]), "{answers:?}");
        assert!([403, 409].contains(&answers[1]), "{answers:?}");
        if [200, 204].contains(&a.status) {
            there = second;
        }
        world.database.execute("DELETE FROM sign_in_attempts").await;
    }
}

async fn admins_manage_members_alone(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let owner = house.employs(Role::Owner, "olivia@example.com").await;
    let admin = house.employs(Role::Admin, "adam@example.com").await;
    let other = house.employs(Role::Admin, "ada@example.com").await;
    let nora = house.employs(Role::Member, NORA).await;
    for wanted in ["agency_owner", "agency_admin"] {
        let wanted = json!({ "role": wanted });
        let refused = house.sends(&admin, "POST", "/api/users", wanted).await;
        assert_eq!(refused.status, 403);
    }
    for above in [&owner, &other, &admin] {
        let path = format!("/api/users/{}", user_of(above));
        let name = json!({ "name": "X" });
        let answers = [
            house.sends(&admin, "PATCH", &path, name).await,
            house.does(&admin, "DELETE", &path).await,
            house
                .does(&admin, "POST", &format!("{path}/invitation"))
                .await,
        ];
        for refused in answers {
            assert_eq!(refused.status, 403, "{}", refused.text());
        }
    }
    let path = format!("/api/users/{}", user_of(&nora));
    let up = json!({ "role": "agency_admin" });
    assert_eq!(house.sends(&admin, "PATCH", &path, up).await.status, 403);
    let name = json!({ "name": "Nora N.", "sip_username": null, "email": "nn@example.com" });
    let changed = house.sends(&admin, "PATCH", &path, name).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["user"]["name"], "Nora N.");
    // The address is what she signs in with.
    house.signs_in("nn@example.com").await;
    assert_eq!(house.tries(NORA, PASSWORD).await.status, 400);
    invites(&house, &admin, member("new@example.com")).await;
    // A seat that was more than a member's is given again by an owner alone.
    let removed = user_of(&other).to_string();
    let at = format!("/api/users/{removed}");
    assert_eq!(house.does(&owner, "DELETE", &at).await.status, 204);
    let again = format!("{at}/invitation");
    let lower = json!({ "role": "agency_member" });
    assert_eq!(house.sends(&admin, "POST", &again, lower).await.status, 403);
    assert_eq!(house.does(&admin, "DELETE", &path).await.status, 204);
    assert_eq!(
        house
            .does(&admin, "POST", &format!("{path}/invitation"))
            .await
            .status,
        201
    );
}

async fn whoever_signs_in_elsewhere_takes_the_seat_that_was_arranged(world: World) {
    let node = world.node().await;
    let asks = async |method: &str, path: &str, body: Option<Value>| {
        node.does(&world, world.olivia, method, path, body).await
    };
    let accepts = async |who: UserId, token: &str| {
        let request = node.ask("POST", "/api/invitations/accept");
        let request = request.json(&json!({ "token": token }));
        reply(request.bearer_auth(world.token(who).expose_secret())).await
    };
    let made = asks("POST", "/api/users", Some(member(NORA))).await;
    let (awaited, token) = told(&made);
    // Who works here already does not become somebody else.
    let refused = accepts(world.anna, &token).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(
        refused.error().contains("somebody else"),
        "{}",
        refused.error()
    );
    // The last owner of another agency does not leave it.
    world
        .changes_user(world.mallory, |it| it.role = Some(Role::Owner))
        .await;
    let refused = accepts(world.mallory, &token).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    let nora = UserId(Uuid::new_v4());
    let come = accepts(nora, &token).await;
    assert_eq!(come.status, 200, "{}", come.text());
    let user = &come.json()["user"];
    assert_eq!(
        (&user["id"], &user["name"], &user["sip_username"]),
        (&json!(nora.0), &json!("Nora"), &json!("nora1"))
    );
    let all = asks("GET", "/api/users", None).await.text();
    assert!(!all.contains(&awaited), "{all}");

    // A seat that is given again is that person's.
    let path = format!("/api/users/{nora}");
    assert_eq!(asks("DELETE", &path, None).await.status, 204);
    let again = asks("POST", &format!("{path}/invitation"), None).await;
    let (_, token) = told(&again);
    let stranger = accepts(UserId(Uuid::new_v4()), &token).await;
    assert_eq!(stranger.status, 403, "{}", stranger.text());
    let back = accepts(nora, &token).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(back.json()["user"]["sip_username"], "nora1");
}

async fn another_agencys_people_are_nobody(world: World) {
    let node = world.node().await;
    world
        .changes_user(world.mallory, |it| it.role = Some(Role::Owner))
        .await;
    let made = node
        .does(
            &world,
            world.olivia,
            "POST",
            "/api/users",
            Some(member(NORA)),
        )
        .await;
    let (awaited, _) = told(&made);
    let removed = world.ben;
    let path = format!("/api/users/{removed}");
    let gone = node.does(&world, world.olivia, "DELETE", &path, None).await;
    assert_eq!(gone.status, 204);
    let strangers = [world.anna.to_string(), removed.to_string(), awaited];
    let nobody = [Uuid::new_v4().to_string(), "nobody".to_owned()];
    let change = || Some(json!({ "name": "X" }));
    for id in strangers.iter().chain(&nobody) {
        for (method, tail, body) in [
            ("PATCH", "", change()),
            ("DELETE", "", None),
            ("POST", "/invitation", None),
            ("DELETE", "/sessions", None),
        ] {
            let path = format!("/api/users/{id}{tail}");
            let answer = node.does(&world, world.mallory, method, &path, body).await;
            let said = (answer.status, answer.error());
            let expected = (404, "Nobody of that id works in this agency".to_owned());
            assert_eq!(said, expected, "{method} {path}");
        }
    }
    let mine = node.reads(&world, world.mallory, "/api/users").await.text();
    for id in &strangers {
        assert!(!mine.contains(id), "{mine}");
    }
    // The same address may be somebody's in each.
    let same = node
        .does(
            &world,
            world.mallory,
            "POST",
            "/api/users",
            Some(member(NORA)),
        )
        .await;
    assert_eq!(same.status, 201, "{}", same.text());
}

async fn what_is_wrong_with_a_person_is_said_and_nothing_is_made(world: World) {
    let node = world.node().await;
    let long = "x".repeat(101);
    for wanted in [
        json!({}),
        json!({ "role": "agency_intern" }),
        json!({ "role": "agency_member", "email": "nora" }),
        json!({ "role": "agency_member", "name": long }),
        json!({ "role": "agency_member", "name": "No\u{7}ra" }),
        json!({ "role": "agency_member", "sip_username": "nora@sip.example" }),
        json!({ "role": "agency_member", "agency_id": Uuid::new_v4() }),
    ] {
        let body = Some(wanted.clone());
        let refused = node
            .does(&world, world.olivia, "POST", "/api/users", body)
            .await;
        assert_eq!(refused.status, 400, "{wanted}: {}", refused.text());
    }
    let anna = format!("/api/users/{}", world.anna);
    for change in [
        json!({}),
        json!({ "role": null, "name": long }),
        json!({ "sip_username": "a b" }),
    ] {
        let body = Some(change.clone());
        let refused = node.does(&world, world.olivia, "PATCH", &anna, body).await;
        assert_eq!(refused.status, 400, "{change}: {}", refused.text());
    }
    let made = node
        .does(
            &world,
            world.olivia,
            "POST",
            "/api/users",
            Some(member(NORA)),
        )
        .await;
    assert_eq!(made.status, 201);
    let again = Some(member("NORA@example.com"));
    let twice = node
        .does(&world, world.olivia, "POST", "/api/users", again)
        .await;
    assert_eq!(twice.status, 409, "{}", twice.text());
    let taken = Some(json!({ "email": NORA }));
    let taken = node.does(&world, world.olivia, "PATCH", &anna, taken).await;
    assert_eq!(taken.status, 409, "{}", taken.text());
}

on_each_database!(
    who_is_invited_comes_under_that_id_with_what_was_arranged,
    who_is_removed_is_out_everywhere_and_may_be_given_the_seat_again,
    whoever_has_an_account_is_given_a_link_to_another_password,
    the_last_owner_stays_even_when_two_remove_each_other,
    admins_manage_members_alone,
    whoever_signs_in_elsewhere_takes_the_seat_that_was_arranged,
    another_agencys_people_are_nobody,
    what_is_wrong_with_a_person_is_said_and_nothing_is_made,
);
