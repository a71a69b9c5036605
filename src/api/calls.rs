//! Calls: those that ring, pages of all, one, and its timeline.

use super::page::{PageQuery, cut, paged};
use crate::domain::{CallId, Right, Status};
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, schema};
use crate::store::Pending;
use crate::view::{CallView, EventView};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Most pending calls in one answer.
const PENDING: i64 = 100;

const NO_CALL: ApiError = ApiError::NotFound("Call not found");

/// What a provider's failure is called in the document.
pub(super) const CARRIER: &str = "The carrier failed or refused";

pub(super) const PENDING_CALLS: Route = Route::get(
    "/api/telnyx/calls/pending",
    Door::For(Right::ReadCalls),
    |route| route.to(pending),
    |operation| {
        let orders = schema::one_of(&["newest", "oldest"]);
        operation
            .named(Tag::Calls, "pendingCalls", "Calls that nobody has")
            .query("order", "Which come first; newest unless said.", orders)
            .answers::<PendingCalls<'_>>(200, "At most 100 calls with status `incoming`")
            .fails(400, "`order` is neither")
    },
);

pub(super) const PAGE: Route = Route::get(
    "/api/calls",
    Door::For(Right::ReadCalls),
    |route| route.to(page),
    |operation| {
        let statuses = schema::some_of(&Status::ALL.map(Status::name));
        let operation = operation
            .named(Tag::Calls, "calls", "Calls of every status, newest first")
            .query("status", "One or more, with commas.", statuses);
        paged(operation).answers::<Page<'_>>(200, "One page")
    },
);

pub(super) const ONE: Route = Route::get(
    "/api/calls/{id}",
    Door::For(Right::ReadCalls),
    |route| route.to(one),
    |operation| {
        of_call(operation)
            .named(Tag::Calls, "call", "One call")
            .answers::<CallView<'_>>(200, "The call")
            .fails(404, "Call not found")
    },
);

pub(super) const EVENTS: Route = Route::get(
    "/api/calls/{id}/events",
    Door::For(Right::ReadCalls),
    |route| route.to(events),
    |operation| {
        let text = "Its events within retention, as sockets have heard them";
        of_call(operation)
            .named(Tag::Calls, "events", "The timeline of a call")
            .answers::<Timeline>(200, text)
            .fails(404, "Call not found")
    },
);

/// What stands below one call.
pub(super) fn of_call(operation: Operation) -> Operation {
    operation.with("id", "The call's `id`.", schema::uuid())
}

/// Which order the pending calls come in.
#[derive(Debug, Deserialize)]
struct PendingQuery {
    order: Option<String>,
}

/// Calls that ring.
#[derive(Serialize, ToSchema)]
#[schema(as = PendingCalls)]
struct PendingCalls<'a> {
    success: bool,
    calls: Vec<CallView<'a>>,
}

/// The calls that ring and that nobody has claimed.
async fn pending(
    caller: Caller,
    query: web::Query<PendingQuery>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let order = match query.order.as_deref() {
        None | Some("" | "newest") => Pending::NewestFirst,
        Some("oldest") => Pending::OldestFirst,
        Some(_) => {
            let sentence = "order: newest (the default) or oldest".to_owned();
            return Err(ApiError::BadRequest(sentence));
        }
    };
    let calls = context
        .store
        .pending(caller.agency_id(), order, PENDING)
        .await?;
    let calls = calls.iter();
    let calls = calls
        .map(|call| CallView::of(call, caller.audience))
        .collect();
    Ok(HttpResponse::Ok().json(PendingCalls {
        success: true,
        calls,
    }))
}

/// A page of calls.
#[derive(Serialize, ToSchema)]
#[schema(as = CallPage)]
struct Page<'a> {
    calls: Vec<CallView<'a>>,
    /// Where the next page begins, to be sent as `cursor`; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One page of the agency's calls, newest first.
async fn page(
    caller: Caller,
    query: web::Query<PageQuery>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let filter = query.into_inner().filter(caller.audience)?;
    let limit = filter.limit;
    let calls = context.store.calls(caller.agency_id(), filter).await?;
    let (calls, next_cursor) = cut(calls, limit, |call| (call.created_at, call.id));
    let calls = calls.iter();
    let calls = calls
        .map(|call| CallView::of(call, caller.audience))
        .collect();
    Ok(HttpResponse::Ok().json(Page { calls, next_cursor }))
}

/// One call.
async fn one(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id: CallId = path.parse().map_err(|_| NO_CALL)?;
    let call = context.store.call(caller.agency_id(), id).await?;
    let call = call.ok_or(NO_CALL)?;
    Ok(HttpResponse::Ok().json(CallView::of(&call, caller.audience)))
}

/// What happened to a call.
#[derive(Serialize, ToSchema)]
struct Timeline {
    /// Oldest first, as sockets have heard them.
    #[schema(value_type = Vec<EventView>)]
    events: Vec<Box<RawValue>>,
}

/// The timeline of one call: its retained events, oldest first, as they were sent.
async fn events(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id: CallId = path.parse().map_err(|_| NO_CALL)?;
    let agency = caller.agency_id();
    if context.store.call(agency, id).await?.is_none() {
        return Err(NO_CALL);
    }
    let events = context.store.events_of(agency, id).await?;
    let events = events
        .iter()
        .map(|event| RawValue::from_string(event.text(caller.audience)?.into_owned()))
        .collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(Timeline { events }))
}
