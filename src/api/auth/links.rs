//! Ways in without the password: links, and mails, of which this server sends none.

use super::{Failure, count_sign_in, failing, object, origin, passwords, said, session};
use crate::api::body::json_body;
use crate::domain::LinkPurpose;
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

pub(in crate::api) const RECOVER: Route =
    Route::post(
        "/auth/v1/recover",
        Door::Open,
        |route| route.to(recover),
        |operation| {
            let operation = operation
            .named(Tag::SigningIn, "authRecover", "Ask for a link to choose another password")
            .saying(
                "The answer is the same for addresses that nobody has. This server sends no mail: \
                 the link is made by `callboard user reset`.",
            )
            .takes_written(object(), json!({ "email": "anna@example.com" }))
            .answers_written(200, "Nothing more is said", object());
            failing(operation)
        },
    );

pub(in crate::api) const OTP: Route = Route::post(
    "/auth/v1/otp",
    Door::Open,
    |route| route.to(otp),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authOtp",
                "Ask for a code by mail, which this server sends none",
            )
            .takes_written(
                object(),
                json!({ "email": "anna@example.com", "create_user": false }),
            )
            .answers_written(200, "Never", object());
        failing(operation)
    },
);

pub(in crate::api) const VERIFY: Route = Route::post(
    "/auth/v1/verify",
    Door::Open,
    |route| route.to(verify),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authVerify",
                "Sign in by a link, which is used up",
            )
            .takes_written(
                json!({
                    "type": "object",
                    "properties": {
                        "type": { "type": "string", "enum": ["invite", "recovery"] },
                        "token_hash": { "type": "string" },
                    },
                }),
                json!({ "type": "recovery", "token_hash": "what stands after # in the link" }),
            )
            .answers_written(200, "The session", object());
        failing(operation)
    },
);

#[derive(Deserialize)]
struct Verify {
    r#type: String,
    token_hash: Option<SecretString>,
}

async fn recover(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let asked = async {
        passwords(&context)?;
        count_sign_in(&context, &request)?;
        let _: Value = json_body(&request, payload, &context.clock, "{\"email\":…}").await?;
        Ok(HttpResponse::Ok().json(json!({})))
    };
    said(&request, asked.await)
}

async fn otp(request: HttpRequest, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    passwords(&context)?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let message = "Codes by mail are disabled: this server sends none";
    let failure = Failure::new(status, "otp_disabled", message, Refused::NoSuchWay);
    said(&request, Err(failure))
}

async fn verify(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, verified(&request, payload, &context).await)
}

async fn verified(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let accounts = passwords(context)?;
    count_sign_in(context, request)?;
    let expected = "{\"type\":…,\"token_hash\":…}";
    let body: Verify = json_body(request, payload, &context.clock, expected).await?;
    let purpose = match body.r#type.as_str() {
        "invite" => LinkPurpose::Invite,
        "recovery" => LinkPurpose::Reset,
        _ => {
            let (status, code) = (StatusCode::BAD_REQUEST, "validation_failed");
            let message = "Verify requires a verification type: invite or recovery";
            return Err(Failure::new(status, code, message, Refused::NoSuchWay));
        }
    };
    let Some(token) = body.token_hash else {
        let (status, code) = (StatusCode::BAD_REQUEST, "validation_failed");
        let message = "Verify requires a token_hash";
        return Err(Failure::new(status, code, message, Refused::BadRequest));
    };
    let origin = origin(context, request);
    let signed_in = accounts.open_link(&token, purpose, origin).await?;
    context.directory.refresh().await?;
    Ok(HttpResponse::Ok().json(session(&signed_in)))
}
