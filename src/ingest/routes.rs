//! Where each carrier sends its webhooks. Nothing else in this room knows a carrier by its name.

use super::handler::webhook;
use crate::domain::Carrier;
use crate::http::{ApiError, Context, Door, Operation, Route, Tag, schema};
use crate::view::AcceptedView;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

/// Where carriers send what happens.
pub(crate) const ROUTES: &[Route] = &[WEBHOOK, WEBHOOK_OF_AGENCY];

// With or without a slash at their ends: people paste them into a portal.
const WEBHOOK: Route = Route::post(
    "/api/telnyx/webhook",
    Door::Open,
    |route| route.to(telnyx),
    |operation| {
        described(operation, "webhook")
            .saying("The agency is the one that has the payload's `connection_id`, else the default one. Signed as Telnyx does: `telnyx-signature-ed25519`, `telnyx-timestamp`.")
    },
)
.also_at("/api/telnyx/webhook/")
.otherwise(wrong_method);

const WEBHOOK_OF_AGENCY: Route = Route::post(
    "/api/telnyx/webhook/{agency_id}",
    Door::Open,
    |route| route.to(telnyx),
    |operation| {
        described(operation, "webhookOfAgency")
            .saying("Signed as Telnyx does: `telnyx-signature-ed25519`, `telnyx-timestamp`.")
            .with("agency_id", "Whose webhook it is.", schema::uuid())
    },
)
.also_at("/api/telnyx/webhook/{agency_id}/")
.otherwise(wrong_method);

fn described(operation: Operation, id: &'static str) -> Operation {
    let body = json!({
        "type": "object",
        "description": "The event is in `data`, or is the body itself.",
        "properties": { "data": { "type": "object" } },
    });
    let example = json!({ "data": {
        "record_type": "event", "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
        "event_type": "call.initiated", "occurred_at": "2026-11-21T01:40:00.123456Z",
        "payload": {
            "call_control_id": "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg",
            "direction": "incoming", "from": "+15551234567", "to": "+15559876543",
        },
    }});
    operation
        .named(Tag::Telnyx, id, "A webhook of Telnyx")
        .takes_written(body, example)
        .answers::<AcceptedView>(200, "Stored for good; unknown types and repeats too")
        .fails(
            400,
            "No event, or a call's without a handle that can be used; the sentence says which",
        )
        .fails(
            401,
            "Bad, missing or stale signature, or an agency that is not there",
        )
        .fails(415, "Not JSON")
        .fails(429, "Too many refused requests from this address")
        .fails(503, "It could not be stored within 1.5 s; send it again")
}

/// A carrier that asks by `GET` is one that was set up so.
fn wrong_method(request: &HttpRequest, methods: &str) -> ApiError {
    let hint = match *request.method() {
        Method::GET | Method::HEAD => BY_GET,
        _ => "",
    };
    ApiError::wrong_method(methods, hint)
}

/// What is wrong where a carrier asks by GET.
const BY_GET: &str = ". If this is Telnyx: set the HTTP method of the webhook to POST in the \
                      portal (and webhook_url_method where a command names it)";

async fn telnyx(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    webhook(Carrier::Telnyx, request, payload, context).await
}
