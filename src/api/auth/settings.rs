//! What there is: which ways to sign in, and the keys that sign tokens.

use super::{accounts, failing, object, said};
use crate::http::{ApiError, Context, Door, Route, Tag};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

pub(in crate::api) const SETTINGS: Route = Route::get(
    "/auth/v1/settings",
    Door::Open,
    |route| route.to(settings),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authSettings",
                "Which ways to sign in there are",
            )
            .answers_written(200, "The ways", object());
        failing(operation)
    },
);

pub(in crate::api) const JWKS: Route = Route::get(
    "/auth/v1/.well-known/jwks.json",
    Door::Open,
    |route| route.to(jwks),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authKeys",
                "The keys that sign access tokens",
            )
            .answers_written(200, "A set of keys (RFC 7517)", object());
        failing(operation)
    },
);

async fn settings(context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    accounts(&context)?;
    let (email, oidc) = (context.config.auth.has_passwords(), context.oidc.is_some());
    Ok(HttpResponse::Ok().json(json!({
        "external": { "email": email, "phone": false, "anonymous_users": false, "oidc": oidc },
        "disable_signup": true,
        "mailer_autoconfirm": true,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false,
    })))
}

async fn jwks(request: HttpRequest, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let accounts = accounts(&context)?;
    let keys = accounts.jwks().await.map_err(Into::into);
    let answer = keys.map(|keys| {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "public, max-age=600"))
            .json(keys)
    });
    said(&request, answer)
}
