//! Why a webhook is not taken.

use crate::telemetry::Refused;

/// A webhook that is refused. Its carrier does not send it again after a 4xx.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// `data` is missing.
    #[error("No data in webhook")]
    NoData,
    /// Something in it is not as it must be.
    #[error("{0}")]
    Malformed(String),
    /// It is an API v1 webhook.
    #[error(
        "This is a Telnyx API v1 webhook: set \"Webhook API version\" of the Call Control \
         application to \"API v2\" (webhook_api_version \"2\")"
    )]
    ApiV1,
    /// It is a TeXML callback.
    #[error(
        "This is a TeXML callback: route the phone number to a Call Control application with \
         webhook API version \"API v2\" and not to a TeXML application"
    )]
    Texml,
    /// It is not JSON by its content type.
    #[error("Content-Type must be application/json")]
    NotJson,
}

impl WebhookError {
    /// How such are counted.
    #[must_use]
    pub const fn reason(&self) -> Refused {
        match self {
            Self::NoData => Refused::NoData,
            Self::Malformed(_) => Refused::Malformed,
            Self::ApiV1 => Refused::ApiV1,
            Self::Texml => Refused::Texml,
            Self::NotJson => Refused::ContentType,
        }
    }

    /// Whether it is the kind of body that is wrong, and not what stands in it.
    #[must_use]
    pub const fn is_about_type(&self) -> bool {
        matches!(self, Self::Texml | Self::NotJson)
    }
}
