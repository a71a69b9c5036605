//! `/auth/v1/user`: who is signed in, and another password.

use super::shapes::user as shape;
use super::who::opened;
use super::{Failure, failing, object, said};
use crate::api::body::json_body;
use crate::http::{ApiError, Context, Door, Route, Tag};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

pub(in crate::api) const USER: Route = Route::get(
    "/auth/v1/user",
    Door::Open,
    |route| route.to(user),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authUser", "Who is signed in")
            .answers_written(200, "The user, while the session lasts", object());
        failing(operation)
    },
);

pub(in crate::api) const CHANGE_USER: Route = Route::put(
    "/auth/v1/user",
    Door::Open,
    |route| route.to(change),
    |operation| {
        let operation = operation
            .named(Tag::SigningIn, "authChangeUser", "Choose another password")
            .saying(
                "The present password is needed too, unless the session has just begun by a link. \
                 The other sessions end.",
            )
            .takes_written(
                json!({
                    "type": "object",
                    "properties": {
                        "password": { "type": "string" }, "current_password": { "type": "string" },
                    },
                }),
                json!({ "password": "a new and longer one", "current_password": "the old one" }),
            )
            .answers_written(200, "The user", object());
        failing(operation)
    },
);

#[derive(Deserialize)]
struct Change {
    password: Option<SecretString>,
    current_password: Option<SecretString>,
    email: Option<Value>,
    phone: Option<Value>,
}

async fn user(request: HttpRequest, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let read = opened(&context, &request).await;
    said(
        &request,
        read.map(|(_, opened)| HttpResponse::Ok().json(shape(&opened))),
    )
}

async fn change(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, changed(&request, payload, &context).await)
}

async fn changed(
    request: &HttpRequest,
    payload: web::Payload,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let (accounts, opened) = opened(context, request).await?;
    let change: Change = json_body(request, payload, &context.clock, "{\"password\":…}").await?;
    if change.email.is_some() || change.phone.is_some() {
        let message = "The address is changed by the agency's owner";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Failure::new(
            status,
            "validation_failed",
            message,
            Refused::NoSuchWay,
        ));
    }
    if let Some(password) = change.password {
        let changing = accounts.change_password(&opened, password, change.current_password);
        changing.await?;
    }
    Ok(HttpResponse::Ok().json(shape(&opened)))
}
