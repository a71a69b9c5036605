//! When the issuer is asked for its keys, and what happens while it is away.

use super::fake_issuer::{Answer, FakeIssuer};
use super::pair::{Pair, jwks};
use super::{claims_with, clock, hs256, refusal, secs, with_issuer};
use crate::auth::{AuthError, Refusal, Verifier};
use futures_util::future::{join, join_all};
use serde_json::json;

fn anna(pair: &Pair, issuer: &FakeIssuer) -> String {
    pair.token(&claims_with(
        json!({"iss": issuer.name(), "exp": super::NOW + 1_000_000}),
    ))
}

#[tokio::test]
async fn a_crowd_asks_the_issuer_once() {
    let pair = Pair::es256("one");
    let issuer = FakeIssuer::answering(Answer::KeysHeld(jwks(&[&pair]))).await;
    let verifier = with_issuer(&issuer, &clock());
    let token = anna(&pair, &issuer);
    let crowd = join_all((0..50).map(|_| verifier.verify(&token)));
    let (outcomes, ()) = join(crowd, async {
        issuer.has_been_asked(1).await;
        issuer.lets_go();
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn keys_are_asked_for_again_after_ten_minutes_and_revoked_ones_forgotten() {
    let (old, new) = (Pair::es256("old"), Pair::es256("new"));
    let issuer = FakeIssuer::publishing(&[&old]).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    let token = anna(&old, &issuer);
    assert!(verifier.verify(&token).await.is_ok());

    issuer.publishes(&[&new]);
    clock.advance(secs(599));
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(issuer.asked(), 1);

    clock.advance(secs(1));
    assert_eq!(refusal(&verifier, &token).await, Refusal::UnknownKey);
    assert!(verifier.verify(&anna(&new, &issuer)).await.is_ok());
}

#[tokio::test]
async fn an_unknown_key_id_is_asked_for_once() {
    let (old, new) = (Pair::es256("old"), Pair::ed25519("new"));
    let issuer = FakeIssuer::publishing(&[&old]).await;
    let verifier = with_issuer(&issuer, &clock());
    assert!(verifier.verify(&anna(&old, &issuer)).await.is_ok());

    issuer.publishes(&[&old, &new]);
    assert!(verifier.verify(&anna(&new, &issuer)).await.is_ok());
    assert!(verifier.verify(&anna(&old, &issuer)).await.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn forged_key_ids_cause_no_storm() {
    let pair = Pair::es256("real");
    let issuer = FakeIssuer::publishing(&[&pair]).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    assert!(verifier.verify(&anna(&pair, &issuer)).await.is_ok());
    for round in 0..3 {
        for _ in 0..20 {
            let forged = Pair::es256("forged");
            assert_eq!(
                refusal(&verifier, &anna(&forged, &issuer)).await,
                Refusal::UnknownKey
            );
        }
        assert_eq!(issuer.asked(), 2 + round);
        clock.advance(secs(30));
    }
    assert!(verifier.verify(&anna(&pair, &issuer)).await.is_ok());
}

#[tokio::test]
async fn stale_keys_serve_while_the_issuer_is_away() {
    let pair = Pair::es256("one");
    let issuer = FakeIssuer::publishing(&[&pair]).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    let token = anna(&pair, &issuer);
    assert!(verifier.verify(&token).await.is_ok());

    issuer.answers(Answer::HangsUp);
    clock.advance(secs(3600));
    assert!(verifier.verify(&token).await.is_ok());
    issuer.answers(Answer::Fails);
    clock.advance(secs(3600));
    assert!(verifier.verify(&token).await.is_ok());

    clock.advance(secs(22 * 3600));
    assert_eq!(verifier.verify(&token).await, Err(AuthError::Unavailable));
}

#[tokio::test]
async fn nobody_with_a_known_key_waits_for_an_issuer_that_was_away() {
    let pair = Pair::es256("one");
    let issuer = FakeIssuer::publishing(&[&pair]).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    let token = anna(&pair, &issuer);
    assert!(verifier.verify(&token).await.is_ok());
    issuer.answers(Answer::Fails);
    clock.advance(secs(600));
    assert!(verifier.verify(&token).await.is_ok());

    // This request is not answered before the token has been: it goes on in the background.
    issuer.answers(Answer::KeysHeld(jwks(&[&pair])));
    clock.advance(secs(2));
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(issuer.asked(), 2, "not waited for");
    issuer.has_been_asked(3).await;
    issuer.lets_go();
}

#[tokio::test]
async fn a_key_that_an_absent_issuer_may_have_published_is_not_refused_for_good() {
    let (old, new) = (Pair::es256("old"), Pair::es256("new"));
    let issuer = FakeIssuer::publishing(&[&old]).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    assert!(verifier.verify(&anna(&old, &issuer)).await.is_ok());
    issuer.answers(Answer::Fails);
    assert_eq!(
        verifier.verify(&anna(&new, &issuer)).await,
        Err(AuthError::Unavailable)
    );
    assert!(verifier.verify(&anna(&old, &issuer)).await.is_ok());

    issuer.publishes(&[&old, &new]);
    clock.advance(secs(30));
    assert!(verifier.verify(&anna(&new, &issuer)).await.is_ok());
}

#[tokio::test]
async fn an_issuer_away_from_the_start_is_tried_again_shortly() {
    let pair = Pair::es256("one");
    let issuer = FakeIssuer::answering(Answer::Fails).await;
    let clock = clock();
    let verifier = with_issuer(&issuer, &clock);
    let token = anna(&pair, &issuer);
    for _ in 0..5 {
        assert_eq!(verifier.verify(&token).await, Err(AuthError::Unavailable));
    }
    assert_eq!(issuer.asked(), 1);
    let by_secret = hs256(&claims_with(json!({"iss": issuer.name()})));
    assert!(verifier.verify(&by_secret).await.is_ok());

    issuer.publishes(&[&pair]);
    clock.advance(secs(2));
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_no_set_of_keys_counts_as_away() {
    let pair = Pair::es256("one");
    let elsewhere = FakeIssuer::publishing(&[&pair]).await;
    let mut too_long = jwks(&[&pair]);
    too_long.push_str(&" ".repeat(256 * 1024));
    for answer in [
        Answer::Redirects(elsewhere.project.clone()),
        Answer::Keys(too_long),
        Answer::Keys("<html>".to_owned()),
        Answer::Keys("{}".to_owned()),
    ] {
        let issuer = FakeIssuer::answering(answer).await;
        let verifier = with_issuer(&issuer, &clock());
        let outcome = verifier.verify(&anna(&pair, &issuer)).await;
        assert_eq!(outcome, Err(AuthError::Unavailable));
        assert_eq!(verifier.fetch_keys().await, Err(AuthError::Unavailable));
    }
    assert_eq!(elsewhere.asked(), 0, "no redirect is followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_that_goes_away_takes_no_request_with_it() {
    let pair = Pair::es256("one");
    let issuer = FakeIssuer::answering(Answer::KeysHeld(jwks(&[&pair]))).await;
    let verifier = with_issuer(&issuer, &clock());
    let token = anna(&pair, &issuer);

    // An agent closes the tab, and the worker that served it ends.
    let (leaving, left) = tokio::sync::oneshot::channel::<()>();
    let worker = on_a_worker(verifier.clone(), token.clone(), async {
        left.await.unwrap();
    });
    issuer.has_been_asked(1).await;
    leaving.send(()).unwrap();
    tokio::task::spawn_blocking(|| worker.join().unwrap())
        .await
        .unwrap();

    let colleague = on_a_worker(verifier, token, std::future::pending());
    issuer.lets_go();
    let accepted = tokio::task::spawn_blocking(|| colleague.join().unwrap())
        .await
        .unwrap();
    assert!(accepted);
    assert_eq!(issuer.asked(), 1);
}

/// Verifies a token on a runtime of its own, as the server's workers have, until somebody leaves.
fn on_a_worker(
    verifier: Verifier,
    token: String,
    leaves: impl Future<Output = ()> + Send + 'static,
) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::select! {
                outcome = verifier.verify(&token) => outcome.is_ok(),
                () = leaves => false,
            }
        })
    })
}
