//! `POST /auth/v1/token`: tokens for a password, or for a refresh token.

use super::{Failure, accounts, count_sign_in, failing, object, origin, passwords, said, session};
use crate::api::body::json_body;
use crate::http::schema::one_of;
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

pub(in crate::api) const TOKEN: Route = Route::post(
    "/auth/v1/token",
    Door::Open,
    |route| route.to(token),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authToken", "Sign in, or go on")
            .query(
                "grant_type",
                "password, refresh_token for the next tokens, or pkce for a code of the identity provider's way back",
                one_of(&["password", "refresh_token", "pkce"]),
            )
            .takes_written(
                json!({
                    "type": "object",
                    "properties": {
                        "email": { "type": "string" }, "password": { "type": "string" },
                        "refresh_token": { "type": "string" },
                        "auth_code": { "type": "string" }, "code_verifier": { "type": "string" },
                    },
                }),
                json!({ "email": "anna@example.com", "password": "correct horse battery" }),
            )
            .answers_written(200, "The session", object());
        failing(operation)
    },
);

#[derive(Deserialize)]
struct ByPassword {
    #[serde(default)]
    email: String,
    password: SecretString,
}

#[derive(Deserialize)]
struct ByCode {
    auth_code: SecretString,
    code_verifier: SecretString,
}

#[derive(Deserialize)]
struct ByRefreshToken {
    refresh_token: SecretString,
}

async fn token(
    request: HttpRequest,
    payload: web::Payload,
    query: web::Query<HashMap<String, String>>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let grant = query.get("grant_type").map_or("", String::as_str);
    let granted = match grant {
        "password" => by_password(&request, payload, &context).await,
        "pkce" => by_code(&request, payload, &context).await,
        "refresh_token" => by_refresh_token(&request, payload, &context).await,
        _ => Err(unknown_grant(&context)),
    };
    said(&request, granted)
}

fn unknown_grant(context: &Context) -> Failure {
    if let Err(error) = accounts(context) {
        return error.into();
    }
    let (status, code) = (StatusCode::BAD_REQUEST, "invalid_credentials");
    Failure::new(status, code, "unsupported_grant_type", Refused::NoSuchWay)
}

async fn by_password(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let accounts = passwords(context)?;
    count_sign_in(context, request)?;
    let expected = "{\"email\":…,\"password\":…}";
    let body: ByPassword = json_body(request, payload, &context.clock, expected).await?;
    let origin = origin(context, request);
    let signed_in = accounts.sign_in(&body.email, body.password, origin).await?;
    Ok(HttpResponse::Ok().json(session(&signed_in)))
}

async fn by_code(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let accounts = accounts(context)?;
    count_sign_in(context, request)?;
    let expected = "{\"auth_code\":…,\"code_verifier\":…}";
    let body: ByCode = json_body(request, payload, &context.clock, expected).await?;
    let origin = origin(context, request);
    let exchanged = accounts.exchange(&body.auth_code, &body.code_verifier, origin);
    let signed_in = exchanged.await?;
    // Somebody may be new.
    context.directory.refresh().await?;
    Ok(HttpResponse::Ok().json(session(&signed_in)))
}

async fn by_refresh_token(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let accounts = accounts(context)?;
    let expected = "{\"refresh_token\":…}";
    let body: ByRefreshToken = json_body(request, payload, &context.clock, expected).await?;
    match accounts.refresh(body.refresh_token).await {
        Ok(signed_in) => Ok(HttpResponse::Ok().json(session(&signed_in))),
        Err(error) => {
            let failure = Failure::from(error);
            // Whoever guesses is told to wait.
            match context.refusals.count(request) {
                Ok(()) => Err(failure),
                Err(seconds) => Err(Failure::too_often(seconds)),
            }
        }
    }
}
