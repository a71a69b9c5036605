//! Calls: those that ring, pages of all, one, and its timeline.

use super::page::{PageQuery, cut};
use crate::domain::CallId;
use crate::http::{ApiError, Caller, Context};
use crate::store::Pending;
use crate::view::{CallView, EventView};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Most pending calls in one answer, as in the guide.
const PENDING: i64 = 100;

const NO_CALL: ApiError = ApiError::NotFound("Call not found");

/// Which order the pending calls come in.
#[derive(Debug, Deserialize)]
pub(super) struct PendingQuery {
    order: Option<String>,
}

/// Calls that ring.
#[derive(Serialize, ToSchema)]
#[schema(as = PendingCalls)]
pub(super) struct PendingCalls<'a> {
    success: bool,
    calls: Vec<CallView<'a>>,
}

/// The calls that ring and that nobody has claimed.
pub(super) async fn pending(
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
    let calls = calls.iter().map(CallView::from).collect();
    Ok(HttpResponse::Ok().json(PendingCalls {
        success: true,
        calls,
    }))
}

/// A page of calls.
#[derive(Serialize, ToSchema)]
#[schema(as = CallPage)]
pub(super) struct Page<'a> {
    calls: Vec<CallView<'a>>,
    /// Where the next page begins, to be sent as `cursor`; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One page of the agency's calls, newest first.
pub(super) async fn page(
    caller: Caller,
    query: web::Query<PageQuery>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let filter = query.into_inner().filter()?;
    let limit = filter.limit;
    let calls = context.store.calls(caller.agency_id(), filter).await?;
    let (calls, next_cursor) = cut(calls, limit, |call| (call.created_at, call.id));
    let calls = calls.iter().map(CallView::from).collect();
    Ok(HttpResponse::Ok().json(Page { calls, next_cursor }))
}

/// One call.
pub(super) async fn one(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id: CallId = path.parse().map_err(|_| NO_CALL)?;
    let call = context.store.call(caller.agency_id(), id).await?;
    let call = call.ok_or(NO_CALL)?;
    Ok(HttpResponse::Ok().json(CallView::from(&call)))
}

/// What happened to a call.
#[derive(Serialize, ToSchema)]
pub(super) struct Timeline {
    /// Oldest first, as sockets have heard them.
    #[schema(value_type = Vec<EventView>)]
    events: Vec<Box<RawValue>>,
}

/// The timeline of one call: its retained events, oldest first, as they were sent.
pub(super) async fn events(
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
        .into_iter()
        .map(RawValue::from_string)
        .collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(Timeline { events }))
}
