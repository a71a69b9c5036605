//! What the server says of those who take calls.

use super::call::timestamp;
use crate::clock::Timestamp;
use serde::Deserialize;

/// Somebody who takes calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Agent {
    /// The user's id.
    pub id: String,
    /// The user's name, if it is known.
    pub name: Option<String>,
    /// `available`, `busy`, `away`, `wrap_up` or `offline`.
    pub state: String,
    /// Why, of who is away.
    pub reason: Option<String>,
    /// Since when.
    #[serde(deserialize_with = "timestamp")]
    pub since: Timestamp,
    /// `ready`, `absent` or `other`.
    pub phone: String,
}
