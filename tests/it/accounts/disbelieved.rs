//! Who does not come in from an identity provider, whatever it or somebody else says.

use super::elsewhere::{BACK, Browser, authorizes, by, comes_in, goes, of_acme, told, url};
use super::house::House;
use crate::support::World;
use crate::support::provider::{CLIENT, Provider};
use serde_json::json;

async fn a_token_that_is_not_to_be_believed_lets_nobody_in(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    let house = House::open(&world).await;
    let now = world.clock.now().seconds();
    let wrong = [
        ("another issuer", json!({ "iss": "https://other.example" })),
        (
            "a slash more",
            json!({ "iss": format!("{}/", provider.stand.url) }),
        ),
        ("another audience", json!({ "aud": "somebody else" })),
        (
            "several, and for none of them",
            json!({ "aud": [CLIENT, "somebody else"] }),
        ),
        ("for another program", json!({ "azp": "somebody else" })),
        ("another nonce", json!({ "nonce": "another" })),
        ("no nonce", json!({ "nonce": null })),
        ("expired", json!({ "exp": now - 31 })),
        ("without an end", json!({ "exp": null })),
        ("of tomorrow", json!({ "iat": now + 3600 })),
        ("nobody", json!({ "sub": "" })),
        ("without a subject", json!({ "sub": null })),
        (
            "of another access token",
            json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
        ),
    ];
    let mut refused = 0;
    for (what, over) in wrong {
        let back = goes(&house, &provider, "n-1", "nora@acme.example", over).await;
        assert_eq!(told(&back, "code"), None, "{what}");
        assert_eq!(
            told(&back, "error_code").as_deref(),
            Some("bad_oauth_callback"),
            "{what}"
        );
        refused += 1;
        assert_eq!(house.refused("identity_token").await, refused, "{what}");
    }
    let usual = json!({ "alg": "ES256", "typ": "JWT", "kid": "one" });
    for (what, header, forged) in [
        ("forged", usual.clone(), true),
        ("by nobody", json!({ "alg": "none" }), false),
        ("by a shared secret", json!({ "alg": "HS256" }), false),
        (
            "by another key",
            json!({ "alg": "ES256", "kid": "two" }),
            false,
        ),
    ] {
        provider.says(|provider| (provider.header, provider.forged) = (header, forged));
        let back = goes(&house, &provider, "n-1", "nora@acme.example", json!({})).await;
        assert_eq!(
            told(&back, "error_code").as_deref(),
            Some("bad_oauth_callback"),
            "{what}"
        );
        refused += 1;
        assert_eq!(house.refused("identity_token").await, refused, "{what}");
    }
    provider.says(|provider| (provider.header, provider.forged) = (usual, false));
    comes_in(&house, &provider, "n-1", "nora@acme.example").await;
}

