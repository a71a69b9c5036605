//! From an answer to the reason that the log and the metrics name.

use super::{ApiError, Who};
use crate::telemetry::Refused;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// Why an answer is a refusal after which nobody tries again, if it is one: in a word and in a
/// sentence.
pub(super) fn of_answer<B>(answer: &HttpResponse<B>) -> Option<(Refused, String)> {
    let error = answer.error();
    match error.and_then(|error| error.as_error::<ApiError>()) {
        Some(ApiError::Refused { reason, why, .. }) => Some((*reason, why.clone())),
        Some(error) => Some((of_status(answer.status())?, error.to_string())),
        // The framework's words may repeat what was sent.
        None => Some((of_status(answer.status())?, answer.status().to_string())),
    }
}

fn of_status(status: StatusCode) -> Option<Refused> {
    Some(match status {
        StatusCode::BAD_REQUEST => Refused::BadRequest,
        StatusCode::METHOD_NOT_ALLOWED => Refused::Method,
        StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Refused::ContentType,
        _ => return None,
    })
}

/// Who is refused at a route.
pub(super) fn who_at(route: &str) -> Who {
    if route.starts_with("/api/telnyx/webhook") {
        Who::Webhook
    } else if route == "/ws" {
        Who::Socket
    } else {
        Who::Request
    }
}
