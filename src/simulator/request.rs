//! One HTTP request to a webhook URL, signed and open to tampering, and what came of it.

use super::carrier::Carrier;
use super::webhook::Webhook;
use reqwest::header::HeaderMap;
use url::Url;

/// A request as it will go out. Hostile tests change what they like before
/// [`Carrier::send`]: no signature, an old timestamp, another content type, a body that is not
/// what was signed.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// Where to.
    pub url: Url,
    /// `content-type`; absent: the header is left out.
    pub content_type: Option<String>,
    /// `telnyx-timestamp`, in seconds since 1970; absent: the header is left out.
    pub timestamp: Option<String>,
    /// `telnyx-signature-ed25519`; absent: the header is left out.
    pub signature: Option<String>,
    /// Sent as well, as they are.
    pub headers: Vec<(String, String)>,
    /// The raw bytes.
    pub body: Vec<u8>,
}

/// What the receiver answered. The carrier itself looks at the status alone.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it came, cut off after 64 KiB.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// None came in time.
    #[error("no answer in time")]
    TimedOut,
    /// Nobody listens there, or the connection broke.
    #[error("the receiver could not be reached: {0}")]
    Unreachable(reqwest::Error),
    /// The request cannot be put into HTTP: a header with a line break, for one.
    #[error("that is no HTTP request: {0}")]
    Malformed(reqwest::Error),
}

impl Carrier {
    /// The request of one attempt (counted from 1) to deliver a webhook, signed now.
    #[must_use]
    pub fn request(&self, webhook: &Webhook, attempt: u32) -> SignedRequest {
        let url = self.address(attempt).clone();
        let body = webhook.body(attempt, url.as_str());
        SignedRequest {
            url,
            ..self.sign(body)
        }
    }

    /// Any body, signed now with the carrier's key: it may be no webhook at all.
    #[must_use]
    pub fn sign(&self, body: impl Into<Vec<u8>>) -> SignedRequest {
        self.sign_at(self.settings.clock.now().seconds(), body)
    }

    /// Any body, signed at another moment, in seconds since 1970.
    #[must_use]
    pub fn sign_at(&self, seconds: i64, body: impl Into<Vec<u8>>) -> SignedRequest {
        let (timestamp, body) = (seconds.to_string(), body.into());
        SignedRequest {
            url: self.settings.webhook_url.clone(),
            content_type: Some("application/json".to_owned()),
            signature: Some(self.settings.key.sign(&timestamp, &body)),
            timestamp: Some(timestamp),
            headers: Vec::new(),
            body,
        }
    }

    /// Sends a request once, as it is.
    ///
    /// # Errors
    /// When no answer came within the schedule's time-out, or none could.
    pub async fn send(&self, request: &SignedRequest) -> Result<Answer, SendError> {
        // The room for requests is never closed; were it, sending on would be right all the same.
        let _room = self.room.acquire().await;
        let named = [
            ("content-type", &request.content_type),
            ("telnyx-timestamp", &request.timestamp),
            ("telnyx-signature-ed25519", &request.signature),
        ];
        let mut post = self.http.post(request.url.clone());
        for (name, value) in named {
            if let Some(value) = value {
                post = post.header(name, value);
            }
        }
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        let post = post.body(request.body.clone());
        Ok(Answer::read(post.send().await?).await)
    }
}

impl Answer {
    /// The status is the acknowledgement: a body that breaks off afterwards takes nothing back.
    async fn read(mut response: reqwest::Response) -> Self {
        const MOST: usize = 64 * 1024;
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= MOST {
                body.truncate(MOST);
                break;
            }
        }
        Self {
            status: response.status().as_u16(),
            body,
            headers: response.headers().clone(),
        }
    }

    /// The value of a header, where it came and is plain text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_builder() {
            Self::Malformed(error.without_url())
        } else {
            Self::Unreachable(error.without_url())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SendError;
    use crate::RetrySchedule;
    use crate::hands::system;
    use crate::receiver::Receiver;

    #[actix_web::test]
    async fn a_request_can_be_bent_in_every_way() {
        let receiver = Receiver::answering(&[]);
        let carrier = receiver.carrier(system(), RetrySchedule::once());
        let mut request = carrier.sign_at(1_000, "not json");
        request.content_type = Some("text/plain".to_owned());
        request.headers.push(("x-odd".to_owned(), "1".to_owned()));
        let answer = carrier.send(&request).await.unwrap();
        assert_eq!(
            (answer.status, answer.json()["success"].as_bool()),
            (200, Some(true))
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));

        request.body.push(b'!');
        request.content_type = None;
        carrier.send(&request).await.unwrap();
        request.signature = None;
        carrier.send(&request).await.unwrap();

        let [old, tampered, unsigned] = &receiver.received()[..] else {
            panic!("three requests")
        };
        let public_key = receiver.key.public_key();
        assert!(old.is_signed_by(&public_key));
        assert_eq!(old.header("telnyx-timestamp"), Some("1000"));
        assert_eq!(
            (old.header("content-type"), old.header("x-odd")),
            (Some("text/plain"), Some("1"))
        );
        assert!(!tampered.is_signed_by(&public_key));
        assert_eq!(tampered.header("content-type"), None);
        assert_eq!(unsigned.header("telnyx-signature-ed25519"), None);
    }

    #[actix_web::test]
    async fn a_header_that_cannot_be_sent_is_told_apart_from_a_dead_server() {
        let receiver = Receiver::answering(&[]);
        let carrier = receiver.carrier(system(), RetrySchedule::once());
        let mut request = carrier.sign("{}");
        request.timestamp = Some("1\n2".to_owned());
        let error = carrier.send(&request).await.unwrap_err();
        assert!(matches!(error, SendError::Malformed(_)), "{error}");
    }
}
