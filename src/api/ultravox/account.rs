//! The account that is asked, and what becomes of its refusals.

use crate::agencies::Credentials;
use crate::domain::{AgencyId, CredentialKey};
use crate::http::{ApiError, Context};
use crate::providers::Account;
use crate::providers::ultravox::{UltravoxError, UpdateError};
use actix_web::http::StatusCode;
use actix_web::web;
use serde_json::{Map, json};

/// Runs `flow` on the main runtime and waits for it.
pub(super) async fn on_main<T: Send + 'static>(
    context: &web::Data<Context>,
    flow: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    match context.runtime.spawn(flow).await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!("A request to Ultravox ended badly: {error}");
            Err(ApiError::Internal)
        }
    }
}

/// The agency's Ultravox account.
pub(super) fn account_of(agency: AgencyId, credentials: &Credentials) -> Result<Account, ApiError> {
    let key = CredentialKey::UltravoxApiKey;
    if credentials.any_unopened(std::iter::once(key)) {
        return Err(unreadable());
    }
    Account::of(agency, &credentials.values).ok_or_else(|| missing(&[key]))
}

/// 400, with the names of what is missing.
pub(super) fn missing(keys: &[CredentialKey]) -> ApiError {
    let names: Vec<&str> = keys.iter().map(|key| key.name()).collect();
    detailed(
        StatusCode::BAD_REQUEST,
        "Missing required credentials",
        Map::from_iter([("missing".to_owned(), json!(names))]),
    )
}

/// 500, as the document has it. The log says why.
pub(super) fn unreadable() -> ApiError {
    let sentence = "Failed to retrieve agency credentials";
    detailed(StatusCode::INTERNAL_SERVER_ERROR, sentence, Map::new())
}

pub(super) fn detailed(
    status: StatusCode,
    sentence: &str,
    fields: Map<String, serde_json::Value>,
) -> ApiError {
    ApiError::Detailed {
        status,
        sentence: sentence.to_owned(),
        fields,
    }
}

/// Whatever goes wrong at Ultravox is a 502 of ours: its 401 must not sign our user out.
pub(super) fn of_ultravox(error: &UltravoxError) -> ApiError {
    tracing::warn!("Ultravox did not do it: {error}");
    ApiError::BadGateway(error.to_string())
}

pub(super) fn of_update(error: &UpdateError) -> ApiError {
    match error {
        UpdateError::Missing(keys) => missing(keys),
        UpdateError::Ultravox(error) => of_ultravox(error),
    }
}