async fn a_provider_that_is_away_or_odd_sends_people_back_with_a_reason(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    for (what, over) in [
        ("another name", json!({ "issuer": "https://other.example" })),
        (
            "its name with a slash",
            json!({ "issuer": format!("{}/", provider.stand.url) }),
        ),
        (
            "keys in the clear",
            json!({ "jwks_uri": "http://other.example/keys" }),
        ),
        (
            "tokens in the clear",
            json!({ "token_endpoint": "http://10.0.0.1/token" }),
        ),
        (
            "a file",
            json!({ "authorization_endpoint": "file:///etc/passwd" }),
        ),
        ("nothing", json!({ "token_endpoint": null })),
    ] {
        provider.says(|provider| provider.described = over);
        let house = House::open(&world).await;
        let answer = authorizes(&house, &[]).await;
        let back = url(answer.header("location").expect("a way back"));
        assert!(back.as_str().starts_with(BACK), "{what}: {back}");
        assert_eq!(
            told(&back, "error_code").as_deref(),
            Some("provider_unavailable"),
            "{what}"
        );
        assert_eq!(house.refused("identity_provider").await, 1, "{what}");
    }
    provider.says(|provider| provider.described = json!({}));
    let house = House::open(&world).await;
    let there = format!("{}/elsewhere", provider.stand.url);
    for (what, says, code) in [
        (
            "a no",
            (400, None, json!({ "error": "invalid_grant" }).to_string()),
            "bad_oauth_callback",
        ),
        (
            "a failure",
            (500, None, "{}".into()),
            "provider_unavailable",
        ),
        (
            "elsewhere",
            (307, Some(there), "{}".into()),
            "provider_unavailable",
        ),
        (
            "nonsense",
            (200, None, "<html>".into()),
            "provider_unavailable",
        ),
        ("no token", (200, None, "{}".into()), "provider_unavailable"),
    ] {
        provider.says(|provider| provider.token = Some(says));
        let back = goes(&house, &provider, "n-1", "nora@acme.example", json!({})).await;
        assert_eq!(told(&back, "error_code").as_deref(), Some(code), "{what}");
    }
    assert!(provider.stand.asked("/elsewhere").is_empty());
    provider.says(|provider| provider.token = None);
    let browser = Browser::begins(&house).await;
    let back = browser
        .comes_back(&house, &[("error", "access_denied")])
        .await;
    assert_eq!(told(&back, "error_code").as_deref(), Some("access_denied"));
    assert_eq!(house.refused("identity_provider").await, 6);
    // One that says whose answer it is says its own name, or the code is shown to nobody.
    let shown = provider.stand.asked("/token").len();
    let browser = Browser::begins(&house).await;
    let back = browser
        .comes_back(&house, &[("iss", "https://other.example")])
        .await;
    assert_eq!(
        told(&back, "error_code").as_deref(),
        Some("bad_oauth_callback")
    );
    assert_eq!(provider.stand.asked("/token").len(), shown);
}

async fn only_those_of_the_settings_are_let_in(world: World) {
    let provider = Provider::open().await;
    let world = by(world, &provider, of_acme());
    let house = House::open(&world).await;
    for (what, email, over, comes) in [
        ("of the domain", "a@ACME.example", json!({}), true),
        (
            "said as a text",
            "a@acme.example",
            json!({ "email_verified": "true" }),
            true,
        ),
        (
            "not verified",
            "a@acme.example",
            json!({ "email_verified": false }),
            false,
        ),
        (
            "not said to be",
            "a@acme.example",
            json!({ "email_verified": null }),
            false,
        ),
        ("of another domain", "a@other.example", json!({}), false),
        (
            "of one that ends alike",
            "a@not-acme.example",
            json!({}),
            false,
        ),
        ("of a domain below", "a@b.acme.example", json!({}), false),
        (
            "in the group",
            "a@other.example",
            json!({ "groups": ["x", "desk"] }),
            true,
        ),
        (
            "in that one alone",
            "a@other.example",
            json!({ "groups": "desk" }),
            true,
        ),
        (
            "in another group",
            "a@other.example",
            json!({ "groups": ["desks"] }),
            false,
        ),
    ] {
        let back = goes(&house, &provider, what, email, over).await;
        assert_eq!(told(&back, "code").is_some(), comes, "{what}: {back}");
        if !comes {
            assert_eq!(
                told(&back, "error_code").as_deref(),
                Some("user_not_allowed"),
                "{what}"
            );
        }
    }
    assert_eq!(house.refused("not_allowed").await, 6);
    // What the token leaves out is asked for, and believed of the same person alone.
    let silent = json!({ "email": null });
    provider.says(|provider| {
        let info = json!({ "sub": "s-1", "email": "s@acme.example", "email_verified": true });
        provider.user_info = Some(info);
    });
    let back = goes(&house, &provider, "s-1", "-", silent.clone()).await;
    assert!(told(&back, "code").is_some(), "{back}");
    let asked = provider.stand.asked("/me");
    assert_eq!(asked[0].headers["authorization"], "Bearer an access token");
    let back = goes(&house, &provider, "s-2", "-", silent).await;
    assert_eq!(
        told(&back, "error_code").as_deref(),
        Some("bad_oauth_callback")
    );
}

on_each_database!(
    a_token_that_is_not_to_be_believed_lets_nobody_in,
    only_those_of_the_settings_are_let_in,
    a_provider_that_is_away_or_odd_sends_people_back_with_a_reason,
);
