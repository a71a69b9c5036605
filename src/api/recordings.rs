//! A link to a recording, fresh from the carrier. Links are secrets for ten minutes: they are asked
//! for when somebody wants to listen, and never kept.

use super::calls::{CARRIER, of_call};
use crate::domain::{CallId, Right};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag, schema};
use crate::view::Time;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

const NONE: ApiError = ApiError::NotFound("Recording not found");

pub(super) const LINK: Route = Route::get(
    "/api/calls/{id}/recordings/{recording_id}",
    Door::For(Right::ReadLogs),
    |route| route.to(link),
    |operation| {
        of_call(operation)
            .named(Tag::Calls, "recording", "A fresh link to a recording")
            .with("recording_id", "The recording's `id`.", schema::text())
            .saying("The link is the carrier's and opens the recording to whoever has it: ask when somebody wants to listen, and do not keep it.")
            .answers::<RecordingLink<'_>>(200, "The link; `Cache-Control: no-store`")
            .fails(404, "Recording not found")
            .fails(409, "The recording is not ready yet")
            .fails(502, CARRIER)
    },
);

/// A carrier's link, which opens the recording to whoever has it.
#[derive(Serialize, ToSchema)]
struct RecordingLink<'a> {
    url: &'a str,
    /// When it stops working.
    #[schema(value_type = Time)]
    expires_at: String,
}

/// Where the browser may fetch a recording for the next minutes.
async fn link(
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
