//! The second factor.

use super::house::{House, text, with_accounts};
use crate::support::World;
use aws_lc_rs::hmac;
use callboard::domain::Role;
use serde_json::{Value, json};
use std::time::Duration;

const ANNA: &str = "anna@example.com";
const STEP: Duration = Duration::from_secs(30);

/// What a telephone with that seed shows.
fn code(world: &World, seed: &str) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut number, mut bytes) = (0, 0_u32, Vec::new());
    for letter in seed.chars() {
        let value = letters.find(letter).expect("base32");
        number = (number << 5) | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((number >> bits) & 0xff).unwrap());
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let step = world.clock.now().seconds() / 30;
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 0xf);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Somebody with a telephone: its factor, its seed, the session, the recovery codes.
struct Telephone {
    factor: String,
    seed: String,
    session: Value,
    recovery: Vec<String>,
}

async fn enrolled(house: &House<'_>) -> Telephone {
    let session = house.employs(Role::Member, ANNA).await;
    let body = json!({ "factor_type": "totp", "friendly_name": "telephone" });
    let made = house
        .sends(&session, "POST", "/auth/v1/factors", body)
        .await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let (factor, seed) = (text(&made["id"]), text(&made["totp"]["secret"]));
    let wrong = shows(house, &session, &factor, "000000").await;
    assert_eq!(
        (wrong.0, &wrong.1["error_code"]),
        (422, &json!("mfa_verification_failed"))
    );
    let (status, shown) = shows(house, &session, &factor, &code(house.world, &seed)).await;
    assert_eq!(status, 200, "{shown}");
    let recovery = shown["recovery_codes"].as_array().unwrap();
    Telephone {
        recovery: recovery.iter().map(text).collect(),
        session: shown,
        factor,
        seed,
    }
}

async fn shows(house: &House<'_>, session: &Value, factor: &str, code: &str) -> (u16, Value) {
    let path = format!("/auth/v1/factors/{factor}/challenge");
    let challenge = house.sends(session, "POST", &path, json!({})).await;
    assert_eq!(challenge.status, 200, "{}", challenge.text());
    let body = json!({ "challenge_id": challenge.json()["id"], "code": code });
    let path = format!("/auth/v1/factors/{factor}/verify");
    let answer = house.sends(session, "POST", &path, body).await;
    (answer.status, answer.json())
}

async fn whoever_has_a_second_factor_gets_nowhere_without_showing_it(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let telephone = enrolled(&house).await;
    assert_eq!(
        house
            .does(&telephone.session, "GET", "/api/me")
            .await
            .status,
        200
    );

    let half = house.signs_in(ANNA).await;
    assert_eq!(half["user"]["factors"][0]["status"], "verified");
    assert_eq!(house.does(&half, "GET", "/api/me").await.status, 401);
    assert_eq!(house.refused("second_factor").await, 2);
    let token = text(&half["access_token"]);
    assert_eq!(
        house.turns_away(token.into()).await,
        "4500 unauthorized, stay away"
    );
    let refreshed = house.refreshes(&half["refresh_token"]).await.json();
    assert_eq!(house.does(&refreshed, "GET", "/api/me").await.status, 401);
    // Nor can it be taken away, or the password changed, or another one made.
    let path = format!("/auth/v1/factors/{}", telephone.factor);
    assert_eq!(house.does(&half, "DELETE", &path).await.status, 403);
    let password =
        json!({ "password": "an entirely new one", "current_password": super::house::PASSWORD });
    let refused = house.sends(&half, "PUT", "/auth/v1/user", password).await;
    assert_eq!(refused.json()["error_code"], "insufficient_aal");
    let body = json!({ "factor_type": "totp" });
    assert_eq!(
        house
            .sends(&half, "POST", "/auth/v1/factors", body)
            .await
            .status,
        403
    );

    let now = code(&world, &telephone.seed);
    let (status, _) = shows(&house, &half, &telephone.factor, &now).await;
    assert_eq!(status, 422, "the code was shown already");
    world.clock.advance(STEP);
    let now = code(&world, &telephone.seed);
    let (status, whole) = shows(&house, &half, &telephone.factor, &now).await;
    assert_eq!(status, 200, "{whole}");
    assert_eq!(whole.get("recovery_codes"), None);
    assert_eq!(house.does(&whole, "GET", "/api/me").await.status, 200);
    let old = house.refreshes(&refreshed["refresh_token"]).await;
    assert_eq!(old.status, 400, "it had proven less");
    let next = house.refreshes(&whole["refresh_token"]).await.json();
    assert_eq!(house.does(&next, "GET", "/api/me").await.status, 200);
    assert_eq!(house.does(&next, "DELETE", &path).await.status, 200);
    let plain = house.signs_in(ANNA).await;
    assert_eq!(house.does(&plain, "GET", "/api/me").await.status, 200);
}

async fn a_recovery_code_stands_for_a_lost_telephone_once(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let telephone = enrolled(&house).await;
    assert_eq!(telephone.recovery.len(), 10);
    let half = house.signs_in(ANNA).await;
    let recovery = telephone.recovery[3].to_uppercase();
    let (status, whole) = shows(&house, &half, &telephone.factor, &recovery).await;
    assert_eq!(status, 200, "{whole}");
    let again = house.signs_in(ANNA).await;
    let (status, _) = shows(&house, &again, &telephone.factor, &recovery).await;
    assert_eq!(status, 422);
}

async fn codes_cannot_be_tried_without_end(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let telephone = enrolled(&house).await;
    let half = house.signs_in(ANNA).await;
    let mut statuses = Vec::new();
    for n in 0..7 {
        let guess = format!("{n:06}");
        statuses.push(shows(&house, &half, &telephone.factor, &guess).await.0);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429]);
}

async fn a_reset_link_does_not_go_around_the_second_factor(world: World) {
    let world = with_accounts(world);
    let house = House::open(&world).await;
    let telephone = enrolled(&house).await;
    let token = house
        .resets(super::house::user_of(&telephone.session))
        .await;
    let body = json!({ "type": "recovery", "token_hash": token });
    let opened = house.posts("/auth/v1/verify", body).await.json();
    let new = json!({ "password": "an entirely new one" });
    let refused = house
        .sends(&opened, "PUT", "/auth/v1/user", new.clone())
        .await;
    assert_eq!(refused.json()["error_code"], "insufficient_aal");
    world.clock.advance(STEP);
    let now = code(&world, &telephone.seed);
    let (_, whole) = shows(&house, &opened, &telephone.factor, &now).await;
    let changed = house.sends(&whole, "PUT", "/auth/v1/user", new).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
}

on_each_database!(
    whoever_has_a_second_factor_gets_nowhere_without_showing_it,
    a_recovery_code_stands_for_a_lost_telephone_once,
    codes_cannot_be_tried_without_end,
    a_reset_link_does_not_go_around_the_second_factor,
);
