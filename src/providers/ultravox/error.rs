//! Why Ultravox did not do it.

use super::super::client::Asked;
use super::super::http::Answer;
use super::words::message;
use super::{Account, VoiceCarrier};

/// Why Ultravox did not do it. The texts hold no credential and may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UltravoxError {
    /// It refused: 4xx, or a redirect, which is not followed.
    #[error("{sentence}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its own message, or what the status means.
        sentence: String,
    },
    /// It says that it did what it was asked, and shows that it did not.
    #[error("{0}")]
    Unheeded(String),
    /// It failed (5xx) or did not answer.
    #[error("{0}")]
    Failed(String),
    /// Not asked: it has not been answering for this agency.
    #[error("Ultravox has not been answering; it is asked again in {retry_after_s} s")]
    CircuitOpen {
        /// When to come again, in seconds.
        retry_after_s: u64,
    },
}

impl UltravoxError {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unheeded(_) | Self::Failed(_) | Self::CircuitOpen { .. } => None,
        }
    }

    /// Whether the endpoint itself is not there (any more).
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status(), Some(404 | 405 | 410))
    }

    /// Whether it refuses this field.
    pub(super) fn names(&self, field: &str) -> bool {
        matches!(self, Self::Refused { status: 400, sentence } if sentence.contains(field))
    }

    /// The same with what to do about it, where that is known: which credential a field that it
    /// names comes from.
    pub(super) fn advised(self, carrier: VoiceCarrier) -> Self {
        let Self::Refused { status, sentence } = self else {
            return self;
        };
        let named = carrier.fields().iter();
        let named = named.filter(|field| carrier.is_named(field, &sentence));
        let keys: Vec<&str> = named.map(|field| field.key.name()).collect();
        if keys.is_empty() {
            return Self::Refused { status, sentence };
        }
        let said = sentence.trim_end_matches(['.', ' ']);
        let keys = keys.join(" and ");
        let sentence = format!(
            "{said}. Store {keys} as it should be, under Settings or with \
             PUT /api/agency/credentials, and try again"
        );
        Self::Refused { status, sentence }
    }

    /// Ultravox's words for what is no success.
    pub(super) fn of(asked: Asked, account: &Account) -> Self {
        match asked {
            Asked::CircuitOpen(open) => Self::CircuitOpen {
                retry_after_s: open.retry_after_s,
            },
            Asked::NoAnswer(error) => Self::Failed(error.to_string()),
            Asked::Answered(answer) => Self::read(&answer, account),
        }
    }

    fn read(answer: &Answer, account: &Account) -> Self {
        let status = answer.status;
        let told = message(&answer.body, account);
        let sentence = told.unwrap_or_else(|| match status {
            401 | 403 => format!("Ultravox refused the API key (HTTP {status})"),
            429 => "Ultravox has had too many requests (HTTP 429)".to_owned(),
            _ => format!("Ultravox answered HTTP {status}"),
        });
        if answer.is_server_error() {
            return Self::Failed(sentence);
        }
        Self::Refused { status, sentence }
    }
}
