//! What every answer below `/functions/v1` and `/auth/v1` has, so that supabase-js in a browser can
//! read it, be it an error: Supabase's gateway lets every page ask.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    HeaderMap, HeaderValue, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

/// What supabase-js sends, up to 2.119 (its own tracing and retry headers included).
const HEADERS: &str = "authorization, x-client-info, apikey, content-type, x-region, \
                       x-supabase-api-version, x-retry-count, traceparent, tracestate, baggage";

/// Lets every page ask, and answers preflights before anything else looks at them.
///
/// # Errors
/// None of its own.
pub async fn open_to_every_page<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    if request.method() == Method::OPTIONS {
        let asked = request
            .headers()
            .get(ACCESS_CONTROL_REQUEST_HEADERS)
            .cloned();
        let answer = HttpResponse::NoContent().finish();
        let mut response = request.into_response(answer).map_into_right_body();
        allow(response.headers_mut());
        if let Some(asked) = asked {
            mirror(asked, response.headers_mut());
        }
        return Ok(response);
    }
    let mut response = next.call(request).await?.map_into_left_body();
    allow(response.headers_mut());
    Ok(response)
}

/// Whatever a page wants to send, a tracer's headers or those of a library to come.
fn mirror(asked: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
    let by = HeaderValue::from_static("Access-Control-Request-Headers");
    headers.append(VARY, by);
}

fn allow(headers: &mut HeaderMap) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (
            ACCESS_CONTROL_EXPOSE_HEADERS,
            "retry-after, x-supabase-api-version",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
