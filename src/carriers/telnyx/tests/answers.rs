//! What Telnyx makes of it.

use super::{Exchange, ID, KEY, LEG, OK};
use crate::carriers::CarrierError;
use crate::domain::Carrier;
use crate::providers::scripted::{Step, soon};
use std::time::Duration;

fn in_doubt(error: &CarrierError) -> bool {
    matches!(error, CarrierError::Failed { in_doubt: true, .. })
}

async fn told(status: &'static str, body: &str) -> CarrierError {
    let Exchange { telnyx, anna, .. } = Exchange::saying(status, body).await;
    soon(telnyx.answer(&anna, LEG, ID)).await.unwrap_err()
}

#[tokio::test]
async fn the_refusals_that_matter_are_told_apart_whether_text_or_number() {
    for (code, expected) in [
        ("90018", CarrierError::Ended(Carrier::Telnyx)),
        ("90034", CarrierError::NotAnswered(Carrier::Telnyx)),
        ("90020", CarrierError::TooEarly(Carrier::Telnyx)),
    ] {
        for written in [code.to_owned(), format!("\"{code}\"")] {
            let body = format!(r#"{{"errors":[{{"code":{written},"title":"T"}}]}}"#);
            let error = told("422 Unprocessable Entity", &body).await;
            assert_eq!(error, expected);
            assert!(error.is_definite() && !in_doubt(&error));
            // The status comes first: elsewhere the code means something else.
            let other = told("403 Forbidden", &body).await;
            assert!(
                matches!(other, CarrierError::Refused { status: 403, .. }),
                "{other:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_code_for_too_many_requests_is_a_refusal_under_another_status() {
    let body = r#"{"errors":[{"code":10011,"title":"SRTP not supported","detail":"For PSTN"}]}"#;
    let refused = told("422 Unprocessable Entity", body).await;
    assert_eq!(
        refused.to_string(),
        "Telnyx refused (422): SRTP not supported: For PSTN"
    );
    assert!(refused.is_definite());
    let busy = told("429 Too Many Requests", body).await;
    assert!(!busy.is_definite() && !in_doubt(&busy), "{busy:?}");
    assert!(
        busy.to_string()
            .starts_with("Telnyx has had too many requests")
    );
}

#[tokio::test]
async fn whatever_shape_a_refusal_has_it_is_a_sentence() {
    for (body, sentence) in [
        (
            r#"{"data":{},"errors":[{"code":10010,"detail":"D60"}],"telnyx_error":{}}"#,
            "D60",
        ),
        (
            r#"{"errors":[{"code":"10009","title":"No","detail":"No"}]}"#,
            "No",
        ),
        (
            r#"{"errors":[{"code":"10009"}]}"#,
            "code 10009, without a reason",
        ),
        (r#"{"error":"bad key"}"#, "bad key"),
        (r#"{"error":{"message":"bad key"}}"#, "bad key"),
        (r#"{"message":"bad key"}"#, "bad key"),
        ("plain words", "plain words"),
        ("<html><body>403</body></html>", "without a reason"),
        ("", "without a reason"),
        ("[1]", "without a reason"),
        ("{\"errors\":[]}", "without a reason"),
        ("\u{0}\u{1}", "without a reason"),
    ] {
        let error = told("403 Forbidden", body).await;
        assert_eq!(
            error.to_string(),
            format!("Telnyx refused (403): {sentence}"),
            "{body}"
        );
        assert!(error.is_definite());
    }
    let long = format!(
        r#"{{"errors":[{{"title":"{0}","detail":"{0}b"}}]}}"#,
        "a ".repeat(300)
    );
    assert!(
        told("400 Bad Request", &long)
            .await
            .to_string()
            .chars()
            .count()
            < 230
    );
}

#[tokio::test]
async fn no_answer_leaves_the_outcome_open() {
    for bad in [
        Step::says(
            "500 Oh",
            r#"{"errors":[{"code":"10007","title":"Unexpected error"}]}"#,
        ),
        Step::says("502 Bad Gateway", "<html>"),
        Step::says("200 OK", "<html>all is well</html>"),
        Step::says("200 OK", ""),
        Step::HangsUp,
        Step::NeverEnds("200 OK"),
    ] {
        let Exchange {
            telnyx,
            anna,
            server,
            ..
        } = Exchange::doing([bad]).await;
        let error = soon(telnyx.answer(&anna, LEG, ID)).await.unwrap_err();
        assert!(in_doubt(&error) && !error.is_definite(), "{error:?}");
        assert_eq!(server.taken().len(), 4);
    }
    let Exchange {
        mut telnyx, anna, ..
    } = Exchange::saying("200 OK", OK).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr();
    telnyx.client.base = format!("http://{}", nobody.unwrap()).parse().unwrap();
    let error = telnyx.answer(&anna, LEG, ID).await.unwrap_err();
    assert!(!in_doubt(&error) && !error.is_definite(), "{error:?}");
}

#[tokio::test]
async fn a_carrier_that_keeps_failing_is_left_alone_for_a_while() {
    let carrier = Exchange::saying("500 Oh", "").await;
    let Exchange {
        server,
        telnyx,
        anna,
        clock,
        metrics,
    } = &carrier;
    for _ in 0..5 {
        telnyx.answer(anna, LEG, ID).await.unwrap_err();
    }
    let asked = server.taken().len();
    let error = telnyx.answer(anna, LEG, ID).await.unwrap_err();
    let CarrierError::CircuitOpen { retry_after_s, .. } = error else {
        panic!("{error:?}");
    };
    assert!((8..=10).contains(&retry_after_s));
    assert_eq!(server.taken().len(), asked);
    let line = "callboard_provider_requests_total\
                {provider=\"telnyx\",action=\"answer\",result=\"circuit_open\"} 1\n";
    assert!(metrics.encode().unwrap().contains(line));

    clock.advance(Duration::from_secs(10));
    server.does(Step::Hangs);
    let probe = tokio::spawn({
        let (telnyx, anna) = (telnyx.clone(), anna.clone());
        async move { telnyx.answer(&anna, LEG, ID).await }
    });
    server.has_taken(asked + 1).await;
    let error = telnyx.answer(anna, LEG, ID).await.unwrap_err();
    assert!(
        matches!(
            error,
            CarrierError::CircuitOpen {
                retry_after_s: 1,
                ..
            }
        ),
        "one probe"
    );
    // A probe whose caller went away makes room for the next; a refusal is an answer too.
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    server.does(Step::says("404 Not Found", ""));
    let error = telnyx.answer(anna, LEG, ID).await.unwrap_err();
    assert!(error.is_definite(), "{error:?}");
    server.does(Step::says("200 OK", OK));
    telnyx.answer(anna, LEG, ID).await.unwrap();
}

#[tokio::test]
async fn refusals_never_open_the_circuit() {
    let Exchange {
        telnyx,
        anna,
        server,
        ..
    } = Exchange::saying("403 Forbidden", "").await;
    for _ in 0..20 {
        assert!(
            telnyx
                .answer(&anna, LEG, ID)
                .await
                .unwrap_err()
                .is_definite()
        );
    }
    assert_eq!(server.taken().len(), 20);
}

#[tokio::test]
async fn no_text_holds_the_key_or_a_number() {
    let echo =
        format!(r#"{{"errors":[{{"code":"{KEY}","title":"{KEY}","detail":"to +12025550133"}}]}}"#);
    for status in [
        "401 Unauthorized",
        "422 No",
        "500 Oh",
        "429 Slow",
        "302 Found",
    ] {
        for body in [echo.as_str(), KEY] {
            let error = told(status, body).await;
            let text = format!("{error} {error:?}");
            assert!(
                !text.contains("KEY0") && !text.contains("2025550133"),
                "{text}"
            );
        }
    }
    let Exchange { telnyx, anna, .. } = Exchange::saying("200 OK", OK).await;
    assert!(!format!("{telnyx:?} {anna:?}").contains("KEY0"));
}
