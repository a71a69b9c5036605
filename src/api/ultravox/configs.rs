//! Ultravox's telephony settings, carrier by carrier and all in one, with its own field names.

use super::account::{account_of, of_ultravox, of_update, on_main};
use super::{UPSTREAM, missing_names};
use crate::agencies::Credentials;
use crate::api::body::json_body;
use crate::domain::Right;
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, schema};
use crate::providers::Account;
use crate::providers::ultravox::{Settings, VoiceCarrier, read_settings, without_secrets};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

const NO_CARRIER: ApiError =
    ApiError::NotFound("There is no such carrier; there are: telnyx, twilio, plivo");
const NOT_THERE: ApiError = ApiError::NotFound("Ultravox has no configuration of this carrier");
const EXPECTED: &str = "an object of Ultravox's telephony settings";

const PATH: &str = "/api/ultravox/telephony_configs/{carrier}";
const THERE: &str = "No such carrier, or Ultravox has no configuration of it";

pub(in crate::api) const READ: Route = Route::get(
    PATH,
    Door::For(Right::ImportCarriers),
    |route| route.to(read),
    |operation| {
        of_settings(operation)
            .named(
                Tag::Ultravox,
                "telephonyConfig",
                "What Ultravox has of a carrier",
            )
            .answers_written(200, "Its settings", own_fields())
            .fails(404, THERE)
    },
);

pub(in crate::api) const CHANGE: Route = Route::patch(
    PATH,
    Door::For(Right::ImportCarriers),
    |route| route.to(change),
    |operation| {
        of_settings(operation)
            .named(
                Tag::Ultravox,
                "changeTelephonyConfig",
                "Change a carrier's settings",
            )
            .saying("Secrets that are left out are filled in from the stored credentials.")
            .takes_written(own_fields(), json!({ "callCreationAllowAllAgents": true }))
            .answers_written(200, "Its settings as they are now", own_fields())
            .fails(404, THERE)
            .fails(415, "Not JSON")
    },
);

pub(in crate::api) const REMOVE: Route = Route::delete(
    PATH,
    Door::For(Right::ImportCarriers),
    |route| route.to(remove),
    |operation| {
        let summary = "Take a carrier away from Ultravox";
        of_settings(operation)
            .named(Tag::Ultravox, "removeTelephonyConfig", summary)
            .answers_nothing(204, "It is gone")
            .fails(404, THERE)
    },
);

pub(in crate::api) const CHANGE_WHOLE: Route = Route::patch(
    "/api/ultravox/telephony_config",
    Door::For(Right::ImportCarriers),
    |route| route.to(change_whole),
    |operation| {
        let one = json!({ "anyOf": [own_fields(), { "type": "null" }] });
        let all = VoiceCarrier::ALL.map(|carrier| (carrier.name().to_owned(), one.clone()));
        let all = json!({ "type": "object", "properties": Map::from_iter(all) });
        let example = json!({ "telnyx": { "callCreationAllowAllAgents": true } });
        of_settings(operation)
            .named(
                Tag::Ultravox,
                "changeTelephonyConfigs",
                "Change several carriers in one",
            )
            .saying("As Ultravox's account endpoint; null takes a carrier away.")
            .takes_written(all.clone(), example)
            .answers_written(200, "All settings as they are now", all)
            .fails(415, "Not JSON")
    },
);

fn of_settings(operation: Operation) -> Operation {
    operation
        .with(
            "carrier",
            "Which carrier.",
            schema::one_of(&VoiceCarrier::ALL.map(VoiceCarrier::name)),
        )
        .fails_with(
            400,
            "The settings are not Ultravox's, or credentials are missing (named)",
            missing_names(),
        )
        .fails(502, UPSTREAM)
}

fn own_fields() -> Value {
    json!({
        "type": "object",
        "description": "Ultravox's own fields, never a secret in an answer.",
        "properties": {
            "callCreationAllowAllAgents": { "type": "boolean" },
            "callCreationAllowedAgentIds": {
                "type": "array", "maxItems": 100, "items": { "type": "string", "format": "uuid" },
            },
            "requestContextMapping": { "type": ["object", "null"] },
        },
        "additionalProperties": true,
    })
}

