//! The page that Prometheus reads, on a listener of its own.

use super::{ApiError, Door, Route};
use crate::telemetry::Metrics;
use actix_web::http::header::{ACCEPT, VARY};
use actix_web::{HttpRequest, HttpResponse, web};

/// The page.
pub const METRICS: Route =
    Route::undescribed("/metrics", Door::Open, |route| route.to(metrics_page));

/// Every metric, in OpenMetrics text or, for those who ask for it, in Prometheus's older one.
async fn metrics_page(
    request: HttpRequest,
    metrics: web::Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let (text, content_type) = if wants_plain(&request) {
        (metrics.encode_plain(), Metrics::PLAIN_CONTENT_TYPE)
    } else {
        (metrics.encode(), Metrics::CONTENT_TYPE)
    };
    let text = text.map_err(|error| {
        tracing::error!("Metrics not written: {error}");
        ApiError::Internal
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((VARY, "Accept"))
        .content_type(content_type)
        .body(text))
}

/// Whether plain text is asked for by its name, and OpenMetrics less or not at all.
fn wants_plain(request: &HttpRequest) -> bool {
    let asked = |name: &str| {
        let accepted = request.headers().get_all(ACCEPT);
        accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter(|entry| essence(entry).eq_ignore_ascii_case(name))
            .map(quality)
            .fold(0.0, f32::max)
    };
    asked("text/plain") > asked("application/openmetrics-text")
}

fn essence(entry: &str) -> &str {
    entry.split(';').next().unwrap_or_default().trim()
}

fn quality(entry: &str) -> f32 {
    let mut parameters = entry.split(';').map(str::trim);
    let quality = parameters.find_map(|parameter| parameter.strip_prefix("q="));
    quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0))
}
