//! What every answer in JSON has, errors of the framework included.

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use serde_json::json;

/// Gives errors that the framework made the body that ours have, and keeps what is in JSON out of
/// caches and from being taken for anything else.
///
/// # Errors
/// None of its own.
pub async fn answers_in_json<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let response = next.call(request).await?;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || is_json(response.headers()) {
        let mut response = response.map_into_left_body();
        if is_json(response.headers()) {
            keep_out_of_caches(response.headers_mut());
        }
        return Ok(response);
    }
    let sentence = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "error": sentence }).to_string();
    let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    keep_out_of_caches(headers);
    Ok(response)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE) == Some(&HeaderValue::from_static("application/json"))
}

/// Calls, people and prefixes of keys are nobody's to keep; a file of the page says for itself.
fn keep_out_of_caches(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
}
