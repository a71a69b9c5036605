//! A link to a recording, fresh from the carrier. Links are secrets for ten minutes: they are asked
//! for when somebody wants to listen, and never kept.

use crate::domain::CallId;
use crate::http::{ApiError, Caller, Context};
use crate::view::Time;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

const NONE: ApiError = ApiError::NotFound("Recording not found");

/// A carrier's link, which opens the recording to whoever has it.
#[derive(Serialize, ToSchema)]
pub(super) struct RecordingLink<'a> {
    url: &'a str,
    /// When it stops working.
    #[schema(value_type = Time)]
    expires_at: String,
}

/// Where the browser may fetch a recording for the next minutes.
pub(super) async fn link(
    caller: Caller,
    path: web::Path<(String, String)>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let (call, recording) = path.into_inner();
    let call: CallId = call.parse().map_err(|_| NONE)?;
    let call = context.store.call(caller.agency_id(), call).await?;
    let call = call.ok_or(NONE)?;
    let found = call.recordings.iter().find(|known| known.id == recording);
    let found = found.ok_or(NONE)?.clone();
    let link = context.control.recording(call, found).await?;
    let no_store = HeaderValue::from_static("no-store");
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, no_store))
        .json(RecordingLink {
            url: link.url.expose_secret(),
            expires_at: link.expires_at.to_string(),
        }))
}
