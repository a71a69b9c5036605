//! What is heard of a carrier, in no carrier's words.

use crate::domain::{LegEvent, LegHandle, Timestamp};
use crate::telemetry::Refused;

/// A webhook in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    /// The carrier's word for what happened.
    pub event_type: String,
    /// By which repeats are known: the carrier's id of the webhook, or the hash of its body.
    pub webhook_id: String,
    /// The leg it names.
    pub leg: Option<LegHandle>,
    /// The connection it names.
    pub connection_id: Option<String>,
    /// The carrier's clock, or ours when it says nothing that can be read.
    pub occurred_at: Timestamp,
    /// What it tells of a leg, when it does.
    pub news: Option<LegEvent>,
    /// What is to be kept in place of the body, where that holds links to recordings.
    pub without_links: Option<String>,
}

/// A body that the agency's carrier has sent.
#[derive(Debug)]
pub struct Verified {
    body: String,
}

impl Verified {
    /// Believes a body without a signature: for `--insecure-unsigned-webhooks` on loopback alone.
    #[must_use]
    pub fn unsigned(body: Vec<u8>) -> Self {
        // A name in another encoding is no reason to lose the call.
        let body = String::from_utf8(body)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { body }
    }

    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body, to be kept.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }
}

/// Why a body is not believed. The caller learns only that it is not; the log learns why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Disbelieved {
    /// How such are counted.
    pub reason: Refused,
    /// In a sentence.
    pub why: String,
}

/// The answer to a webhook, as its carrier reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub content_type: &'static str,
    /// Its text.
    pub body: String,
}
