//! Coming in by a link: the first owner sets the house up, and whoever was invited accepts.

use super::auth;
use super::body::json_body;
use crate::accounts::link::accept_signed_in;
use crate::accounts::{AccountError, Chosen};
use crate::domain::UserId;
use crate::http::{ApiError, Context, Door, Route, Tag, bearer};
use crate::telemetry::Refused;
use crate::view::MeView;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const SET_UP: Route = Route::post(
    "/api/setup",
    Door::Open,
    |route| route.to(set_up),
    |operation| {
        operation
            .named(Tag::SigningIn, "setUp", "Make the first owner")
            .saying(
                "By the link that `serve` prints while nobody can sign in, once and within 30 \
                 minutes. Where there is no agency, one of that name is made.",
            )
            .takes_written(
                chosen(&["token", "email", "password"]),
                json!({
                    "token": "what stands after # in the link", "agency": "Acme",
                    "name": "Olivia", "email": "olivia@example.com",
                    "password": "correct horse battery",
                }),
            )
            .answers_written(200, "Who it is, and their session", come_in())
            .fails(400, "The body, the address or the password is no good")
            .fails(403, "The link was used or has run out")
            .fails(404, "There are no accounts of ours here")
            .fails(409, "The address is somebody's")
            .fails(429, "Too many tries from this address")
            .fails(503, "The database is away, or passwords are queueing")
    },
);

pub(super) const ACCEPT: Route = Route::post(
    "/api/invitations/accept",
    Door::Open,
    |route| route.to(accept),
    |operation| {
        operation
            .named(
                Tag::SigningIn,
                "acceptInvitation",
                "Come in by an invitation",
            )
            .saying(
                "With `password`, and `email` where the invitation has none, for an account of \
                 ours; otherwise with the bearer token of whoever has signed in.",
            )
            .takes_written(
                chosen(&["token"]),
                json!({
                    "token": "what stands after # in the link", "name": "Anna",
                    "password": "correct horse battery",
                }),
            )
            .answers_written(
                200,
                "Who it is, and their session if it was begun here",
                come_in(),
            )
            .fails(400, "The body, the address or the password is no good")
            .fails(401, "Neither a password nor a token that is good")
            .fails(403, "The link was used or has run out")
            .fails(404, "A password, and there are no accounts of ours here")
            .fails(409, "The address is somebody's")
            .fails(415, "Not JSON")
            .fails(429, "Too many tries from this address")
            .fails(503, "The database is away, or passwords are queueing")
    },
);

fn chosen(required: &[&str]) -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "token": text(), "agency": text(), "name": text(), "email": text(), "password": text(),
        },
    })
}

fn come_in() -> Value {
    json!({
        "type": "object",
        "required": ["user", "agency", "session"],
        "properties": {
            "user": { "type": "object" }, "agency": { "type": "object" },
            "session": { "type": ["object", "null"] },
        },
    })
}

#[derive(Deserialize)]
struct Coming {
    token: SecretString,
    agency: Option<String>,
    name: Option<String>,
    email: Option<String>,
    password: Option<SecretString>,
}

impl Coming {
    fn chosen(&self, password: SecretString) -> Chosen {
        let given = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Chosen {
            name: given(&self.name),
            email: given(&self.email),
            password,
        }
    }
}

async fn set_up(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let accounts = auth::passwords(&context)?;
    count(&context, &request)?;
    let expected = "{\"token\":…,\"email\":…,\"password\":…}";
    let coming: Coming = json_body(&request, payload, &context.clock, expected).await?;
    let password = coming.password.clone().unwrap_or_default();
    let chosen = coming.chosen(password);
    let origin = auth::origin(&context, &request);
    let signed_in = accounts
        .set_up(&coming.token, coming.agency, chosen, origin)
        .await;
    let signed_in = signed_in.map_err(refused)?;
    let user = signed_in.opened.account.user;
    answer(&context, user, Some(auth::session(&signed_in))).await
}

async fn accept(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    count(&context, &request)?;
    let coming: Coming = json_body(&request, payload, &context.clock, "{\"token\":…}").await?;
    if let Some(password) = coming.password.clone() {
        let accounts = auth::passwords(&context)?;
        let origin = auth::origin(&context, &request);
        let signed_in = accounts
            .accept(&coming.token, coming.chosen(password), origin)
            .await;
        let signed_in = signed_in.map_err(refused)?;
        let user = signed_in.opened.account.user;
        return answer(&context, user, Some(auth::session(&signed_in))).await;
    }
    let Some(token) = bearer(&request) else {
        let sentence = "A password, or Authorization: Bearer <token>, is missing".to_owned();
        let error = ApiError::unauthorized(&context.refusals, &request, sentence);
        return Err(error.because(Refused::TokenMissing, "there is no bearer token"));
    };
    let identity = context.verifier.verify(token).await;
    let identity = identity.map_err(|error| ApiError::of_auth(&error, &context, &request))?;
    let (store, now) = (&context.store, context.clock.now());
    let user = accept_signed_in(store, &coming.token, identity.user, identity.email, now).await;
    answer(&context, user.map_err(refused)?.id, None).await
}

fn count(context: &Context, request: &HttpRequest) -> Result<(), ApiError> {
    let counted = context.sign_ins.count(request);
    counted.map_err(|seconds| refused(AccountError::TooOften(seconds)))
}

/// Who came in, by what the directory knows from now on.
async fn answer(
    context: &Context,
    user: UserId,
    session: Option<Value>,
) -> Result<HttpResponse, ApiError> {
    context.directory.refresh().await?;
    let person = context.directory.user(user).await?;
    let agency = person.as_ref().and_then(|person| person.agency_id);
    let agency = agency.and_then(|agency| context.directory.agency(agency));
    let (Some(person), Some(agency)) = (person, agency) else {
        return Err(ApiError::Conflict(
            "The agency is not there any more".to_owned(),
        ));
    };
    let mut answer = serde_json::to_value(MeView::new(&person, &agency.agency))?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("session".to_owned(), session.unwrap_or_default());
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// What went wrong, in the words of our API.
pub(super) fn refused(error: AccountError) -> ApiError {
    let why = error.to_string();
    match error {
        AccountError::LinkGone => {
            let sentence = "This link was used already, or has run out: ask for another one";
            ApiError::Forbidden(sentence).because(Refused::Link, why)
        }
        AccountError::OtherPerson => {
            let sentence = "This link is for somebody else: sign in as the one who was invited";
            ApiError::Forbidden(sentence).because(Refused::Link, why)
        }
        AccountError::LastOwner => {
            let sentence =
                "You are the only owner of your agency: make somebody else an owner first";
            ApiError::Conflict(sentence.to_owned()).because(Refused::LastOwner, why)
        }
        AccountError::EmailTaken => {
            let sentence = "Another account has this address".to_owned();
            ApiError::Conflict(sentence).because(Refused::NewAccount, why)
        }
        AccountError::Email | AccountError::Weak(_) => {
            let mut sentence = why.clone();
            if let Some(first) = sentence.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            ApiError::BadRequest(sentence).because(Refused::NewAccount, why)
        }
        AccountError::TooOften(seconds) => {
            ApiError::TooMany(seconds).because(Refused::SignInTooOften, why)
        }
        AccountError::Busy => ApiError::Unavailable("Too many passwords are being checked"),
        AccountError::Store(error) => error.into(),
        error => {
            tracing::error!("Nobody came in: {error}");
            ApiError::Internal
        }
    }
}
