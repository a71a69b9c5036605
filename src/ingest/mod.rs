//! The webhook: signature, wire types, and what it means in our words. Nothing here calls out.

mod envelope;
mod error;
mod handler;
mod links;
mod retake;
mod signature;
mod text;
mod understand;

pub use error::WebhookError;
pub use handler::Ingest;
pub use retake::Retake;
pub use signature::{SignatureError, SignatureHeaders, Verified};
pub use understand::{Understood, understand};

use crate::http::Route;

/// Where carriers send what happens.
pub const ROUTES: &[Route] = &[handler::WEBHOOK, handler::WEBHOOK_OF_AGENCY];
