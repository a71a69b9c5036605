//! Keys for programs, in JSON.

use super::words::{KeyRightName, Time};
use super::{rfc3339, rfc3339_or_null};
use crate::domain::{AgencyKey, KeyRight, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A key for programs, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    id: Uuid,
    /// What it is for.
    name: String,
    #[schema(value_type = Vec<KeyRightName>)]
    rights: Vec<&'static str>,
    /// How it begins.
    prefix: String,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    created_at: Timestamp,
    /// Who made it.
    created_by: Uuid,
    /// To the minute; null while nobody has come in with it.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    last_used_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NewKey)]
pub struct NewKeyView<'a> {
    /// The key itself: told once, here, and nowhere kept.
    pub key: &'a str,
    #[serde(flatten)]
    pub about: KeyView,
}

impl From<AgencyKey> for KeyView {
    fn from(key: AgencyKey) -> Self {
        Self {
            id: key.id.0,
            rights: key.rights.iter().copied().map(KeyRight::name).collect(),
            name: key.name,
            prefix: key.prefix,
            created_at: key.created_at,
            created_by: key.created_by.0,
            last_used_at: key.last_used_at,
        }
    }
}
