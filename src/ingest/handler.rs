//! A webhook: verified, understood, committed, then acknowledged.

use crate::agencies::Profile;
use crate::carriers::{self, Proof, Understood, Verified};
use crate::domain::{AgencyId, Carrier, Direction, LegEvent, LegNews, Timestamp};
use crate::http::{ApiError, Context, read_body};
use crate::journal::{Answer, Append, AppendError, Meaning, Taken, WebhookAnswer, WebhookAppend};
use crate::store::batch::{StoredWebhook, WebhookOutcome};
use crate::telemetry::{Refused, WebhookResult};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// Why a webhook is not believed, to its sender: alike for an agency that is not there, since who
/// is a customer here is nobody's business.
const REFUSED: &str = "Webhook signature verification failed";

/// Takes in a webhook of this carrier.
pub(super) async fn webhook(
    carrier: Carrier,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let result = Incoming {
        carrier,
        context: &context,
        request: &request,
    }
    .take(payload)
    .await;
    context.metrics.webhook(match &result {
        Ok(answer) => result_of(answer.taken),
        Err(error) => match error.answer() {
            ApiError::Unauthorized(_) => WebhookResult::Unauthorized,
            ApiError::TooMany(_) => WebhookResult::Limited,
            ApiError::Unavailable(_) | ApiError::Internal => WebhookResult::Unavailable,
            _ => WebhookResult::Malformed,
        },
    });
    let document = carriers::document(carrier, result?.reply);
    Ok(HttpResponse::Ok()
        .content_type(document.content_type)
        .body(document.body))
}

fn result_of(taken: Taken) -> WebhookResult {
    match taken {
        Taken::Before => WebhookResult::Repeat,
        Taken::Now(outcome) => match outcome {
            WebhookOutcome::Applied => WebhookResult::Applied,
            WebhookOutcome::Held => WebhookResult::Held,
            WebhookOutcome::Ignored => WebhookResult::Ignored,
            WebhookOutcome::OtherConnection => WebhookResult::OtherConnection,
            WebhookOutcome::Failed => WebhookResult::Failed,
        },
    }
}

/// One webhook on its way in.
struct Incoming<'a> {
    carrier: Carrier,
    context: &'a Context,
    request: &'a HttpRequest,
}

impl Incoming<'_> {
    async fn take(&self, payload: web::Payload) -> Result<WebhookAnswer, ApiError> {
        let received_at = self.context.clock.now();
        let headers = self.request.headers();
        carriers::accepts(self.carrier, &content_type(headers))?;
        let body = read_body(headers, payload, &self.context.clock).await?;
        let agency = self.agency(&body);
        let verified = self.verify(agency.as_deref(), body)?;
        // Without an agency nothing has been verified: `verify` has refused it.
        let Some(agency) = agency else {
            return Err(self.refuse(Refused::NoAgency, "no agency"));
        };
        let understood = carriers::understand(self.carrier, verified.body(), received_at)?;
        self.context
            .metrics
            .received(understood.occurred_at, received_at);
        let counts = agency.counts(self.carrier, understood.connection_id.as_deref())
            && !self.is_to_own_phone(&agency, &understood);
        let append = appended(
            self.carrier,
            &agency,
            counts,
            understood,
            verified,
            received_at,
        );
        let id = append.webhook.webhook_id.clone();
        tracing::debug!(
            "Webhook {id} received: {} {}",
            append.webhook.event_type,
            append.webhook.leg.as_ref().map_or("-", |leg| &leg.id)
        );
        match self.context.journal.append(Append::Webhook(append)).await {
            Ok(Answer::Webhook(answer)) => Ok(answer),
            Ok(_) => Err(ApiError::Internal),
            Err(AppendError::NoAgency) => Err(self.refuse(Refused::NoAgency, "the agency is gone")),
            Err(error) => {
                let carrier = self.carrier;
                tracing::warn!("Webhook {id} not stored, {carrier} will send it again: {error}");
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
        carriers::connection_id(self.carrier, body)
            .and_then(|connection| directory.agency_of_connection(self.carrier, &connection))
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
            && self.context.control.is_own_phone(self.carrier, agency, to)
    }

    fn verify(&self, agency: Option<&Profile>, body: Vec<u8>) -> Result<Verified, ApiError> {
        let header = |name: &str| self.request.headers().get(name)?.to_str().ok();
        let proof = Proof::read(self.carrier, header)?;
        let Some(agency) = agency else {
            let why = "there is no agency of that id or connection, and no default one";
            return Err(self.refuse(Refused::NoAgency, why));
        };
        let now = self.context.clock.now();
        let checked = if self.context.unsigned_webhooks && proof.is_absent() {
            Ok(Verified::unsigned(body))
        } else {
            proof.check(body, agency, now)
        };
        checked.map_err(|error| self.refuse(error.reason, &error.why))
    }

    fn refuse(&self, reason: Refused, why: &str) -> ApiError {
        let refusals = &self.context.refusals;
        ApiError::unauthorized(refusals, self.request, REFUSED.to_owned()).because(reason, why)
    }
}

/// Without parameters, in lower case.
fn content_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

fn appended(
    carrier: Carrier,
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
    WebhookAppend {
        webhook: StoredWebhook {
            agency_id: agency.agency.id,
            carrier,
            webhook_id: understood.webhook_id,
            event_type: understood.event_type,
            leg: understood.leg,
            connection_id: understood.connection_id,
            occurred_at: understood.occurred_at,
            received_at,
            body: understood.without_links.unwrap_or(body),
        },
        meaning,
    }
}
