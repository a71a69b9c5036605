//! Acting on calls: answer, give back, hang up.

use super::calls::CARRIER;
use crate::control::{Agent, ControlError, Ended};
use crate::domain::Right;
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, schema};
use crate::view::CallView;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Bytes of the longest handle of a call: webhooks with a longer one are refused.
const LONGEST_HANDLE: usize = 512;

pub(super) const ANSWER: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/answer",
    Door::For(Right::ActOnCalls),
    |route| route.to(answer),
    |operation| {
        let taker = json!({
            "answered_by": { "type": ["string", "null"], "format": "uuid" },
            "answered_by_name": { "type": ["string", "null"] },
        });
        of_handle(operation)
            .named(Tag::Calls, "answer", "Take a call")
            .saying("Of any number of agents exactly one gets it. The carrier then rings the agent's phone; a `call.answered` or `call.released` on the socket says how it came out. Safe to repeat.")
            .answers::<Answered<'_>>(200, "The call is this agent's, also when asked again")
            .fails_with(
                409,
                "Somebody else has it (named), or this agent has as many calls as one may",
                taker,
            )
    },
);

pub(super) const RELEASE: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/release",
    Door::For(Right::ActOnCalls),
    |route| route.to(release),
    |operation| {
        of_handle(operation)
            .named(Tag::Calls, "release", "Give a call back")
            .answers::<Done>(200, "It rings again")
            .fails(409, "It is not this agent's, or it is answered")
    },
);

pub(super) const END: Route = Route::post(
    "/api/telnyx/calls/{call_control_id}/end",
    Door::For(Right::ActOnCalls),
    |route| route.to(end),
    |operation| {
        let text = "It is over, also when the carrier says that it already was";
        of_handle(operation)
            .named(Tag::Calls, "end", "Hang a call up")
            .answers::<Done>(200, text)
    },
);

/// What all that is done with a call has in common.
fn of_handle(operation: Operation) -> Operation {
    let text = "The call's `call_control_id`, percent-encoded.";
    operation
        .with("call_control_id", text, schema::text())
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

/// An agent takes a call: of all that try, one gets it.
async fn answer(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = handle(call_control_id)?;
    let call = context.control.answer(agent(caller), id).await?;
    Ok(HttpResponse::Ok().json(Answered {
        success: true,
        message: "Call answered",
        call_control_id: &call.call_control_id,
        call: CallView::from(&*call),
    }))
}

/// The agent who claimed a call gives it back.
async fn release(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = handle(call_control_id)?;
    context.control.release(agent(caller), id).await?;
    Ok(HttpResponse::Ok().json(Done::saying("Call released")))
}

/// Anyone of the agency hangs a call up.
async fn end(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = handle(call_control_id)?;
    let done = match context.control.end(agent(caller), id).await? {
        Ended::AtTheCarrier => Done::saying("Call ended"),
        Ended::OnTheBoard(why) => Done {
            board_only: true,
            ..Done::saying(why)
        },
    };
    Ok(HttpResponse::Ok().json(done))
}

/// A handle that the carrier could have given out; anything else names no call.
fn handle(path: web::Path<String>) -> Result<String, ApiError> {
    let handle = path.into_inner();
    if handle.trim().is_empty() || handle.len() > LONGEST_HANDLE || handle.contains('\0') {
        return Err(ControlError::NotFound.into());
    }
    Ok(handle)
}

fn agent(caller: Caller) -> Agent {
    let agency = caller.agency_id();
    Agent {
        user: caller.user,
        agency,
    }
}
