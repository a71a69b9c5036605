//! Who asks, and from where.

use super::Failure;
use crate::accounts::{Accounts, Opened, Origin};
use crate::auth::AuthError;
use crate::http::{ApiError, Context, bearer, token_reason};
use crate::telemetry::Refused;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;

/// The accounts of ours, if there are any here.
pub(in crate::api) fn accounts(context: &Context) -> Result<&Accounts, ApiError> {
    let none = ApiError::NotFound("This server keeps no accounts of its own");
    context.accounts.as_ref().ok_or(none)
}

/// The same, where they have passwords of ours.
pub(in crate::api) fn passwords(context: &Context) -> Result<&Accounts, ApiError> {
    let accounts = accounts(context)?;
    let none =
        ApiError::NotFound("This server keeps no passwords: sign in at the identity provider");
    match context.config.auth.has_passwords() {
        true => Ok(accounts),
        false => Err(none),
    }
}

/// From where somebody asks.
pub(in crate::api) fn origin(context: &Context, request: &HttpRequest) -> Origin {
    let client = request.headers().get(USER_AGENT);
    let client = client.and_then(|client| client.to_str().ok());
    let network = context.sign_ins.network(request);
    Origin {
        network: network.map(|network| network.to_string()),
        client: client.map(str::to_owned),
    }
}

/// Counts a try to sign in from where the request came.
pub(in crate::api) fn count_sign_in(
    context: &Context,
    request: &HttpRequest,
) -> Result<(), Failure> {
    context.sign_ins.count(request).map_err(Failure::too_often)
}

/// The session that the request's token is of, while it lasts.
pub(super) async fn opened<'a>(
    context: &'a Context,
    request: &HttpRequest,
) -> Result<(&'a Accounts, Opened), Failure> {
    let accounts = accounts(context)?;
    let Some(token) = bearer(request) else {
        let message = "This endpoint requires a valid Bearer token";
        let status = StatusCode::UNAUTHORIZED;
        return Err(Failure::new(
            status,
            "no_authorization",
            message,
            Refused::TokenMissing,
        ));
    };
    let identity = match context.verifier.verify_session(token).await {
        Ok(identity) => identity,
        Err(AuthError::Unauthorized(refusal)) => {
            context
                .refusals
                .count(request)
                .map_err(Failure::too_often)?;
            let (status, message) = (StatusCode::FORBIDDEN, "invalid JWT");
            let failure = Failure::new(status, "bad_jwt", message, token_reason(&refusal));
            return Err(failure.because(refusal.to_string()));
        }
        Err(error) => return Err(ApiError::of_auth(&error, context, request).into()),
    };
    let session = identity.session.unwrap_or_default();
    let opened = accounts.session(identity.user, session).await?;
    Ok((accounts, opened))
}
