//! `/auth/v1`: signing in to accounts of our own, by the protocol that GoTrue speaks (Supabase Auth),
//! so that its clients work here with nothing but the address changed. Its shapes, its words for what
//! went wrong, both of its versions of an error's body.

mod elsewhere;
mod factors;
mod failure;
mod links;
mod logout;
mod qr;
mod settings;
mod shapes;
mod token;
mod user;
mod who;

pub(super) use elsewhere::{AUTHORIZE, CALLBACK};
pub(super) use factors::{CHALLENGE, ENROL, UNENROL, VERIFY_FACTOR};
pub(super) use failure::Failure;
pub(super) use links::{OTP, RECOVER, VERIFY};
pub(super) use logout::LOGOUT;
pub(super) use settings::{JWKS, SETTINGS};
pub(super) use shapes::session;
pub(super) use token::TOKEN;
pub(super) use user::{CHANGE_USER, USER};
pub(super) use who::{accounts, count_sign_in, origin, passwords};

use crate::http::{ApiError, Operation};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// An answer, or what went wrong in the words and the version that the client has asked for.
fn said(
    request: &HttpRequest,
    outcome: Result<HttpResponse, Failure>,
) -> Result<HttpResponse, ApiError> {
    outcome.map_err(|failure| failure.told(request))
}

/// What the document says of every operation here that can fail.
fn failing(operation: Operation) -> Operation {
    let error = || {
        json!({
            "type": "object",
            "properties": {
                "code": {}, "error_code": { "type": "string" },
                "msg": { "type": "string" }, "message": { "type": "string" },
            },
        })
    };
    operation
        .answers_written(400, "What was sent is wrong; error_code says how", error())
        .answers_written(401, "No token", error())
        .answers_written(
            403,
            "The token, the session or the link is no good",
            error(),
        )
        .answers_written(404, "There are no accounts of ours here", error())
        .answers_written(422, "It may not be as asked", error())
        .answers_written(
            429,
            "Too many tries; Retry-After says how long to wait",
            error(),
        )
        .answers_written(
            503,
            "The database is away, or passwords are queueing",
            error(),
        )
}

fn object() -> Value {
    json!({ "type": "object" })
}
