//! What no route answers: paths that are not there, queries that cannot be read.

use super::ApiError;
use crate::telemetry::Refused;
use actix_web::{HttpResponse, web};

/// Refuses a query that cannot be read (a filter given twice, say) in a sentence.
#[must_use]
pub fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default()
        .error_handler(|error, _| ApiError::BadRequest(error.to_string()).into())
}

/// The answer to a path below `/api/telnyx` that is not there: perhaps the carrier asks for it.
///
/// # Errors
/// Always: 404.
pub async fn not_found_for_telnyx() -> Result<HttpResponse, ApiError> {
    let why = "there is nothing at this path; webhooks are taken at /api/telnyx/webhook and \
               /api/telnyx/webhook/AGENCY_ID";
    not_found()
        .await
        .map_err(|error| error.because(Refused::Path, why))
}

/// The answer to a path that is not there.
///
/// # Errors
/// Always: 404.
pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("There is nothing at this path"))
}
