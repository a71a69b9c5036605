//! `POST /functions/v1/import-telnyx-to-ultravox`, and the same for the other carriers.
//!
//! The order of checks, the statuses and the bodies are those of the function's document: 405, 401,
//! 403, then 500 when the credentials cannot be read, 400 when one is missing, 502 when Ultravox
//! does not do it.

use super::account::{account_of, missing, of_ultravox, on_main, unreadable};
use super::{UPSTREAM, missing_names};
use crate::domain::{AgencyId, CredentialKey, Right};
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, read_body};
use crate::providers::ultravox::VoiceCarrier;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// Ultravox's limit on an application id, in characters.
const LONGEST_APPLICATION_ID: usize = 40;

pub(in crate::api) const TELNYX_FUNCTION: Route = Route::post(
    "/functions/v1/import-telnyx-to-ultravox",
    Door::For(Right::ImportCarriers),
    |route| route.to(telnyx),
    |operation| {
        let summary = "Import Telnyx, as supabase-js calls it";
        imports(VoiceCarrier::Telnyx, operation).named(
            Tag::Ultravox,
            "importTelnyxFunction",
            summary,
        )
    },
);

pub(in crate::api) const TELNYX: Route = Route::post(
    "/api/ultravox/import-telnyx",
    Door::For(Right::ImportCarriers),
    |route| route.to(telnyx),
    |operation| {
        let operation = imports(VoiceCarrier::Telnyx, operation);
        operation.named(Tag::Ultravox, "importTelnyx", "Import Telnyx")
    },
);

pub(in crate::api) const TWILIO: Route = Route::post(
    "/api/ultravox/import-twilio",
    Door::For(Right::ImportCarriers),
    |route| route.to(twilio),
    |operation| {
        let operation = imports(VoiceCarrier::Twilio, operation);
        operation.named(Tag::Ultravox, "importTwilio", "Import Twilio")
    },
);

pub(in crate::api) const PLIVO: Route = Route::post(
    "/api/ultravox/import-plivo",
    Door::For(Right::ImportCarriers),
    |route| route.to(plivo),
    |operation| {
        let operation = imports(VoiceCarrier::Plivo, operation);
        operation.named(Tag::Ultravox, "importPlivo", "Import Plivo")
    },
);

fn imports(carrier: VoiceCarrier, operation: Operation) -> Operation {
    let (flag, named) = (flag_of(carrier), named(carrier));
    let properties = json!({
        "success": { "const": true },
        flag.as_str(): { "type": "boolean", "description": "Whether Ultravox now shows what was sent." },
        named: { "type": "string" },
    });
    let answer = json!({
        "type": "object",
        "properties": properties,
        "required": ["success", flag, named],
    });
    operation
        .saying("No body is needed. What is stored of the carrier is written into the agency's Ultravox account; safe to repeat.")
        .answers_written(200, "Imported", answer)
        .fails_with(
            400,
            "Credentials are missing (named), or one is too long for Ultravox",
            missing_names(),
        )
        .fails(502, UPSTREAM)
}

/// Imports the agency's Telnyx account.
async fn telnyx(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(VoiceCarrier::Telnyx, caller, request, payload, context).await
}

/// Imports the agency's Twilio account.
async fn twilio(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(VoiceCarrier::Twilio, caller, request, payload, context).await
}

/// Imports the agency's Plivo account.
async fn plivo(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    import(VoiceCarrier::Plivo, caller, request, payload, context).await
}

async fn import(
    carrier: VoiceCarrier,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    // No body is asked for; one that comes is taken off the connection and not looked at.
    read_body(request.headers(), payload, &context.clock).await?;
    let (agency, user) = (caller.agency_id(), caller.user.id);
    let flow = flow(carrier, agency, context.clone());
    let answer = on_main(&context, flow).await?;
    tracing::info!(
        "{} of agency {agency} imported into Ultravox by {user}",
        carrier.title()
    );
    Ok(HttpResponse::Ok().json(answer))
}

async fn flow(
    carrier: VoiceCarrier,
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
    answer.insert(flag_of(carrier), true.into());
    answer.insert(named(carrier).into(), id.into());
    Ok(answer.into())
}

/// The document's name of what has been done.
fn flag_of(carrier: VoiceCarrier) -> String {
    format!("{carrier}_configured_in_ultravox")
}

/// The document's name of the application's id, and its like for the other carriers.
const fn named(carrier: VoiceCarrier) -> &'static str {
    match carrier {
        VoiceCarrier::Telnyx => "application_id",
        VoiceCarrier::Twilio => "account_sid",
        VoiceCarrier::Plivo => "auth_id",
    }
}
