//! `POST /auth/v1/logout`: sessions end.

use super::who::opened;
use super::{Failure, failing, said};
use crate::accounts::Scope;
use crate::http::schema::one_of;
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

pub(in crate::api) const LOGOUT: Route = Route::post(
    "/auth/v1/logout",
    Door::Open,
    |route| route.to(logout),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authLogout", "Sign out")
            .saying("An access token that is out is good until it ends, 15 minutes at the most.")
            .query(
                "scope",
                "This session (local), all (global, the default), or all others",
                one_of(&["global", "local", "others"]),
            )
            .answers_nothing(204, "Ended");
        failing(operation)
    },
);

async fn logout(
    request: HttpRequest,
    query: web::Query<HashMap<String, String>>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, ended(&request, &query, &context).await)
}

async fn ended(
    request: &HttpRequest,
    query: &HashMap<String, String>,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let (accounts, opened) = opened(context, request).await?;
    let scope = match query.get("scope").map_or("global", String::as_str) {
        "global" => Scope::Global,
        "local" => Scope::Local,
        "others" => Scope::Others,
        _ => {
            let message = "Unsupported logout scope";
            let status = StatusCode::BAD_REQUEST;
            return Err(Failure::new(
                status,
                "validation_failed",
                message,
                Refused::NoSuchWay,
            ));
        }
    };
    accounts
        .end(opened.account.user, opened.session.id, scope)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
