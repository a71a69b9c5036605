//! One request to the issuer for its keys.

use super::jwks::KeySet;
use std::time::Duration;
use url::Url;

/// From the first byte sent to the last received.
const TIME_OUT: Duration = Duration::from_secs(5);
/// Most of an answer that is read, in bytes; sets of keys are a few kilobytes.
const MOST_BYTES: usize = 256 * 1024;

/// Why there are no keys from the issuer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("no answer: {0}")]
    NoAnswer(#[source] reqwest::Error),
    #[error("answered {0}")]
    Status(reqwest::StatusCode),
    #[error("answered more than {MOST_BYTES} bytes")]
    TooLong,
    #[error("answered something else than a set of keys: {0}")]
    NotKeys(#[source] serde_json::Error),
}

/// The client for this and nothing else. It follows no redirect: whoever can send us elsewhere
/// could choose whose tokens we believe.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(TIME_OUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Fetches the issuer's keys.
pub(super) async fn key_set(client: &reqwest::Client, url: &Url) -> Result<KeySet, FetchError> {
    let no_answer = |error: reqwest::Error| FetchError::NoAnswer(error.without_url());
    let mut answer = client.get(url.clone()).send().await.map_err(no_answer)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    KeySet::read(&body).map_err(FetchError::NotKeys)
}
