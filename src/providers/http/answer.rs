//! What a provider answers.

use super::HttpError;
use super::error::Broken;
use crate::domain::Timestamp;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A provider's last answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body. JSON when the status is 2xx, 204 aside; whatever came, cut where reading ended, otherwise.
    pub body: Bytes,
    /// Whether the request may have been carried out although this answer is no success: this
    /// answer (5xx) or that of an earlier try leaves it open.
    pub in_doubt: bool,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the provider itself is at fault (5xx).
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.status >= 500
    }

    /// Whether this is the provider's final no: 4xx, and none that passes.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status) && !self.is_passing()
    }

    /// The body as JSON of this shape. Why it is not is left out: what serde says may quote
    /// numbers and links.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the same request may well be answered otherwise a moment later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 425 | 429) || self.is_server_error()
    }
}

/// Reads the answer as far as so many bytes.
pub(super) async fn read(
    mut answer: reqwest::Response,
    host: &str,
    most_bytes: usize,
    now: Timestamp,
) -> Result<Answer, HttpError> {
    let status = answer.status();
    let retry_after = retry_after(answer.headers(), now);
    let mut body = Vec::new();
    let mut whole = true;
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| HttpError::of(error, host))?
    {
        let room = most_bytes - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            whole = false;
            break;
        }
    }
    let nonsense = || HttpError::Unknown {
        host: host.to_owned(),
        how: Broken::Garbage,
    };
    if status.is_success() && !(whole && is_readable(status, &body)) {
        return Err(nonsense());
    }
    Ok(Answer {
        status: status.as_u16(),
        body: body.into(),
        in_doubt: status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT,
        retry_after,
    })
}

/// A proxy's page with status 200 tells nothing about what was asked for.
fn is_readable(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::NO_CONTENT
        || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// The wait that the answer asks for, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    let micros = date.as_microsecond().saturating_sub(now.micros());
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use crate::domain::Timestamp;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
    use std::time::Duration;

    #[test]
    fn a_wait_is_read_in_seconds_and_as_a_date() {
        let now = Timestamp::parse("1994-11-06T08:49:30Z").unwrap();
        let read = |text: &'static str| {
            let header = [(RETRY_AFTER, HeaderValue::from_static(text))];
            retry_after(&HeaderMap::from_iter(header), now)
        };
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(read("3"), seconds(3));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(7));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), seconds(0));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
    }
}
