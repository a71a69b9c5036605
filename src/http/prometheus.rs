//! The page that Prometheus reads, on a listener of its own.

use super::ApiError;
use crate::telemetry::Metrics;
use actix_web::{HttpResponse, web};

/// Every metric, in OpenMetrics text.
///
/// # Errors
/// When they cannot be written.
pub async fn metrics_page(metrics: web::Data<Metrics>) -> Result<HttpResponse, ApiError> {
    let text = metrics.encode().map_err(|error| {
        tracing::error!("Metrics not written: {error}");
        ApiError::Internal
    })?;
    Ok(HttpResponse::Ok()
        .content_type(Metrics::CONTENT_TYPE)
        .body(text))
}
