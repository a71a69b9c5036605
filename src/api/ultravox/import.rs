//! `POST /functions/v1/import-telnyx-to-ultravox`, and the same for the other carriers.
//!
//! The order of checks, the statuses and the bodies are those of the function's document: 405, 401,
//! 403, then 500 when the credentials cannot be read, 400 when one is missing, 502 when Ultravox
//! does not do it.

use super::account::{account_of, missing, of_ultravox, on_main, unreadable};
use crate::domain::{AgencyId, CredentialKey};
use crate::http::{ApiError, Context, Owner, read_body};
use crate::providers::ultravox::Carrier;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// Ultravox's limit on an application id, in characters.
const LONGEST_APPLICATION_ID: usize = 40;

/// Imports the agency's Telnyx account.
pub(in crate::api) async fn telnyx(
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(Carrier::Telnyx, owner, request, payload, context).await
}

/// Imports the agency's Twilio account.
pub(in crate::api) async fn twilio(
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(Carrier::Twilio, owner, request, payload, context).await
}

/// Imports the agency's Plivo account.
pub(in crate::api) async fn plivo(
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(Carrier::Plivo, owner, request, payload, context).await
}

async fn import(
    carrier: Carrier,
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    // No body is asked for; one that comes is taken off the connection and not looked at.
    read_body(request.headers(), payload, &context.clock).await?;
    let (agency, user) = (owner.0.agency_id(), owner.0.user.id);
    let flow = flow(carrier, agency, context.clone());
    let answer = on_main(&context, flow).await?;
    tracing::info!(
        "{} of agency {agency} imported into Ultravox by {user}",
        carrier.title()
    );
    Ok(HttpResponse::Ok().json(answer))
}

async fn flow(
    carrier: Carrier,
    agency: AgencyId,
    context: web::Data<Context>,
) -> Result<Value, ApiError> {
    let credentials = context
        .directory
        .credentials(agency)
        .await
        .map_err(|error| {
            tracing::error!("Credentials of agency {agency} cannot be read: {error}");
            unreadable()
        })?;
    let needed = carrier.fields().iter().filter(|field| field.is_needed);
    let needed =
        std::iter::once(CredentialKey::UltravoxApiKey).chain(needed.map(|field| field.key));
    if credentials.any_unopened(needed.clone()) {
        return Err(unreadable());
    }
    let absent: Vec<_> = needed
        .filter(|key| credentials.get(*key).is_none())
        .collect();
    if !absent.is_empty() {
        return Err(missing(&absent));
    }
    let account = account_of(agency, &credentials)?;
    let identity = carrier.identity();
    let id = credentials
        .get(identity.key)
        .map(ExposeSecret::expose_secret);
    let id = id.unwrap_or_default().to_owned();
    if identity.name == "applicationSid" && id.chars().count() > LONGEST_APPLICATION_ID {
        return Err(ApiError::BadRequest(format!(
            "{} is too long for Ultravox: at most {LONGEST_APPLICATION_ID} characters",
            identity.key
        )));
    }
    let settings = carrier.settings_of(&credentials.values);
    let imported = context.ultravox.import(&account, carrier, settings).await;
    imported.map_err(|error| of_ultravox(&error))?;
    if !credentials.telephony_configured {
        context.store.mark_telephony_configured(agency).await?;
    }
    let mut answer = Map::new();
    answer.insert("success".into(), true.into());
    answer.insert(format!("{carrier}_configured_in_ultravox"), true.into());
    answer.insert(named(carrier).into(), id.into());
    Ok(answer.into())
}

/// The document's name of the application's id, and its like for the other carriers.
const fn named(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Telnyx => "application_id",
        Carrier::Twilio => "account_sid",
        Carrier::Plivo => "auth_id",
    }
}
