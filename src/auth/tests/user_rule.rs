//! Who counts as a user.

use super::{ANNA, NOW, SECRET, claims_with, clock, hmac_token, hs256, refusal, secs, with_secret};
use crate::auth::{Identity, LEEWAY_SECONDS, Refusal, Verifier, mint};
use crate::clock::Clock;
use crate::domain::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

async fn refused(claims: Value) -> Refusal {
    refusal(&with_secret(&clock()), &hs256(&claims_with(claims))).await
}

async fn accepted(claims: Value) -> Identity {
    let verifier = with_secret(&clock());
    verifier.verify(&hs256(&claims_with(claims))).await.unwrap()
}

#[tokio::test]
async fn a_signed_in_user_is_recognised() {
    let identity = accepted(json!({})).await;
    let expires_at = Timestamp::default().plus_seconds(NOW + 3600);
    let email = Some("anna@example.com".to_owned());
    assert_eq!(
        identity,
        Identity {
            user: ANNA,
            email,
            expires_at,
            session: None,
        }
    );
    assert_eq!(accepted(json!({"email": ""})).await.email, None);
}

#[tokio::test]
async fn the_audience_may_be_one_of_several() {
    accepted(json!({"aud": ["somebody else", "authenticated"]})).await;
    assert_eq!(
        refused(json!({"aud": ["somebody else"]})).await,
        Refusal::Audience
    );
    assert_eq!(refused(json!({"aud": []})).await, Refusal::Audience);
    assert_eq!(refused(json!({"aud": "anon"})).await, Refusal::Audience);
    assert_eq!(refused(json!({"aud": null})).await, Refusal::Audience);
}

#[tokio::test]
async fn the_projects_own_keys_are_not_users() {
    for role in ["anon", "service_role"] {
        let key =
            json!({"iss": "supabase", "ref": "abc", "role": role, "iat": NOW, "exp": NOW + 99});
        assert_eq!(
            refusal(&with_secret(&clock()), &hs256(&key)).await,
            Refusal::Role
        );
        assert_eq!(refused(json!({"role": role})).await, Refusal::Role);
    }
    assert_eq!(refused(json!({"role": null})).await, Refusal::Role);
}

#[tokio::test]
async fn an_anonymous_sign_in_is_refused() {
    assert_eq!(
        refused(json!({"is_anonymous": true})).await,
        Refusal::Anonymous
    );
    accepted(json!({"is_anonymous": null})).await;
}

#[tokio::test]
async fn the_subject_must_be_a_uuid() {
    assert_eq!(refused(json!({"sub": null})).await, Refusal::Subject);
    assert_eq!(refused(json!({"sub": "anna"})).await, Refusal::Subject);
}

#[tokio::test]
async fn a_token_is_good_until_its_leeway_has_passed() {
    let clock = clock();
    let verifier = with_secret(&clock);
    let token = hs256(&claims_with(json!({"exp": NOW + 60})));
    clock.advance(secs(60 + 29));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(secs(1));
    assert_eq!(refusal(&verifier, &token).await, Refusal::Expired);
}

