//! How somebody has proven who they are, in the words of `amr`.

use crate::domain::{Timestamp, words};
use serde_json::{Value, json};

words! {
    /// A way to prove it.
    pub enum Method {
        /// By the password.
        Password = "password",
        /// By a link that an invitation was.
        Invite = "invite",
        /// By a link to choose another password.
        Recovery = "recovery",
        /// By an identity provider.
        Oauth = "oauth",
        /// By a code that was mailed.
        Otp = "otp",
        /// By a code of the second factor.
        Totp = "totp",
    }
}

/// It was proven in that way, then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub method: Method,
    pub at: Timestamp,
}

impl Proof {
    /// As a session keeps them and a token tells them.
    pub(super) fn claim(proofs: &[Self]) -> Value {
        let one = |proof: &Self| json!({ "method": proof.method.name(), "timestamp": proof.at.seconds() });
        proofs.iter().map(one).collect()
    }

    /// What a session has kept. A way that only a later version knows proves nothing here.
    pub(super) fn read(text: &str) -> Vec<Self> {
        let proofs: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        let one = |proof: &Value| {
            let method = Method::from_name(proof.get("method")?.as_str()?)?;
            let seconds = proof.get("timestamp")?.as_i64()?;
            let at = Timestamp::default().plus_seconds(seconds);
            Some(Self { method, at })
        };
        proofs.iter().filter_map(one).collect()
    }

    /// The level that they come to.
    pub(super) fn level(proofs: &[Self]) -> &'static str {
        match Self::is_second(proofs) {
            true => "aal2",
            false => "aal1",
        }
    }

    /// Whether a second factor is among them.
    pub(super) fn is_second(proofs: &[Self]) -> bool {
        proofs.iter().any(|proof| proof.method == Method::Totp)
    }
}
