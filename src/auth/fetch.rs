//! One request to the issuer for its keys.

use super::jwks::KeySet;
use crate::providers::http::{Http, HttpError, Method, Request};
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
    NoAnswer(#[from] HttpError),
    #[error("answered {0}")]
    Status(u16),
    #[error("answered something else than a set of keys: {0}")]
    NotKeys(#[source] serde_json::Error),
}

/// Fetches the issuer's keys. No redirect is followed, as of no provider: whoever can send us
/// elsewhere could choose whose tokens we believe. It is tried once, since the issuer's own pauses
/// follow.
pub(super) async fn key_set(http: &Http, url: &Url) -> Result<KeySet, FetchError> {
    let request = Request::new(Method::GET, url, &[])
        .once()
        .within(TIME_OUT)
        .reading_at_most(MOST_BYTES);
    let answer = http.send(&request).await?;
    if answer.status != 200 {
        return Err(FetchError::Status(answer.status));
    }
    KeySet::read(&answer.body).map_err(FetchError::NotKeys)
}
