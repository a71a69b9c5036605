//! What the routes do not answer: unknown paths, wrong methods, and errors of the framework, all in
//! the one shape that errors have here.

use super::ApiError;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, Resource, Route, web};
use serde_json::json;

/// A path that is answered by these routes, and by 405 otherwise.
#[must_use]
pub fn resource(path: &str, methods: &'static str, routes: Vec<Route>) -> Resource {
    let resource = routes
        .into_iter()
        .fold(web::resource(path), Resource::route);
    resource.default_service(web::to(move || async move {
        Err::<HttpResponse, _>(ApiError::MethodNotAllowed(methods))
    }))
}

/// Refuses a query that cannot be read (a filter given twice, say) in a sentence.
#[must_use]
pub fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default()
        .error_handler(|error, _| ApiError::BadRequest(error.to_string()).into())
}

/// The answer to a path that is not there.
///
/// # Errors
/// Always: 404.
pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("There is nothing at this path"))
}

/// Gives errors that the framework made the body that ours have.
///
/// # Errors
/// None of its own.
pub async fn errors_in_json<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let response = next.call(request).await?;
    let status = response.status();
    let json = HeaderValue::from_static("application/json");
    let is_ours = response.headers().get(CONTENT_TYPE) == Some(&json);
    if !(status.is_client_error() || status.is_server_error()) || is_ours {
        return Ok(response.map_into_left_body());
    }
    let sentence = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "error": sentence }).to_string();
    let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(body)));
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}
