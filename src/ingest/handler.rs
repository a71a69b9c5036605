//! `POST /api/telnyx/webhook`: verified, understood, committed, then acknowledged.

use super::envelope::Routing;
use super::text::hash_of;
use super::{SignatureHeaders, Understood, Verified, WebhookError, understand};
use crate::agencies::Profile;
use crate::domain::{AgencyId, Direction, LegEvent, LegNews, Timestamp};
use crate::http::{ApiError, Context, Door, Operation, Route, Tag, read_body, schema};
use crate::journal::{Answer, Append, AppendError, Meaning, WebhookAnswer, WebhookAppend};
use crate::store::batch::{StoredWebhook, WebhookOutcome};
use crate::telemetry::{Refused, WebhookResult};
use crate::view::AcceptedView;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use std::sync::Arc;

/// Why a webhook is not believed, to its sender: alike for an agency that is not there, since who
/// is a customer here is nobody's business.
const REFUSED: &str = "Webhook signature verification failed";

// With or without a slash at their ends: people paste them into a portal.
pub(super) const WEBHOOK: Route = Route::post(
    "/api/telnyx/webhook",
    Door::Open,
    |route| route.to(webhook),
    |operation| {
        described(operation, "webhook")
            .saying("The agency is the one that has the payload's `connection_id`, else the default one. Signed as Telnyx does: `telnyx-signature-ed25519`, `telnyx-timestamp`.")
    },
)
.also_at("/api/telnyx/webhook/")
.otherwise(wrong_method);

pub(super) const WEBHOOK_OF_AGENCY: Route = Route::post(
    "/api/telnyx/webhook/{agency_id}",
    Door::Open,
    |route| route.to(webhook),
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

async fn webhook(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let result = Ingest {
        context: &context,
        request: &request,
    }
    .take(payload)
    .await;
    context.metrics.webhook(match &result {
        Ok(answer) => result_of(*answer),
        Err(error) => match error.answer() {
            ApiError::Unauthorized(_) => WebhookResult::Unauthorized,
            ApiError::TooMany(_) => WebhookResult::Limited,
            ApiError::Unavailable(_) | ApiError::Internal => WebhookResult::Unavailable,
            _ => WebhookResult::Malformed,
        },
    });
    result?;
    Ok(HttpResponse::Ok().json(AcceptedView::STORED))
}

fn result_of(answer: WebhookAnswer) -> WebhookResult {
    match answer {
        WebhookAnswer::Repeat => WebhookResult::Repeat,
        WebhookAnswer::Stored(outcome) => match outcome {
            WebhookOutcome::Applied => WebhookResult::Applied,
            WebhookOutcome::Held => WebhookResult::Held,
            WebhookOutcome::Ignored => WebhookResult::Ignored,
            WebhookOutcome::OtherConnection => WebhookResult::OtherConnection,
            WebhookOutcome::Failed => WebhookResult::Failed,
        },
    }
}

/// One webhook on its way in.
pub struct Ingest<'a> {
    context: &'a Context,
    request: &'a HttpRequest,
}

