//! Acting on calls: answer, give back, hang up.

use super::calls::{CARRIER, of_call};
use crate::control::{Agent, ControlError, Ended, Which};
use crate::domain::{CallId, Carrier, LegHandle, Right};
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, schema};
use crate::view::CallView;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Bytes of the longest handle of a call: webhooks with a longer one are refused.
const LONGEST_HANDLE: usize = 512;

pub(super) const ANSWER: Route = Route::post(
    "/api/calls/{id}/answer",
    Door::For(Right::ActOnCalls),
    |route| route.to(answer),
    |operation| answering(of_id(operation), "answerCall"),
);

pub(super) const ANSWER_OF_GUIDE: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/answer",
    Door::For(Right::ActOnCalls),
    |route| route.to(answer_by_leg),
    |operation| answering(of_handle(operation), "answer"),
);

pub(super) const RELEASE: Route = Route::post(
    "/api/calls/{id}/release",
    Door::For(Right::ActOnCalls),
    |route| route.to(release),
    |operation| releasing(of_id(operation), "releaseCall"),
);

pub(super) const RELEASE_OF_GUIDE: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/release",
    Door::For(Right::ActOnCalls),
    |route| route.to(release_by_leg),
    |operation| releasing(of_handle(operation), "release"),
);

pub(super) const END: Route = Route::post(
    "/api/calls/{id}/end",
    Door::For(Right::ActOnCalls),
    |route| route.to(end),
    |operation| ending(of_id(operation), "endCall"),
);

pub(super) const END_OF_GUIDE: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/end",
    Door::For(Right::ActOnCalls),
    |route| route.to(end_by_leg),
    |operation| ending(of_handle(operation), "end"),
);

fn answering(operation: Operation, id: &'static str) -> Operation {
    let taker = json!({
        "answered_by": { "type": ["string", "null"], "format": "uuid" },
        "answered_by_name": { "type": ["string", "null"] },
    });
    operation
        .named(Tag::Calls, id, "Take a call")
        .saying("Of any number of agents exactly one gets it. The carrier then rings the agent's phone; a `call.answered` or `call.released` on the socket says how it came out. Safe to repeat.")
        .answers::<Answered<'_>>(200, "The call is this agent's, also when asked again")
        .fails_with(
            409,
            "Somebody else has it (named), or this agent has as many calls as one may",
            taker,
        )
}

fn releasing(operation: Operation, id: &'static str) -> Operation {
    operation
        .named(Tag::Calls, id, "Give a call back")
        .answers::<Done>(200, "It rings again")
        .fails(409, "It is not this agent's, or it is answered")
}

fn ending(operation: Operation, id: &'static str) -> Operation {
    let text = "It is over, also when the carrier says that it already was";
    operation
        .named(Tag::Calls, id, "Hang a call up")
        .answers::<Done>(200, text)
}

/// What all that is done with a call has in common, by its id.
fn of_id(operation: Operation) -> Operation {
    failing(of_call(operation))
}

/// The same by its caller's leg, as the guide has it.
fn of_handle(operation: Operation) -> Operation {
    let text = "The call's `call_control_id`, percent-encoded.";
    failing(operation.with("call_control_id", text, schema::text()))
}

fn failing(operation: Operation) -> Operation {
    operation
        .fails(404, "Call not found or already ended")
        .fails(502, CARRIER)
}

/// The call is the agent's.
#[derive(Serialize, ToSchema)]
struct Answered<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "callControlId")]
    call_control_id: &'a str,
    call: CallView<'a>,
}

/// It is done.
#[derive(Serialize, ToSchema)]
struct Done {
    success: bool,
    message: String,
    /// True where the carrier could not be told: the call has ended on the board alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    board_only: bool,
}

impl Done {
    fn saying(message: impl Into<String>) -> Self {
        Self {
            success: true,
            message: message.into(),
            board_only: false,
        }
    }
}

async fn answer(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    take(caller, by_id(&id)?, &context).await
}

async fn answer_by_leg(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    take(caller, by_leg(call_control_id)?, &context).await
}

async fn release(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    give_back(caller, by_id(&id)?, &context).await
}

async fn release_by_leg(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    give_back(caller, by_leg(call_control_id)?, &context).await
}

async fn end(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    hang_up(caller, by_id(&id)?, &context).await
}

async fn end_by_leg(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    hang_up(caller, by_leg(call_control_id)?, &context).await
}

/// An agent takes a call: of all that try, one gets it.
async fn take(caller: Caller, call: Which, context: &Context) -> Result<HttpResponse, ApiError> {
    let audience = caller.audience;
    let call = context.control.answer(agent(caller), call).await?;
    Ok(HttpResponse::Ok().json(Answered {
        success: true,
        message: "Call answered",
        call_control_id: &call.handle.id,
        call: CallView::of(&call, audience),
    }))
}

/// The agent who claimed a call gives it back.
async fn give_back(
    caller: Caller,
    call: Which,
    context: &Context,
) -> Result<HttpResponse, ApiError> {
    context.control.release(agent(caller), call).await?;
    Ok(HttpResponse::Ok().json(Done::saying("Call released")))
}

/// Anyone of the agency hangs a call up.
async fn hang_up(caller: Caller, call: Which, context: &Context) -> Result<HttpResponse, ApiError> {
    let done = match context.control.end(agent(caller), call).await? {
        Ended::AtTheCarrier => Done::saying("Call ended"),
        Ended::OnTheBoard(why) => Done {
            board_only: true,
            ..Done::saying(why)
        },
    };
    Ok(HttpResponse::Ok().json(done))
}

/// What is no id names no call.
fn by_id(id: &str) -> Result<Which, ApiError> {
    let id = id.parse().map_err(|_| ControlError::NotFound)?;
    Ok(Which::Call(CallId(id)))
}

/// A handle that the guide's carrier could have given out; anything else names no call.
fn by_leg(path: web::Path<String>) -> Result<Which, ApiError> {
    let handle = path.into_inner();
    if handle.trim().is_empty() || handle.len() > LONGEST_HANDLE || handle.contains('\0') {
        return Err(ControlError::NotFound.into());
    }
    Ok(Which::CallOf(LegHandle::new(Carrier::Telnyx, handle)))
}

fn agent(caller: Caller) -> Agent {
    let agency = caller.agency_id();
    Agent {
        user: caller.user,
        agency,
    }
}
