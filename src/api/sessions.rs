//! Where people are signed in with accounts of ours: seen and ended by themselves, and ended by those
//! who look after the agency.

use super::invitations::refused;
use crate::accounts::Scope;
use crate::domain::{Right, Role, UserId};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag, bearer};
use crate::store::SessionRow;
use crate::telemetry::Refused;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use uuid::Uuid;

const NO_SESSION: ApiError = ApiError::NotFound("Session not found");

pub(super) const MINE: Route = Route::get(
    "/api/me/sessions",
    Door::For(Right::KnowOneself),
    |route| route.to(mine),
    |operation| {
        let session = json!({
            "type": "object",
            "required": ["id", "current", "network", "client", "created_at", "refreshed_at"],
            "properties": {
                "id": { "type": "string", "format": "uuid" }, "current": { "type": "boolean" },
                "network": { "type": ["string", "null"] }, "client": { "type": ["string", "null"] },
                "created_at": { "type": "string" }, "refreshed_at": { "type": "string" },
            },
        });
        let sessions = json!({
            "type": "object",
            "required": ["sessions"],
            "properties": { "sessions": { "type": "array", "items": session } },
        });
        operation
            .named(Tag::SigningIn, "mySessions", "Where I am signed in")
            .answers_written(
                200,
                "The latest first; none without an account of ours",
                sessions,
            )
    },
);

pub(super) const END_MINE: Route = Route::delete(
    "/api/me/sessions",
    Door::For(Right::KnowOneself),
    |route| route.to(end_mine),
    |operation| {
        operation
            .named(Tag::SigningIn, "endMySessions", "Sign out everywhere else")
            .answers_nothing(204, "All but this one have ended")
    },
);

pub(super) const END_ONE: Route = Route::delete(
    "/api/me/sessions/{id}",
    Door::For(Right::KnowOneself),
    |route| route.to(end_one),
    |operation| {
        operation
            .named(Tag::SigningIn, "endMySession", "Sign out somewhere")
            .answers_nothing(204, "It has ended")
            .fails(404, "No such session of yours")
    },
);

pub(super) const END_THEIRS: Route = Route::delete(
    "/api/users/{id}/sessions",
    Door::For(Right::EndSessions),
    |route| route.to(end_theirs),
    |operation| {
        operation
            .named(
                Tag::SigningIn,
                "endSessions",
                "Sign somebody out everywhere",
            )
            .saying(
                "Admins do so for members; tokens that are out are good for 15 minutes at most.",
            )
            .answers_nothing(204, "All have ended")
            .fails(404, "Nobody of that id in the agency")
    },
);

/// The session that the request's own token is of.
async fn current(context: &Context, request: &HttpRequest) -> Option<Uuid> {
    let identity = context.verifier.verify(bearer(request)?).await.ok()?;
    identity.session
}

async fn mine(
    caller: Caller,
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let Some(accounts) = &context.accounts else {
        return Ok(HttpResponse::Ok().json(json!({ "sessions": [] })));
    };
    let current = current(&context, &request).await;
    let sessions = accounts.sessions(caller.user.id).await.map_err(refused)?;
    let sessions: Value = sessions
        .iter()
        .map(|session| shown(session, current))
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "sessions": sessions })))
}

fn shown(session: &SessionRow, current: Option<Uuid>) -> Value {
    json!({
        "id": session.id,
        "current": current == Some(session.id),
        "network": session.network,
        "client": session.client,
        "created_at": session.created_at.to_string(),
        "refreshed_at": session.refreshed_at.to_string(),
    })
}

async fn end_mine(
    caller: Caller,
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    if let Some(accounts) = &context.accounts {
        let current = current(&context, &request).await.unwrap_or_default();
        let ended = accounts.end(caller.user.id, current, Scope::Others).await;
        ended.map_err(refused)?;
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn end_one(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let accounts = context.accounts.as_ref().ok_or(NO_SESSION)?;
    let id = Uuid::try_parse(&id).map_err(|_| NO_SESSION)?;
    match accounts
        .end_one(caller.user.id, id)
        .await
        .map_err(refused)?
    {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(NO_SESSION),
    }
}

async fn end_theirs(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let nobody = ApiError::NotFound("Nobody of that id works in this agency");
    let Ok(id) = id.parse::<UserId>() else {
        return Err(nobody);
    };
    let person = context.directory.user(id).await?;
    let ours = person.filter(|person| person.agency_id == Some(caller.agency_id()));
    let Some(person) = ours else {
        return Err(nobody);
    };
    let is_above = person.role != Some(Role::Member) && person.id != caller.user.id;
    if caller.user.role != Some(Role::Owner) && is_above {
        let sentence = "Admins may do this for members alone";
        let why = "an admin would sign out somebody who is no member";
        return Err(ApiError::Forbidden(sentence).because(Refused::Role, why));
    }
    if let Some(accounts) = &context.accounts {
        let ended = accounts.end(id, Uuid::nil(), Scope::Global).await;
        ended.map_err(refused)?;
    }
    Ok(HttpResponse::NoContent().finish())
}
