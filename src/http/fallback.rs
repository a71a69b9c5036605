//! Routes, and what they do not answer: unknown paths and wrong methods.

use super::ApiError;
use crate::telemetry::Refused;
use actix_web::http::Method;
use actix_web::{HttpResponse, Resource, Route, guard, web};

/// A route for those who read, by GET or for the headers alone.
#[must_use]
pub fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A path that is answered by these routes, and by 405 otherwise.
#[must_use]
pub fn resource(path: &str, methods: &'static str, routes: Vec<Route>) -> Resource {
    with_routes(web::resource(path), routes).default_service(web::to(move || async move {
        Err::<HttpResponse, _>(ApiError::MethodNotAllowed { methods, hint: "" })
    }))
}

/// A path for webhooks, with or without a slash at its end: people paste it into a portal.
#[must_use]
pub fn webhook_resource(path: &str, methods: &'static str, routes: Vec<Route>) -> Resource {
    let resource = web::resource([path.to_owned(), format!("{path}/")]);
    with_routes(resource, routes).default_service(web::to(move |method: Method| {
        let hint = match method {
            Method::GET | Method::HEAD => BY_GET,
            _ => "",
        };
        async move { Err::<HttpResponse, _>(ApiError::MethodNotAllowed { methods, hint }) }
    }))
}

fn with_routes(resource: Resource, routes: Vec<Route>) -> Resource {
    routes.into_iter().fold(resource, Resource::route)
}

/// What is wrong where a carrier asks by GET.
const BY_GET: &str = ". If this is Telnyx: set the HTTP method of the webhook to POST in the \
                      portal (and webhook_url_method where a command names it)";

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
