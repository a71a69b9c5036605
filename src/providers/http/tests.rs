//! Stories of requests to a provider that does not always behave.

use super::error::Broken;
use super::{Http, HttpError, Limits, Method, Request};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::providers::scripted::{Scripted, Step, soon};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

const KEY: &str = "KEY0123456789";

/// Short tries and no pauses to speak of, by the machine's clock.
fn hasty() -> Http {
    let limits = Limits {
        total: Duration::from_millis(600),
        one_try: Duration::from_millis(240),
        least: Duration::from_millis(10),
        pause: Duration::from_millis(1),
    };
    Http::within(Clock::system(), limits).unwrap()
}

/// The usual limits, by a clock that stands.
fn standing() -> (Http, Clock) {
    let clock = Clock::by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
    (Http::new(clock.clone()).unwrap(), clock)
}

fn command(server: &Scripted) -> Request {
    let body = json!({"command_id": "1"});
    Request::new(Method::POST, &server.base, &["calls", "v3:a=="])
        .bearer(&SecretString::from(KEY))
        .json(body)
}

/// Moves the clock once the request sleeps by it.
async fn wind(clock: &Clock, duration: Duration) {
    let sleeps = async {
        while clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(sleeps).await;
    clock.advance(duration);
    // Whoever was woken by that has gone on when this returns.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_shows_its_key_and_its_body_at_the_right_address() {
    let server = Scripted::doing([Step::says("200 OK", "{\"data\":{}}")]).await;
    let answer = hasty().send(&command(&server).query("a b", "c")).await;
    let answer = answer.unwrap();
    assert!(answer.is_success() && !answer.in_doubt);
    assert_eq!(&answer.body[..], b"{\"data\":{}}");
    let taken = &server.taken()[0];
    assert_eq!(taken.line, "POST /v2/calls/v3%3Aa%3D%3D?a+b=c");
    assert_eq!(taken.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(taken.headers["content-type"], "application/json");
    let agent = concat!("callboard/", env!("CARGO_PKG_VERSION"));
    assert_eq!(taken.headers["user-agent"], agent);
    assert_eq!(taken.json(), json!({"command_id": "1"}));
}

#[tokio::test]
async fn what_may_be_repeated_is_tried_three_times_more_word_for_word() {
    for bad in [
        Step::says("500 Internal Server Error", "{}"),
        Step::says("503 Service Unavailable", "<html>"),
        Step::says("429 Too Many Requests", "{}"),
        Step::says("408 Request Timeout", ""),
        Step::says("200 OK", "<html>all is well</html>"),
        Step::HangsUp,
    ] {
        let good = Step::says("200 OK", "{}");
        let server = Scripted::doing([bad.clone(), bad.clone(), bad.clone(), good]).await;
        let request = command(&server).repeatable();
        let answer = hasty().send(&request).await.unwrap();
        assert!(answer.is_success() && !answer.in_doubt);
        let taken = server.taken();
        assert_eq!(taken.len(), 4);
        assert!(taken.iter().all(|one| one.body == taken[0].body));

        server.does(bad.clone());
        let _ = hasty().send(&request).await;
        assert_eq!(server.taken().len(), 8, "three times more, and no more");
        let _ = hasty().send(&command(&server)).await;
        assert_eq!(server.taken().len(), 9, "what may not be repeated is not");
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "302 Found",
        "422 Unprocessable",
    ] {
        let server = Scripted::doing([Step::says(status, "no")]).await;
        let answer = hasty().send(&command(&server).repeatable()).await.unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(server.taken().len(), 1);
        assert!(!answer.in_doubt);
    }
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up_when_the_whole_time_is_over() {
    let server = Scripted::doing([Step::Hangs]).await;
    let (clock, began) = (Clock::system(), Clock::system().now());
    let error = hasty()
        .send(&command(&server).repeatable())
        .await
        .unwrap_err();
    let took = clock.now().micros_since(began);
    assert!(
        matches!(
            error,
            HttpError::Unknown {
                how: Broken::TimedOut,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        server.taken().len(),
        3,
        "two whole tries and the rest of the time"
    );
    assert!(took >= 550_000, "{took}");
    assert!(took < 5_000_000, "{took}");

    let _ = hasty().send(&command(&server)).await.unwrap_err();
    assert_eq!(
        server.taken().len(),
        4,
        "one that may not be repeated has all the time"
    );
}

#[tokio::test]
async fn a_try_that_hangs_leaves_time_for_another() {
    let server = Scripted::doing([Step::Hangs, Step::says("200 OK", "{}")]).await;
    let answer = hasty().send(&command(&server).repeatable()).await.unwrap();
    assert!(answer.is_success());
}

#[tokio::test]
async fn the_wait_that_the_provider_asks_for_is_kept() {
    for asked in ["6", "Sat, 21 Nov 2026 12:00:06 GMT"] {
        let headers: &'static [_] = Box::leak(Box::new([("Retry-After", asked)]));
        let slow = Step::Says("429 Too Many Requests", headers, String::new());
        let server = Scripted::doing([slow, Step::says("200 OK", "{}")]).await;
        let (http, clock) = standing();
        let request = command(&server).repeatable();
        let sending = tokio::spawn(async move { http.send(&request).await });
        wind(&clock, Duration::from_millis(5_900)).await;
        wind(&clock, Duration::from_millis(99)).await;
        assert_eq!((clock.waiting(), server.taken().len()), (1, 1));
        wind(&clock, Duration::from_millis(1)).await;
        assert!(soon(sending).await.unwrap().unwrap().is_success());
        assert_eq!(server.taken().len(), 2);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_time_that_is_left_ends_it_at_once() {
    let slow = Step::Says(
        "429 Too Many Requests",
        &[("Retry-After", "10")],
        String::new(),
    );
    let server = Scripted::doing([slow]).await;
    let (http, clock) = standing();
    let answer = soon(http.send(&command(&server).repeatable()))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.in_doubt), (429, false));
    assert_eq!((server.taken().len(), clock.waiting()), (1, 0));
}

#[tokio::test]
async fn pauses_go_by_the_clock_and_grow() {
    let server = Scripted::doing([Step::says("500 Oh", "")]).await;
    let (http, clock) = standing();
    let request = command(&server).repeatable();
    let sending = tokio::spawn(async move { http.send(&request).await });
    for (tries, pause) in [(1, 200), (2, 400), (3, 800)] {
        server.has_taken(tries).await;
        wind(&clock, Duration::from_millis(pause - 1)).await;
        assert_eq!(clock.waiting(), 1, "the pause is longer");
        wind(&clock, Duration::from_millis(pause + 2)).await;
    }
    let answer = soon(sending).await.unwrap().unwrap();
    assert_eq!((answer.status, server.taken().len()), (500, 4));
    assert!(answer.in_doubt);
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = Scripted::doing([Step::NeverEnds("200 OK")]).await;
    let error = soon(hasty().send(&command(&server))).await.unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Unknown {
                how: Broken::Garbage,
                ..
            }
        ),
        "{error}"
    );
    server.does(Step::NeverEnds("403 Forbidden"));
    let answer = soon(hasty().send(&command(&server))).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (403, 1024 * 1024));
}

#[tokio::test]
async fn only_what_never_had_a_connection_is_surely_not_done() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let request = Request::new(Method::GET, &nobody.parse().unwrap(), &["calls"]);
    let error = hasty().send(&request).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { .. }), "{error}");
    assert!(!error.in_doubt());

    // The first try's answer is lost, and what follows tells nothing about it.
    for last in [
        Step::says("429 Too Many Requests", ""),
        Step::says("404 Not Found", ""),
    ] {
        let server = Scripted::doing([Step::HangsUp, last]).await;
        let answer = hasty().send(&command(&server).repeatable()).await.unwrap();
        assert!(answer.in_doubt);
    }
    let lost = HttpError::Unreachable {
        host: "h".into(),
        why: "refused".into(),
    };
    assert!(lost.after_doubt().in_doubt());
}

#[tokio::test]
async fn no_text_holds_the_key() {
    let server = Scripted::doing([Step::HangsUp]).await;
    let request = command(&server);
    let mut texts = vec![format!("{request:?}"), format!("{:?}", hasty())];
    texts.push(format!("{:?}", request.header().unwrap()));
    let error = hasty().send(&request).await.unwrap_err();
    texts.extend([format!("{error}"), format!("{error:?}")]);
    let bad = request
        .clone()
        .bearer(&SecretString::from(format!("{KEY}\n")));
    let error = hasty().send(&bad).await.unwrap_err();
    texts.extend([format!("{error}"), format!("{error:?}")]);
    for text in texts {
        assert!(!text.contains("KEY0"), "{text}");
    }
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_is_never_asked() {
    let server = Scripted::doing([Step::says("200 OK", "{}")]).await;
    let request = Request::new(Method::GET, &server.base, &["calls", ".."]);
    let error = hasty().send(&request).await.unwrap_err();
    assert!(matches!(error, HttpError::Unsendable(_)), "{error}");
    assert!(server.taken().is_empty());
}
