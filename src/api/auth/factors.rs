//! `/auth/v1/factors`: the second factor.

use super::who::opened;
use super::{Failure, failing, object, said, session};
use crate::accounts::AccountError;
use crate::api::body::json_body;
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// How long GoTrue's clients may take over a code. What bounds it here is the code itself.
const CHALLENGE_S: i64 = 300;

pub(in crate::api) const ENROL: Route = Route::post(
    "/auth/v1/factors",
    Door::Open,
    |route| route.to(enrol),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authEnrol", "Make a second factor")
            .takes_written(
                object(),
                json!({ "factor_type": "totp", "friendly_name": "telephone" }),
            )
            .answers_written(200, "The seed, this once", object());
        failing(operation)
    },
);

pub(in crate::api) const CHALLENGE: Route = Route::post(
    "/auth/v1/factors/{id}/challenge",
    Door::Open,
    |route| route.to(challenge),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authChallenge", "Begin to show a code")
            .answers_written(200, "The challenge", object());
        failing(operation)
    },
);

pub(in crate::api) const VERIFY_FACTOR: Route = Route::post(
    "/auth/v1/factors/{id}/verify",
    Door::Open,
    |route| route.to(verify),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authVerifyFactor",
                "Show a code of the second factor",
            )
            .saying(
                "A recovery code does as well, once. With the first code come the recovery codes \
                 (`recovery_codes`), this once, and the other sessions end.",
            )
            .takes_written(
                object(),
                json!({ "challenge_id": "0198c0de-0000-4000-8000-000000000000", "code": "123456" }),
            )
            .answers_written(
                200,
                "The session, whose tokens take the place of the former",
                object(),
            );
        failing(operation)
    },
);

pub(in crate::api) const UNENROL: Route = Route::delete(
    "/auth/v1/factors/{id}",
    Door::Open,
    |route| route.to(unenrol),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authUnenrol", "Take a second factor away")
            .answers_written(200, "Its id", object());
        failing(operation)
    },
);

#[derive(Deserialize)]
struct Enrol {
    factor_type: String,
    friendly_name: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: SecretString,
}

async fn enrol(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, enrolled(&request, payload, &context).await)
}

async fn enrolled(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let (accounts, opened) = opened(context, request).await?;
    let expected = "{\"factor_type\":\"totp\"}";
    let body: Enrol = json_body(request, payload, &context.clock, expected).await?;
    if body.factor_type != "totp" {
        let (status, code) = (StatusCode::BAD_REQUEST, "validation_failed");
        let message = "factor_type needs to be totp";
        return Err(Failure::new(status, code, message, Refused::NoSuchWay));
    }
    let made = accounts.enrol(&opened, body.friendly_name).await?;
    Ok(HttpResponse::Ok().json(json!({
        "id": made.id,
        "type": "totp",
        "friendly_name": made.name,
        "totp": {
            "qr_code": super::qr::drawn(made.uri.expose_secret()).unwrap_or_default(),
            "secret": made.seed.expose_secret(),
            "uri": made.uri.expose_secret(),
        },
    })))
}

async fn challenge(
    request: HttpRequest,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let challenged = async {
        let (_, opened) = opened(&context, &request).await?;
        let id = factor(&id);
        if !opened.factors.iter().any(|factor| factor.id == id) {
            return Err(AccountError::NoFactor.into());
        }
        let until = context.clock.now().plus_seconds(CHALLENGE_S).seconds();
        let body = json!({ "id": Uuid::new_v4(), "type": "totp", "expires_at": until });
        Ok(HttpResponse::Ok().json(body))
    };
    said(&request, challenged.await)
}

async fn verify(
    request: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, verified(&request, &id, payload, &context).await)
}

async fn verified(
    request: &HttpRequest,
    id: &str,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let (accounts, opened) = opened(context, request).await?;
    let body: Code = json_body(request, payload, &context.clock, "{\"code\":…}").await?;
    let shown = accounts.show(opened, factor(id), &body.code).await?;
    let mut answer = session(&shown.signed_in);
    if let Some(fields) = answer.as_object_mut()
        && !shown.recovery.is_empty()
    {
        let codes = shown.recovery.iter();
        let codes: Value = codes
            .map(|code| Value::from(code.expose_secret()))
            .collect();
        fields.insert("recovery_codes".to_owned(), codes);
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn unenrol(
    request: HttpRequest,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let taken = async {
        let (accounts, opened) = opened(&context, &request).await?;
        let id = factor(&id);
        accounts.unenrol(&opened, id).await?;
        Ok(HttpResponse::Ok().json(json!({ "id": id })))
    };
    said(&request, taken.await)
}

/// What is no id is nobody's.
fn factor(id: &str) -> Uuid {
    Uuid::try_parse(id).unwrap_or_default()
}