impl Ingest<'_> {
    async fn take(&self, payload: web::Payload) -> Result<WebhookAnswer, ApiError> {
        let received_at = self.context.clock.now();
        let headers = self.request.headers();
        check_content_type(headers)?;
        let body = read_body(headers, payload, &self.context.clock).await?;
        let agency = self.agency(&body);
        let verified = self.verify(agency.as_deref(), body)?;
        // Without an agency nothing has been verified: `verify` has refused it.
        let Some(agency) = agency else {
            return Err(self.refuse(Refused::NoAgency, "no agency"));
        };
        let understood = understand(verified.body(), received_at)?;
        self.context
            .metrics
            .received(understood.occurred_at, received_at);
        let counts = agency.counts(understood.connection_id.as_deref())
            && !self.is_to_own_phone(&agency, &understood);
        let append = appended(&agency, counts, understood, verified, received_at);
        let id = append.webhook.webhook_id.clone();
        tracing::debug!(
            "Webhook {id} received: {} {}",
            append.webhook.event_type,
            append.webhook.call_control_id.as_deref().unwrap_or("-")
        );
        match self.context.journal.append(Append::Webhook(append)).await {
            Ok(Answer::Webhook(answer)) => Ok(answer),
            Ok(_) => Err(ApiError::Internal),
            Err(AppendError::NoAgency) => Err(self.refuse(Refused::NoAgency, "the agency is gone")),
            Err(error) => {
                tracing::warn!("Webhook {id} not stored, Telnyx will send it again: {error}");
                Err(ApiError::Unavailable(
                    "The webhook could not be stored; send it again",
                ))
            }
        }
    }

    /// Whose webhook it is: the path's agency, else the one that has the connection, else the
    /// default one.
    fn agency(&self, body: &[u8]) -> Option<Arc<Profile>> {
        let directory = &self.context.directory;
        if let Some(id) = self.request.match_info().get("agency_id") {
            return directory.agency(id.parse::<AgencyId>().ok()?);
        }
        Routing::connection_id(body)
            .and_then(|connection| directory.agency_of_connection(&connection))
            .or_else(|| directory.default_agency())
    }

    /// Whether a leg comes in at the phone of one of the agency's people: its connection is theirs,
    /// whether or not the agency has said which are its own.
    fn is_to_own_phone(&self, agency: &Profile, understood: &Understood) -> bool {
        let Some(LegEvent { news, to, .. }) = &understood.news else {
            return false;
        };
        let to = to.as_deref().unwrap_or_default();
        *news == LegNews::Initiated(Direction::Incoming)
            && self.context.control.is_own_phone(agency, to)
    }

    fn verify(&self, agency: Option<&Profile>, body: Vec<u8>) -> Result<Verified, ApiError> {
        let header = |name: &str| self.request.headers().get(name)?.to_str().ok();
        let headers = SignatureHeaders {
            signature: header("telnyx-signature-ed25519"),
            timestamp: header("telnyx-timestamp"),
        };
        if headers.signature.is_none() && header("x-telnyx-signature").is_some() {
            // API v1 signs otherwise, so this could never be verified; better to say so.
            return Err(WebhookError::ApiV1.into());
        }
        let Some(agency) = agency else {
            let why = "there is no agency of that id or connection, and no default one";
            return Err(self.refuse(Refused::NoAgency, why));
        };
        let now = self.context.clock.now();
        let checked = if self.context.unsigned_webhooks && headers.signature.is_none() {
            Ok(Verified::unsigned(body))
        } else {
            Verified::check(body, headers, &agency.public_keys, now)
        };
        checked.map_err(|error| self.refuse(error.reason(), &error.to_string()))
    }

    fn refuse(&self, reason: Refused, why: &str) -> ApiError {
        let refusals = &self.context.refusals;
        ApiError::unauthorized(refusals, self.request, REFUSED.to_owned()).because(reason, why)
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    if essence == "application/json" {
        return Ok(());
    }
    let error = if essence == "application/x-www-form-urlencoded" {
        WebhookError::Texml
    } else {
        WebhookError::NotJson
    };
    Err(error.into())
}

fn appended(
    agency: &Profile,
    counts: bool,
    understood: Understood,
    verified: Verified,
    received_at: Timestamp,
) -> WebhookAppend {
    let meaning = if counts {
        understood.news.map_or(Meaning::Nothing, Meaning::Leg)
    } else {
        Meaning::OtherConnection
    };
    let body = verified.into_body();
    let webhook_id = understood
        .webhook_id
        .unwrap_or_else(|| hash_of(body.as_bytes()));
    WebhookAppend {
        webhook: StoredWebhook {
            agency_id: agency.agency.id,
            webhook_id,
            event_type: understood.event_type,
            call_control_id: understood.call_control_id,
            connection_id: understood.connection_id,
            occurred_at: understood.occurred_at,
            received_at,
            body: understood.without_links.unwrap_or(body),
        },
        meaning,
    }
}
