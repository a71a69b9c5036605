//! The answers that say only how it went.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A webhook is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accepted)]
pub struct AcceptedView {
    success: bool,
}

impl AcceptedView {
    /// It is.
    pub const STORED: Self = Self { success: true };
}

/// What went wrong, in a sentence; some answers have fields beside it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorView {
    /// A sentence for people; it may change.
    pub error: String,
    /// What is named beside it.
    #[serde(flatten)]
    #[schema(ignore)]
    pub fields: Map<String, Value>,
}
