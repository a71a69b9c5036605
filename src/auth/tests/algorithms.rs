//! Which signatures are believed.

use super::fake_issuer::FakeIssuer;
use super::pair::Pair;
use super::{
    ANNA, SECRET, claims_with, clock, hmac_token, hs256, refusal, token, with_issuer, with_secret,
};
use crate::auth::{AuthError, Refusal};
use serde_json::{Value, json};

fn claims_of(issuer: &FakeIssuer) -> Value {
    claims_with(json!({"iss": issuer.name()}))
}

#[tokio::test]
async fn a_token_signed_by_a_stranger_is_refused() {
    let stranger = hmac_token(
        b"stranger",
        json!({"alg": "HS256"}),
        &claims_with(json!({})),
    );
    assert_eq!(
        refusal(&with_secret(&clock()), &stranger).await,
        Refusal::Signature
    );
}

#[tokio::test]
async fn a_token_changed_after_signing_is_refused() {
    let (mine, other) = (
        hs256(&claims_with(json!({}))),
        hs256(&claims_with(json!({"iat": 1}))),
    );
    let (message, _) = mine.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let verifier = with_secret(&clock());
    for signature in [signature, "", "not base64!", "AAAA"] {
        let changed = format!("{message}.{signature}");
        assert_eq!(refusal(&verifier, &changed).await, Refusal::Signature);
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let verifier = with_secret(&clock());
    let good = hs256(&claims_with(json!({})));
    let crit = hmac_token(
        SECRET.as_bytes(),
        json!({"alg": "HS256", "crit": ["exp"]}),
        &claims_with(json!({})),
    );
    let four_parts = format!("{good}.x");
    for text in [
        "",
        ".",
        "..",
        "sb_publishable_abc",
        "a.b.c",
        &four_parts,
        &crit,
    ] {
        assert_eq!(refusal(&verifier, text).await, Refusal::Malformed, "{text}");
    }
    let blank = format!(" {good}");
    assert_eq!(refusal(&verifier, &blank).await, Refusal::Malformed);
    assert_eq!(
        refusal(&verifier, &"a".repeat(8 * 1024 + 1)).await,
        Refusal::TooLong
    );
}

#[tokio::test]
async fn none_and_unknown_algorithms_are_refused() {
    let verifier = with_secret(&clock());
    for alg in [
        "none", "None", "", "HS384", "HS512", "RS512", "PS256", "ES384", "hs256",
    ] {
        let claims = claims_with(json!({}));
        let signed = hmac_token(SECRET.as_bytes(), json!({"alg": alg}), &claims);
        assert_eq!(
            refusal(&verifier, &signed).await,
            Refusal::Algorithm,
            "{alg}"
        );
        let bare = token(&json!({"alg": alg}), &claims, |_| Vec::new());
        assert_eq!(refusal(&verifier, &bare).await, Refusal::Algorithm, "{alg}");
    }
}

#[tokio::test]
async fn a_key_id_without_a_published_key_falls_back_to_the_secret() {
    let issuer = FakeIssuer::publishing(&[]).await;
    let header = json!({"typ": "JWT", "alg": "HS256", "kid": "nowhere"});
    let token = hmac_token(SECRET.as_bytes(), header, &claims_of(&issuer));
    let identity = with_issuer(&issuer, &clock()).verify(&token).await.unwrap();
    assert_eq!(identity.user, ANNA);
    assert_eq!(issuer.asked(), 0, "the secret needs no issuer");
}

#[tokio::test]
async fn each_published_kind_of_key_verifies_its_tokens() {
    let pairs = [Pair::es256("es"), Pair::rs256("rs"), Pair::ed25519("ed")];
    let issuer = FakeIssuer::publishing(&pairs.each_ref()).await;
    let verifier = with_issuer(&issuer, &clock());
    assert_eq!(verifier.fetch_keys().await, Ok(3));
    for pair in &pairs {
        let token = pair.token(&claims_of(&issuer));
        assert_eq!(
            verifier.verify(&token).await.unwrap().user,
            ANNA,
            "{}",
            pair.kid
        );
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused_whoever_signed_it() {
    let pair = Pair::es256("es");
    let issuer = FakeIssuer::publishing(&[&pair]).await;
    let verifier = with_issuer(&issuer, &clock());
    let elsewhere = claims_with(json!({"iss": "https://elsewhere.example/auth/v1"}));
    for token in [pair.token(&elsewhere), hs256(&elsewhere)] {
        let refusal = refusal(&verifier, &token).await.to_string();
        let told = "its issuer is https://elsewhere.example/auth/v1, expected http://127.0.0.1:";
        assert!(refusal.starts_with(told), "{refusal}");
    }
}

#[tokio::test]
async fn a_public_key_never_serves_as_the_secret() {
    for pair in [Pair::es256("k"), Pair::rs256("k"), Pair::ed25519("k")] {
        let issuer = FakeIssuer::publishing(&[&pair]).await;
        let verifier = with_issuer(&issuer, &clock());
        verifier.fetch_keys().await.unwrap();
        let jwk = pair.jwk().to_string().into_bytes();
        for public in [pair.public_bytes(), jwk] {
            let header = json!({"alg": "HS256", "kid": "k"});
            let forged = hmac_token(&public, header, &claims_of(&issuer));
            assert_eq!(refusal(&verifier, &forged).await, Refusal::Signature);
        }
    }
}

#[tokio::test]
async fn a_published_symmetric_key_is_not_believed() {
    let jwk = json!({"kty": "oct", "alg": "HS256", "kid": "k", "k": "cHVibGlj"});
    let keys = json!({"keys": [jwk]}).to_string();
    let issuer = FakeIssuer::answering(super::fake_issuer::Answer::Keys(keys)).await;
    let verifier = with_issuer(&issuer, &clock());
    assert_eq!(verifier.fetch_keys().await, Ok(0));
    let forged = hmac_token(
        b"public",
        json!({"alg": "HS256", "kid": "k"}),
        &claims_of(&issuer),
    );
    assert_eq!(refusal(&verifier, &forged).await, Refusal::Signature);
}

#[tokio::test]
async fn a_key_verifies_only_its_own_algorithm_and_id() {
    let (es, rs) = (Pair::es256("es"), Pair::rs256("rs"));
    let issuer = FakeIssuer::publishing(&[&es, &rs]).await;
    let verifier = with_issuer(&issuer, &clock());
    let claims = claims_of(&issuer);
    let of_the_others_kind = es.token_headed(&json!({"alg": "RS256", "kid": "es"}), &claims);
    assert_eq!(
        refusal(&verifier, &of_the_others_kind).await,
        Refusal::UnknownKey
    );
    let under_the_others_id = es.token_headed(&json!({"alg": "RS256", "kid": "rs"}), &claims);
    assert_eq!(
        refusal(&verifier, &under_the_others_id).await,
        Refusal::Signature
    );
    let with_no_id = es.token_headed(&json!({"alg": "ES256"}), &claims);
    assert!(verifier.verify(&with_no_id).await.is_ok());
}

#[tokio::test]
async fn keys_of_no_use_to_us_do_not_spoil_the_set() {
    let pair = Pair::es256("es");
    let mut for_encryption = Pair::es256("enc").jwk();
    for_encryption["use"] = json!("enc");
    let mut for_signing = Pair::es256("sign").jwk();
    for_signing["key_ops"] = json!(["sign"]);
    let mut of_another_algorithm = Pair::es256("es384").jwk();
    of_another_algorithm["alg"] = json!("ES384");
    let keys = json!({"keys": [
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "x"}, {"kty": 7}, "nonsense",
        {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}, {"kty": "EC", "crv": "P-384"},
        for_encryption, for_signing, of_another_algorithm, pair.jwk(),
    ]});
    let answer = super::fake_issuer::Answer::Keys(keys.to_string());
    let issuer = FakeIssuer::answering(answer).await;
    let verifier = with_issuer(&issuer, &clock());
    assert_eq!(verifier.fetch_keys().await, Ok(1));
    assert!(
        verifier
            .verify(&pair.token(&claims_of(&issuer)))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn without_an_issuer_or_a_secret_its_tokens_are_refused() {
    let clock = clock();
    let pair = Pair::es256("es");
    let token = pair.token(&claims_with(json!({})));
    assert_eq!(
        refusal(&with_secret(&clock), &token).await,
        Refusal::NotConfigured
    );

    let issuer = FakeIssuer::publishing(&[&pair]).await;
    let settings = crate::config::Auth {
        jwt_secret: None,
        supabase_url: Some(issuer.project.clone()),
        ..crate::config::Auth::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let verifier =
        crate::auth::Verifier::new(&settings, clock, crate::telemetry::Metrics::new(), runtime)
            .unwrap();
    let error = verifier
        .verify(&hs256(&claims_of(&issuer)))
        .await
        .unwrap_err();
    assert_eq!(error, AuthError::Unauthorized(Refusal::NotConfigured));
}