/// What Ultravox has of a carrier.
async fn read(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = VoiceCarrier::from_name(&path).ok_or(NO_CARRIER)?;
    let (account, _) = asked(&caller, &context).await?;
    let ours = context.clone();
    let shown = on_main(&context, async move {
        let shown = ours.ultravox.config(&account, carrier).await;
        let shown = shown.map_err(|error| of_ultravox(&error))?;
        Ok(shown.map(|shown| without_secrets(shown, &account.secrets)))
    });
    let shown = shown.await?.ok_or(NOT_THERE)?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Changes a carrier's settings.
async fn change(
    caller: Caller,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = VoiceCarrier::from_name(&path).ok_or(NO_CARRIER)?;
    let body: Value = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let settings = read_settings(carrier, &body).map_err(ApiError::BadRequest)?;
    let (mut account, credentials) = asked(&caller, &context).await?;
    hide(&mut account, carrier, &settings);
    let ours = context.clone();
    let shown = on_main(&context, async move {
        let stored = &credentials.values;
        let update = ours.ultravox.update(&account, carrier, settings, stored);
        let shown = update.await.map_err(|error| of_update(&error))?;
        Ok(without_secrets(shown, &account.secrets))
    });
    Ok(HttpResponse::Ok().json(shown.await?))
}

/// Takes a carrier away from Ultravox.
async fn remove(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = VoiceCarrier::from_name(&path).ok_or(NO_CARRIER)?;
    let (account, _) = asked(&caller, &context).await?;
    let ours = context.clone();
    let removed = on_main(&context, async move {
        let removed = ours.ultravox.remove(&account, carrier).await;
        removed.map_err(|error| of_ultravox(&error))
    });
    if !removed.await? {
        return Err(NOT_THERE);
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Changes several carriers in one, as Ultravox's account endpoint does; null takes one away.
async fn change_whole(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let body: Map<String, Value> = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let mut given = Vec::new();
    for (name, value) in &body {
        let carrier = VoiceCarrier::from_name(name).ok_or_else(|| {
            ApiError::BadRequest("The settings are those of telnyx, twilio and plivo".into())
        })?;
        let settings = match value {
            Value::Null => None,
            value => Some(
                read_settings(carrier, value)
                    .map_err(|error| ApiError::BadRequest(format!("{carrier}: {error}")))?,
            ),
        };
        given.push((carrier, settings));
    }
    if given.is_empty() {
        return Err(ApiError::BadRequest(
            "Name telnyx, twilio or plivo, and its settings".into(),
        ));
    }
    let (mut account, credentials) = asked(&caller, &context).await?;
    for (carrier, settings) in &given {
        if let Some(settings) = settings {
            hide(&mut account, *carrier, settings);
        }
    }
    let ours = context.clone();
    let shown = on_main(&context, async move {
        let stored = &credentials.values;
        let update = ours.ultravox.update_whole(&account, given, stored);
        let shown = update.await.map_err(|error| of_update(&error))?;
        Ok(without_secrets(shown, &account.secrets))
    });
    let mut shown = shown.await?;
    let mut answer = Map::new();
    for carrier in VoiceCarrier::ALL {
        let one = shown.get_mut(carrier.name()).map(Value::take);
        answer.insert(carrier.name().into(), one.unwrap_or_default());
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn asked(
    caller: &Caller,
    context: &web::Data<Context>,
) -> Result<(Account, Credentials), ApiError> {
    let agency = caller.agency_id();
    let credentials = context.directory.credentials(agency).await?;
    Ok((account_of(agency, &credentials)?, credentials))
}

/// What the owner gave is not to come back in a refusal either.
fn hide(account: &mut Account, carrier: VoiceCarrier, settings: &Settings) {
    let secrets = carrier.fields().iter().filter(|field| field.is_secret);
    let given = secrets.filter_map(|field| settings.get(field.name)?.as_str());
    account.secrets.extend(given.map(SecretString::from));
}
