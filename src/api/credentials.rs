//! `/api/agency/credentials`: an agency's owner stores credentials and sees their beginnings. A
//! value that went in never comes out.

use super::body::json_body;
use crate::agencies::Held;
use crate::domain::{CredentialError, CredentialKey, Timestamp, check_credential};
use crate::http::{ApiError, Context, Owner};
use crate::view::{CredentialName, Time};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const NOT_STORED: ApiError = ApiError::NotFound("No such credential is stored");

/// A credential as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
pub(super) struct View {
    #[schema(value_type = CredentialName)]
    key: String,
    /// Its first characters: 4, and never more than a quarter; null when it cannot be opened.
    #[schema(required)]
    prefix: Option<String>,
    #[schema(value_type = Time)]
    updated_at: String,
    /// Why it cannot be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    problem: Option<String>,
}

impl From<Held> for View {
    fn from(held: Held) -> Self {
        Self {
            prefix: held.prefix(),
            updated_at: held.updated_at.to_string(),
            problem: held.value.err(),
            key: held.name,
        }
    }
}

/// What is stored under a name: a text alone, or an object that holds it.
#[derive(Deserialize, ToSchema)]
#[schema(as = CredentialValue)]
pub(super) struct Value {
    #[schema(value_type = String, write_only)]
    value: SecretString,
}

/// What is stored.
#[derive(Serialize, ToSchema)]
pub(super) struct Credentials {
    credentials: Vec<View>,
}

/// What has been stored.
#[derive(Serialize, ToSchema)]
pub(super) struct StoredCredentials {
    credentials: Vec<View>,
    /// Values of an unusual format, in sentences; they are stored all the same.
    warnings: Vec<String>,
}

/// Every credential of the agency.
pub(super) async fn all(
    owner: Owner,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let opened = context.directory.vault().open(owner.0.agency_id()).await?;
    let credentials = opened.held.into_iter().map(View::from).collect();
    Ok(HttpResponse::Ok().json(Credentials { credentials }))
}

/// One credential.
pub(super) async fn one(
    owner: Owner,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let opened = context.directory.vault().open(owner.0.agency_id()).await?;
    let mut held = opened.held.into_iter();
    let held = held.find(|held| held.name == *path).ok_or(NOT_STORED)?;
    Ok(HttpResponse::Ok().json(View::from(held)))
}

/// Stores several: all of them, or none if one is refused.
pub(super) async fn put_all(
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "an object of credentials, such as {\"telnyx_api_key\":\"…\"}";
    let body: BTreeMap<String, SecretString> =
        json_body(&request, payload, &context.clock, EXPECTED).await?;
    store(&owner, body.into_iter().collect(), &context).await
}

/// Stores one.
pub(super) async fn put_one(
    owner: Owner,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "{\"value\":\"…\"}";
    let body: Value = json_body(&request, payload, &context.clock, EXPECTED).await?;
    store(&owner, vec![(path.into_inner(), body.value)], &context).await
}

/// Takes one away.
pub(super) async fn remove(
    owner: Owner,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let key = CredentialKey::of_name(&path).map_err(|_| NOT_STORED)?;
    let agency = owner.0.agency_id();
    if !context.directory.vault().remove(agency, key).await? {
        return Err(NOT_STORED);
    }
    context.directory.refresh().await?;
    tracing::info!(
        "Credential {key} of agency {agency} removed by {}",
        owner.0.user.id
    );
    Ok(HttpResponse::NoContent().finish())
}

/// Checks and stores what was given, and answers as a list would, with the doubts there are.
async fn store(
    owner: &Owner,
    given: Vec<(String, SecretString)>,
    context: &Context,
) -> Result<HttpResponse, ApiError> {
    let (values, warnings) = checked(given)?;
    let (agency, now) = (owner.0.agency_id(), context.clock.now());
    context.directory.vault().put(agency, &values).await?;
    // This node's next request finds it; the others read it within two seconds.
    context.directory.refresh().await?;
    let names: Vec<&str> = values.iter().map(|(key, _)| key.name()).collect();
    let names = names.join(", ");
    tracing::info!(
        "Credentials of agency {agency} stored by {}: {names}",
        owner.0.user.id
    );
    let credentials = values.into_iter().map(|stored| view(stored, now));
    Ok(HttpResponse::Ok().json(StoredCredentials {
        credentials: credentials.collect(),
        warnings,
    }))
}

fn view((key, value): (CredentialKey, SecretString), updated_at: Timestamp) -> View {
    View::from(Held {
        name: key.name().to_owned(),
        updated_at,
        value: Ok(value),
    })
}

type Checked = (Vec<(CredentialKey, SecretString)>, Vec<String>);

/// The same rules and doubts as those of `callboard credentials set`. All that is refused is named.
fn checked(given: Vec<(String, SecretString)>) -> Result<Checked, ApiError> {
    let (mut values, mut warnings, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in given {
        let judged = CredentialKey::of_name(&name).and_then(|key| {
            let doubt = check_credential(key, value.expose_secret())?;
            Ok((key, doubt))
        });
        match judged {
            Ok((key, doubt)) => {
                warnings.extend(doubt);
                values.push((key, value));
            }
            Err(error) => refused.push(error),
        }
    }
    if !refused.is_empty() {
        let sentences: Vec<String> = refused.iter().map(CredentialError::to_string).collect();
        return Err(ApiError::BadRequest(sentences.join("; ")));
    }
    if values.is_empty() {
        return Err(ApiError::BadRequest("No credential was given".into()));
    }
    Ok((values, warnings))
}
