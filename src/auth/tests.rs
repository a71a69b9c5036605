//! Stories of people who show their tokens.

mod algorithms;
mod fake_issuer;
mod issuer_keys;
mod pair;
mod user_rule;

use super::{AuthError, Refusal, Verifier};
use crate::clock::Clock;
use crate::config::Auth;
use crate::domain::{Timestamp, UserId};
use crate::telemetry::Metrics;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_issuer::FakeIssuer;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::Handle;
use url::Url;
use uuid::Uuid;

const SECRET: &str = "a-shared-secret-with-at-least-32-characters";
const ANNA: UserId = UserId(Uuid::from_u128(0xa11a));
/// 2026-11-21T01:40:00Z.
const NOW: i64 = 1_795_225_200;

fn clock() -> Clock {
    Clock::by_hand(Timestamp::default().plus_seconds(NOW))
}

/// What must not take long; the deadline only ends a broken test.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    let deadline = tokio::time::timeout(secs(20), future);
    deadline.await.expect("it never came")
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The claims of Anna's token, with some changed, and those taken out that are given as null.
fn claims_with(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "https://project.example/auth/v1", "sub": ANNA.to_string(),
        "aud": "authenticated", "role": "authenticated", "email": "anna@example.com", "phone": "",
        "exp": NOW + 3600, "iat": NOW, "is_anonymous": false, "session_id": ANNA.to_string(),
        "aal": "aal1", "amr": [{"method": "password", "timestamp": NOW}],
        "app_metadata": {"provider": "email"}, "user_metadata": {"role": "agency_owner"},
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

/// A token with that header and those claims, signed by whatever signs.
fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn hmac_token(secret: &[u8], header: Value, claims: &Value) -> String {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    token(&header, claims, |message| {
        hmac::sign(&key, message).as_ref().to_vec()
    })
}

fn hs256(claims: &Value) -> String {
    hmac_token(
        SECRET.as_bytes(),
        json!({"typ": "JWT", "alg": "HS256"}),
        claims,
    )
}

fn with_secret(clock: &Clock) -> Verifier {
    let jwt_secret = Some(SecretString::from(SECRET));
    let settings = Auth {
        jwt_secret,
        ..Auth::default()
    };
    Verifier::new(&settings, clock.clone(), Metrics::new(), Handle::current()).unwrap()
}

/// A verifier that knows the secret and an issuer.
fn with_issuer(issuer: &FakeIssuer, clock: &Clock) -> Verifier {
    let settings = Auth {
        jwt_secret: Some(SecretString::from(SECRET)),
        supabase_url: Some(issuer.project.clone()),
        ..Auth::default()
    };
    Verifier::new(&settings, clock.clone(), Metrics::new(), Handle::current()).unwrap()
}

async fn refusal(verifier: &Verifier, token: &str) -> Refusal {
    match verifier.verify(token).await {
        Err(AuthError::Unauthorized(refusal)) => refusal,
        other => panic!("neither accepted nor away: {other:?}"),
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_start() {
    let start = |secret: Option<&str>, url: Option<&str>| {
        let settings = Auth {
            jwt_secret: secret.map(SecretString::from),
            supabase_url: url.map(|url| Url::parse(url).unwrap()),
            ..Auth::default()
        };
        Verifier::new(&settings, clock(), Metrics::new(), Handle::current())
    };
    for secret in ["", "  \n"] {
        assert!(matches!(
            start(Some(secret), None),
            Err(AuthError::Settings(_))
        ));
    }
    for url in [
        "postgres://db.example",
        "data:text/plain,x",
        "https://project.example/?apikey=1",
        "https://project.example/#x",
        "https://me:hush@project.example",
    ] {
        assert!(
            matches!(start(None, Some(url)), Err(AuthError::Settings(_))),
            "{url}"
        );
    }
    assert!(start(Some(SECRET), Some("https://project.example/")).is_ok());
}

#[tokio::test]
async fn without_settings_every_token_is_refused() {
    let verifier =
        Verifier::new(&Auth::default(), clock(), Metrics::new(), Handle::current()).unwrap();
    let token = hs256(&claims_with(json!({})));
    assert_eq!(refusal(&verifier, &token).await, Refusal::NotConfigured);
    assert_eq!(verifier.fetch_keys().await, Ok(0));
}

#[test]
fn the_issuer_is_named_after_the_project() {
    for url in ["https://abc.supabase.co", "https://ABC.supabase.co:443/"] {
        let supabase_url = Some(Url::parse(url).unwrap());
        let settings = Auth {
            supabase_url,
            ..Auth::default()
        };
        let issuer = settings.project_issuer().unwrap();
        assert_eq!(issuer, "https://abc.supabase.co/auth/v1");
    }
}

#[tokio::test]
async fn what_is_said_shows_neither_secret_nor_token() {
    let clock = clock();
    let verifier = with_secret(&clock);
    let token = hmac_token(
        b"stranger",
        json!({"alg": "HS256"}),
        &claims_with(json!({})),
    );
    let error = verifier.verify(&token).await.unwrap_err();
    let said = format!("{verifier:?} {error} {error:?}");
    assert!(!said.contains(SECRET) && !said.contains(&token), "{said}");
    assert!(
        !error.to_string().contains("signature"),
        "the caller is not told why"
    );
}
