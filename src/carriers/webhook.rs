//! A webhook, whichever carrier sends it: whose connection it claims to be from, whether it is to be
//! believed, what it says in our words, and how it is answered in the carrier's.

use super::error::WebhookError;
use super::heard::{Disbelieved, Document, Understood, Verified};
use super::telnyx;
use crate::agencies::Profile;
use crate::domain::{Carrier, Reply, Timestamp};
use crate::view::AcceptedView;

/// What a webhook brings along to show that its carrier sent it.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    Telnyx(telnyx::SignatureHeaders<'a>),
}

impl<'a> Proof<'a> {
    /// Finds it among the headers.
    ///
    /// # Errors
    /// When it is one that can never be checked here.
    pub fn read(
        carrier: Carrier,
        header: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, WebhookError> {
        match carrier {
            Carrier::Telnyx => telnyx::SignatureHeaders::read(header).map(Self::Telnyx),
        }
    }

    /// Whether there is no signature.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Telnyx(headers) => headers.signature.is_none(),
        }
    }

    /// Checks a body with it, against the keys of the agency.
    ///
    /// # Errors
    /// When the body is not to be believed.
    pub fn check(
        self,
        body: Vec<u8>,
        agency: &Profile,
        now: Timestamp,
    ) -> Result<Verified, Disbelieved> {
        match self {
            Self::Telnyx(headers) => {
                headers.check(&body, agency.public_keys(Carrier::Telnyx), now)?;
            }
        }
        Ok(Verified::unsigned(body))
    }
}

/// Whether this carrier's webhooks have such a content type: without parameters, in lower case.
///
/// # Errors
/// When they do not.
pub fn accepts(carrier: Carrier, content_type: &str) -> Result<(), WebhookError> {
    match carrier {
        Carrier::Telnyx => telnyx::accepts(content_type),
    }
}

/// The connection named in a body that nobody has vouched for yet: the one thing that is read
/// before the signature has been checked, to find the keys that can check it.
#[must_use]
pub fn connection_id(carrier: Carrier, body: &[u8]) -> Option<String> {
    match carrier {
        Carrier::Telnyx => telnyx::connection_id(body),
    }
}

/// Reads a webhook that arrived at `received_at`.
///
/// # Errors
/// When it is no webhook of this carrier's, or a call's without a handle of the call.
pub fn understand(
    carrier: Carrier,
    body: &str,
    received_at: Timestamp,
) -> Result<Understood, WebhookError> {
    match carrier {
        Carrier::Telnyx => telnyx::understand(body, received_at),
    }
}

/// Writes the answer to a webhook.
#[must_use]
pub fn document(carrier: Carrier, reply: Reply) -> Document {
    match (carrier, reply) {
        (Carrier::Telnyx, Reply::Accepted) => Document {
            content_type: "application/json",
            body: serde_json::json!(AcceptedView::STORED).to_string(),
        },
    }
}
