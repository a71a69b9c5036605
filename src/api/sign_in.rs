//! `GET /api/sign-in`: how people sign in here, for the page.
//!
//! `/as/CODE`: a demo's short links. Each becomes the page with a token in its fragment, which
//! browsers send to nobody and which the page takes out of the address at once.

use crate::config::SignInLink;
use crate::http::{ApiError, Context, Door, Route, Tag};
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde_json::json;

const NO_LINK: ApiError = ApiError::NotFound("There is nothing at this path");

/// `/as/CODE`. Its code is as good as a token: it stands in no log and no metric, as no path does.
pub(super) const LINK: Route =
    Route::undescribed("/as/{code}", Door::Open, |route| route.to(sign_in))
        .without_head()
        .otherwise(|_, _| NO_LINK);

pub(super) const WAYS: Route = Route::get(
    "/api/sign-in",
    Door::Open,
    |route| route.to(ways),
    |operation| {
        let way = json!({
            "type": "object",
            "required": ["kind"],
            "properties": {
                "kind": { "type": "string" },
                "provider": { "type": "string" },
            },
        });
        let ways = json!({
            "type": "object",
            "required": ["methods", "auth_url", "apikey", "setup"],
            "properties": {
                "methods": { "type": "array", "items": way },
                "auth_url": { "type": ["string", "null"] },
                "apikey": { "type": ["string", "null"] },
                "setup": { "type": "boolean" },
            },
        });
        operation
            .named(Tag::SigningIn, "signIn", "How people sign in here")
            .saying(
                "Kinds of methods are `password`, `code` and `oauth` (with its `provider`); pass over \
                 those you do not know. They are spoken to at `auth_url`, by GoTrue's protocol. \
                 `setup`: nobody can sign in yet, and the server has printed the link that begins.",
            )
            .answers_written(200, "The ways", ways)
            .fails(503, "The database is unavailable")
    },
);

async fn ways(context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let Some(accounts) = &context.accounts else {
        let none = json!({ "methods": [], "auth_url": null, "apikey": null, "setup": false });
        return Ok(HttpResponse::Ok().json(none));
    };
    let auth = &context.config.auth;
    let alone = auth.supabase_url.is_none() && auth.jwt_secret.is_none();
    Ok(HttpResponse::Ok().json(json!({
        "methods": [{ "kind": "password" }],
        "auth_url": accounts.issuer(),
        "apikey": null,
        "setup": alone && accounts.wait_for_the_first().await?,
    })))
}

async fn sign_in(
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let code = request.match_info().query("code");
    let is_asked_for = |link: &&SignInLink| link.code.expose_secret() == code;
    let links = &context.config.access.sign_in_links;
    let link = links.iter().find(is_asked_for);
    let link = link.ok_or(NO_LINK)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/#token={}", link.token.expose_secret())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish())
}
