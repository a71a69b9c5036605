//! Whom a route with a right lets in: the one place where it is asked for, and where those who do
//! not have it are refused and counted.

use super::caller::Barred;
use super::{ApiError, Bearer, Caller, Context, bearer};
use crate::domain::{Right, Role};
use crate::telemetry::Refused;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

/// Lets those in who have the right. The handler finds who it is in the request, as a [`Caller`].
///
/// # Errors
/// None of its own: a refusal is an answer.
pub(super) async fn admit(
    right: Right,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match caller_with(right, request.request()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await
        }
        Err(refusal) => Ok(request.error_response(refusal)),
    }
}

async fn caller_with(right: Right, request: &HttpRequest) -> Result<Caller, ApiError> {
    let context: &web::Data<Context> = request.app_data().ok_or(ApiError::Internal)?;
    let bearer = shown(context, request).await?;
    context.caller(&bearer, right).await?.map_err(|barred| {
        let sentence = match barred {
            Barred::NoAgency => {
                return no_agency(&bearer).because(barred.reason(), barred.why(&bearer));
            }
            Barred::Role(_) => Those::who_have(right).only,
            Barred::KeyRight => "This key does not have the right to do this",
            // Between two looks at it.
            Barred::KeyGone => "This key has been taken back",
        };
        ApiError::Forbidden(sentence).because(barred.reason(), barred.why(&bearer))
    })
}

/// Whoever signed in and belongs nowhere is told whom to ask, and what to send.
fn no_agency(bearer: &Bearer) -> ApiError {
    let Bearer::Person(identity) = bearer else {
        return ApiError::Forbidden("This key's agency is not there any more");
    };
    let (id, email) = (identity.user.to_string(), identity.email.clone());
    let known_by = match &email {
        Some(email) => format!("{email} (user {id})"),
        None => format!("user {id}"),
    };
    let fields = [
        ("user_id".to_owned(), id.into()),
        ("email".to_owned(), email.into()),
    ];
    ApiError::Detailed {
        status: StatusCode::FORBIDDEN,
        sentence: format!(
            "This user does not belong to an agency. Ask the agency's owner for an invitation, and \
             send this: {known_by}"
        ),
        fields: fields.into_iter().collect(),
    }
}

async fn shown(context: &Context, request: &HttpRequest) -> Result<Bearer, ApiError> {
    let Some(token) = bearer(request) else {
        let sentence = "Authorization: Bearer <token> is missing".to_owned();
        let error = ApiError::unauthorized(&context.refusals, request, sentence);
        return Err(error.because(Refused::TokenMissing, "there is no bearer token"));
    };
    let bearer = context.bearer(token).await;
    bearer.map_err(|error| ApiError::of_auth(&error, context, request))
}

/// Those who have a right, in words.
pub(super) struct Those {
    /// In the document.
    pub name: &'static str,
    /// What the document says of the others.
    pub others: &'static str,
    /// What the others read.
    pub only: &'static str,
}

impl Those {
    pub(super) fn who_have(right: Right) -> Self {
        match right.roles() {
            [Role::Owner] => Self {
                name: "owners",
                others: "Not an agency's owner",
                only: "Only the agency's owner (role agency_owner) may do this",
            },
            roles if !roles.contains(&Role::Member) => Self {
                name: "owners and admins",
                others: "Neither owner nor admin of an agency",
                only: "Only the agency's owner or an admin (role agency_owner or agency_admin) \
                       may do this",
            },
            _ => Self {
                name: "anyone of an agency",
                others: "Not of an agency",
                only: "This user may not do this",
            },
        }
    }
}