#[tokio::test]
async fn a_token_is_not_good_before_its_time() {
    let clock = clock();
    let verifier = with_secret(&clock);
    let token = hs256(&claims_with(json!({"nbf": NOW + LEEWAY_SECONDS + 1})));
    assert_eq!(refusal(&verifier, &token).await, Refusal::NotYet);
    clock.advance(secs(1));
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn times_may_have_decimals() {
    let identity = accepted(json!({"exp": NOW as f64 + 0.25, "nbf": NOW as f64 - 0.5})).await;
    let at = Timestamp::default().plus_seconds(NOW).plus_micros(250_000);
    assert_eq!(identity.expires_at, at);
}

#[tokio::test]
async fn a_token_without_an_end_is_refused_and_a_far_one_can_be_written() {
    assert_eq!(refused(json!({"exp": null})).await, Refusal::Endless);
    assert_eq!(
        refused(json!({"exp": "tomorrow"})).await,
        Refusal::Malformed
    );
    assert_eq!(refused(json!({"exp": -1e300})).await, Refusal::Expired);
    let far = accepted(json!({"exp": 1e300})).await.expires_at;
    assert_eq!(far.to_string(), "9999-12-30T22:00:00.000000Z");
}

#[tokio::test]
async fn only_a_token_with_nothing_else_wrong_is_called_expired() {
    let past = NOW - 3600;
    assert_eq!(refused(json!({"exp": past})).await, Refusal::Expired);
    assert_eq!(
        refused(json!({"exp": past, "role": "anon"})).await,
        Refusal::Role
    );
    assert_eq!(
        refused(json!({"exp": past, "is_anonymous": true})).await,
        Refusal::Anonymous
    );
}

#[tokio::test]
async fn claims_of_the_wrong_type_are_refused() {
    for claims in [
        json!({"role": ["authenticated"]}),
        json!({"is_anonymous": "true"}),
        json!({"aud": 1}),
        json!({"sub": 7}),
        json!({"nbf": "now"}),
    ] {
        assert_eq!(refused(claims).await, Refusal::Malformed);
    }
}

#[tokio::test]
async fn a_minted_token_is_a_users() {
    let clock = clock();
    let secret = SecretString::from(SECRET);
    let token = mint(&secret, ANNA, None, 60, clock.now()).unwrap();
    let identity = with_secret(&clock).verify(&token).await.unwrap();
    assert_eq!(identity.user, ANNA);
    assert_eq!(identity.expires_at, clock.now().plus_seconds(60));
    assert!(mint(&SecretString::from(" "), ANNA, None, 60, clock.now()).is_err());
}

#[tokio::test]
async fn a_minted_token_names_the_issuer_that_is_asked_for() {
    let clock = clock();
    let settings = crate::config::Auth {
        jwt_secret: Some(SecretString::from(SECRET)),
        supabase_url: Some("https://project.example".parse().unwrap()),
        ..crate::config::Auth::default()
    };
    let verifier = verifier_of(&settings, &clock);
    let secret = SecretString::from(SECRET);
    let minted = |issuer: Option<&str>| mint(&secret, ANNA, issuer, 60, clock.now()).unwrap();

    let issuer = settings.project_issuer();
    assert!(verifier.verify(&minted(issuer.as_deref())).await.is_ok());
    let nameless = hs256(&claims_with(json!({"iss": null})));
    for (token, issuer) in [(minted(None), "callboard"), (nameless, "not named")] {
        let refusal = refusal(&verifier, &token).await.to_string();
        let told = format!("its issuer is {issuer}, expected https://project.example/auth/v1");
        assert_eq!(refusal, told);
    }
}

#[tokio::test]
async fn a_token_may_name_any_issuer_of_the_list_with_or_without_a_slash() {
    let issuers = ["https://auth.acme.example/auth/v1", "https://old.example/"];
    for project in [None, Some("https://project.example")] {
        let settings = crate::config::Auth {
            jwt_secret: Some(SecretString::from(SECRET)),
            supabase_url: project.map(|url| url.parse().unwrap()),
            issuers: issuers.map(str::to_owned).to_vec(),
            project_key: None,
            accounts: None,
        };
        let verifier = verifier_of(&settings, &clock());
        for iss in [
            "https://auth.acme.example/auth/v1",
            "https://auth.acme.example/auth/v1/",
            "https://old.example",
            "https://old.example/",
        ] {
            let token = hs256(&claims_with(json!({ "iss": iss })));
            assert!(verifier.verify(&token).await.is_ok(), "{iss}");
        }
        // The address of the keys is not among them, nor is what only begins like one.
        for iss in [
            json!("https://project.example/auth/v1"),
            json!("https://auth.acme.example/auth/v1/x"),
            json!("https://auth.acme.example/auth"),
            json!(""),
            json!(null),
        ] {
            let token = hs256(&claims_with(json!({ "iss": iss })));
            let refusal = refusal(&verifier, &token).await;
            assert!(matches!(refusal, Refusal::Issuer { .. }), "{iss}");
        }
    }
}

#[tokio::test]
async fn the_secret_is_used_as_it_is_written() {
    // Valid base64, which must not be decoded.
    let secret = "YSBzaGFyZWQgc2VjcmV0";
    let settings = crate::config::Auth {
        jwt_secret: Some(SecretString::from(secret)),
        ..crate::config::Auth::default()
    };
    let verifier = verifier_of(&settings, &clock());
    let claims = claims_with(json!({}));
    let header = json!({"alg": "HS256"});
    let token = hmac_token(secret.as_bytes(), header.clone(), &claims);
    assert!(verifier.verify(&token).await.is_ok());
    let token = hmac_token(b"a shared secret", header, &claims);
    assert_eq!(refusal(&verifier, &token).await, Refusal::Signature);
}

fn verifier_of(settings: &crate::config::Auth, clock: &Clock) -> Verifier {
    let metrics = crate::telemetry::Metrics::new();
    let runtime = tokio::runtime::Handle::current();
    Verifier::new(settings, clock.clone(), metrics, runtime).unwrap()
}
