//! A request's body, read as JSON.

use crate::clock::Clock;
use crate::http::{ApiError, read_body};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, web};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The body of a request as a value. The sentence about one that does not fit says what was
/// `expected` and repeats nothing of it, since it may hold secrets.
pub(super) async fn json_body<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    clock: &Clock,
    expected: &str,
) -> Result<T, ApiError> {
    if !is_json(request.headers()) {
        let sentence = "Content-Type must be application/json".to_owned();
        return Err(ApiError::UnsupportedMediaType(sentence));
    }
    let body = Zeroizing::new(read_body(request.headers(), payload, clock).await?);
    serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let place = format!("line {line}, column {column}");
        ApiError::BadRequest(format!("The body is not {expected} (see {place})"))
    })
}

/// Whether it says that it is JSON, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|text| text.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
