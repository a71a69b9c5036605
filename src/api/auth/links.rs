//! Ways in without the password: links, and mails where there is a server for them.

use super::{Failure, count_sign_in, failing, object, origin, passwords, said, session};
use crate::api::body::json_body;
use crate::domain::{LinkPurpose, MailKind};
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

pub(in crate::api) const RECOVER: Route = Route::post(
    "/auth/v1/recover",
    Door::Open,
    |route| route.to(recover),
    |operation| {
        let operation = operation
            .named(
                Tag::SigningIn,
                "authRecover",
                "Ask for a link to choose another password",
            )
            .saying(
                "The answer is the same for addresses that nobody has. Without a mail server \
                 (`SMTP_URL`) nothing comes of it: the link is made on the page, or by `callboard \
                 user reset`. One address gets one mail a minute, and fewer if it goes on.",
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
            .named(Tag::SigningIn, "authOtp", "Ask for a code by mail")
            .saying(
                "The answer is the same for addresses that nobody has. Nobody registers by it, \
                 whatever `create_user` says.",
            )
            .takes_written(
                object(),
                json!({ "email": "anna@example.com", "create_user": false }),
            )
            .answers_written(200, "Nothing more is said", object());
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
                "Sign in by a link, or by a code that was mailed; it is used up",
            )
            .takes_written(
                json!({
                    "type": "object",
                    "properties": {
                        "type": { "type": "string", "enum": ["invite", "recovery", "email"] },
                        "token_hash": { "type": "string" },
                        "email": { "type": "string" }, "token": { "type": "string" },
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
    email: Option<String>,
    token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    email: String,
}

async fn recover(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let asked = async {
        passwords(&context)?;
        count_sign_in(&context, &request)?;
        let body: Asked = json_body(&request, payload, &context.clock, "{\"email\":…}").await?;
        later(&context, body, MailKind::Reset);
        Ok(HttpResponse::Ok().json(json!({})))
    };
    said(&request, asked.await)
}

async fn otp(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    passwords(&context)?;
    let asked = async {
        if context.post.is_none() {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let message = "Codes by mail are disabled: this server sends none";
            let failure = Failure::new(status, "otp_disabled", message, Refused::NoSuchWay);
            return Err(failure);
        }
        count_sign_in(&context, &request)?;
        let body: Asked = json_body(&request, payload, &context.clock, "{\"email\":…}").await?;
        later(&context, body, MailKind::Code);
        Ok(HttpResponse::Ok().json(json!({})))
    };
    said(&request, asked.await)
}

/// Sees to it after the answer, which takes as long whether or not anybody has the address. Where very
/// many ask at once, some are passed over, and ask again.
fn later(context: &web::Data<Context>, asked: Asked, kind: MailKind) {
    let (Some(accounts), Some(post)) = (&context.accounts, &context.post) else {
        return;
    };
    let (accounts, post) = (accounts.clone(), post.clone());
    let Some(turn) = post.turn() else {
        tracing::warn!("A mail that was asked for is passed over: too many ask at once");
        return;
    };
    let address = context.config.listener.public_address();
    context.runtime.spawn(async move {
        let _turn = turn;
        let mailed = match kind {
            MailKind::Code => accounts.mail_code(&post, &asked.email).await,
            _ => accounts.mail_reset(&post, &asked.email, &address).await,
        };
        if let Err(error) = mailed {
            tracing::warn!("A mail that was asked for is not sent: {error}");
        }
    });
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
    if let ("email" | "magiclink", Some(email), Some(code)) =
        (body.r#type.as_str(), &body.email, &body.token)
    {
        let origin = origin(context, request);
        let signed_in = accounts.sign_in_by_code(email, code, origin).await?;
        return Ok(HttpResponse::Ok().json(session(&signed_in)));
    }
    let purpose = match body.r#type.as_str() {
        "invite" => LinkPurpose::Invite,
        "recovery" => LinkPurpose::Reset,
        _ => {
            let (status, code) = (StatusCode::BAD_REQUEST, "validation_failed");
            let message = "Verify requires a verification type: invite, recovery, or email with email and token";
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
