//! Acting on calls: answer, give back, hang up.

use crate::control::{Agent, ControlError, Ended};
use crate::http::{ApiError, Caller, Context};
use crate::view::CallView;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of the longest handle of a call: webhooks with a longer one are refused.
const LONGEST_HANDLE: usize = 512;

/// The call is the agent's.
#[derive(Serialize, ToSchema)]
pub(super) struct Answered<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "callControlId")]
    call_control_id: &'a str,
    call: CallView<'a>,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
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
pub(super) async fn answer(
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
pub(super) async fn release(
    caller: Caller,
    call_control_id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = handle(call_control_id)?;
    context.control.release(agent(caller), id).await?;
    Ok(HttpResponse::Ok().json(Done::saying("Call released")))
}

/// Anyone of the agency hangs a call up.
pub(super) async fn end(
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
