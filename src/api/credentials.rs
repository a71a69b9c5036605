//! `/api/agency/credentials`: an agency's owner stores credentials and sees their beginnings. A
//! value that went in never comes out.

use super::body::json_body;
use crate::agencies::Held;
use crate::domain::{CredentialError, CredentialKey, Right, Timestamp, check_credential};
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, schema};
use crate::view::{CredentialName, Time};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const NOT_STORED: ApiError = ApiError::NotFound("No such credential is stored");

const ALL_OF_THEM: &str = "/api/agency/credentials";
const ONE_OF_THEM: &str = "/api/agency/credentials/{key}";

pub(super) const ALL: Route = Route::get(
    ALL_OF_THEM,
    Door::For(Right::KeepCredentials),
    |route| route.to(all),
    |operation| {
        operation
            .named(Tag::Credentials, "credentials", "What is stored")
            .answers::<Credentials>(200, "Names and beginnings, never values")
    },
);

pub(super) const PUT_ALL: Route = Route::put(
    ALL_OF_THEM,
    Door::For(Right::KeepCredentials),
    |route| route.to(put_all),
    |operation| {
        let written = json!({ "type": "string", "writeOnly": true });
        let names = CredentialKey::ALL.iter();
        let values = names.map(|key| (key.name().to_owned(), written.clone()));
        let several = json!({
            "type": "object",
            "properties": values.collect::<Map<_, _>>(),
            "minProperties": 1,
            "additionalProperties": false,
        });
        let summary = "Store several, all or none";
        stores(operation.named(Tag::Credentials, "storeCredentials", summary)).takes_written(
            several,
            json!({ "telnyx_application_id": "1684641123236054244" }),
        )
    },
);

pub(super) const ONE: Route = Route::get(
    ONE_OF_THEM,
    Door::For(Right::KeepCredentials),
    |route| route.to(one),
    |operation| {
        of_key(operation)
            .named(Tag::Credentials, "credential", "One of them")
            .answers::<View>(200, "Its name and beginning")
            .fails(404, "No such credential is stored")
    },
);

pub(super) const PUT_ONE: Route = Route::put(
    ONE_OF_THEM,
    Door::For(Right::KeepCredentials),
    |route| route.to(put_one),
    |operation| {
        stores(of_key(operation))
            .named(Tag::Credentials, "storeCredential", "Store one")
            .takes::<Value>(json!({ "value": "1684641123236054244" }))
    },
);

pub(super) const REMOVE: Route = Route::delete(
    ONE_OF_THEM,
    Door::For(Right::KeepCredentials),
    |route| route.to(remove),
    |operation| {
        of_key(operation)
            .named(Tag::Credentials, "removeCredential", "Take one away")
            .answers_nothing(204, "It is gone")
            .fails(404, "No such credential is stored")
    },
);

fn of_key(operation: Operation) -> Operation {
    let names: Vec<&str> = CredentialKey::ALL.iter().map(|key| key.name()).collect();
    operation.with("key", "Which credential.", schema::one_of(&names))
}

fn stores(operation: Operation) -> Operation {
    operation
        .answers::<StoredCredentials>(200, "Stored, with doubts about unusual formats")
        .fails(
            400,
            "An unknown key or a refused value: nothing is stored, all that is wrong is named",
        )
        .fails(
            409,
            "The server has no encryption key, or not the one that sealed the others",
        )
        .fails(415, "Not JSON")
}

/// A credential as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
struct View {
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
struct Value {
    #[schema(value_type = String, write_only)]
    value: SecretString,
}

/// What is stored.
#[derive(Serialize, ToSchema)]
struct Credentials {
    credentials: Vec<View>,
}

/// What has been stored.
#[derive(Serialize, ToSchema)]
struct StoredCredentials {
    credentials: Vec<View>,
    /// Values of an unusual format, in sentences; they are stored all the same.
    warnings: Vec<String>,
}

/// Every credential of the agency.
async fn all(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let opened = context.directory.vault().open(caller.agency_id()).await?;
    let credentials = opened.held.into_iter().map(View::from).collect();
    Ok(HttpResponse::Ok().json(Credentials { credentials }))
}

/// One credential.
async fn one(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let opened = context.directory.vault().open(caller.agency_id()).await?;
    let mut held = opened.held.into_iter();
    let held = held.find(|held| held.name == *path).ok_or(NOT_STORED)?;
    Ok(HttpResponse::Ok().json(View::from(held)))
}

/// Stores several: all of them, or none if one is refused.
async fn put_all(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "an object of credentials, such as {\"telnyx_api_key\":\"…\"}";
    let body: BTreeMap<String, SecretString> =
        json_body(&request, payload, &context.clock, EXPECTED).await?;
    store(&caller, body.into_iter().collect(), &context).await
}

/// Stores one.
async fn put_one(
    caller: Caller,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "{\"value\":\"…\"}";
    let body: Value = json_body(&request, payload, &context.clock, EXPECTED).await?;
    store(&caller, vec![(path.into_inner(), body.value)], &context).await
}

/// Takes one away.
async fn remove(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let key = CredentialKey::of_name(&path).map_err(|_| NOT_STORED)?;
    let agency = caller.agency_id();
    if !context.directory.vault().remove(agency, key).await? {
        return Err(NOT_STORED);
    }
    context.directory.refresh().await?;
    tracing::info!(
        "Credential {key} of agency {agency} removed by {}",
        caller.user.id
    );
    Ok(HttpResponse::NoContent().finish())
}

/// Checks and stores what was given, and answers as a list would, with the doubts there are.
async fn store(
    caller: &Caller,
    given: Vec<(String, SecretString)>,
    context: &Context,
) -> Result<HttpResponse, ApiError> {
    let (values, warnings) = checked(given)?;
    let (agency, now) = (caller.agency_id(), context.clock.now());
    context.directory.vault().put(agency, &values).await?;
    // This node's next request finds it; the others read it within two seconds.
    context.directory.refresh().await?;
    let names: Vec<&str> = values.iter().map(|(key, _)| key.name()).collect();
    let names = names.join(", ");
    tracing::info!(
        "Credentials of agency {agency} stored by {}: {names}",
        caller.user.id
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
