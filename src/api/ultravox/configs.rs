//! Ultravox's telephony settings, carrier by carrier and all in one, with its own field names.

use super::account::{account_of, of_ultravox, of_update, on_main};
use crate::agencies::Credentials;
use crate::api::body::json_body;
use crate::http::{ApiError, Context, Owner};
use crate::providers::Account;
use crate::providers::ultravox::{Carrier, Settings, read_settings, without_secrets};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde_json::{Map, Value};

const NO_CARRIER: ApiError =
    ApiError::NotFound("There is no such carrier; there are: telnyx, twilio, plivo");
const NOT_THERE: ApiError = ApiError::NotFound("Ultravox has no configuration of this carrier");
const EXPECTED: &str = "an object of Ultravox's telephony settings";

/// What Ultravox has of a carrier.
pub(in crate::api) async fn read(
    owner: Owner,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = Carrier::from_name(&path).ok_or(NO_CARRIER)?;
    let (account, _) = asked(&owner, &context).await?;
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
pub(in crate::api) async fn change(
    owner: Owner,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = Carrier::from_name(&path).ok_or(NO_CARRIER)?;
    let body: Value = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let settings = read_settings(carrier, &body).map_err(ApiError::BadRequest)?;
    let (mut account, credentials) = asked(&owner, &context).await?;
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
pub(in crate::api) async fn remove(
    owner: Owner,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let carrier = Carrier::from_name(&path).ok_or(NO_CARRIER)?;
    let (account, _) = asked(&owner, &context).await?;
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
pub(in crate::api) async fn change_whole(
    owner: Owner,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let body: Map<String, Value> = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let mut given = Vec::new();
    for (name, value) in &body {
        let carrier = Carrier::from_name(name).ok_or_else(|| {
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
    let (mut account, credentials) = asked(&owner, &context).await?;
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
    for carrier in Carrier::ALL {
        let one = shown.get_mut(carrier.name()).map(Value::take);
        answer.insert(carrier.name().into(), one.unwrap_or_default());
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn asked(
    owner: &Owner,
    context: &web::Data<Context>,
) -> Result<(Account, Credentials), ApiError> {
    let agency = owner.0.agency_id();
    let credentials = context.directory.credentials(agency).await?;
    Ok((account_of(agency, &credentials)?, credentials))
}

/// What the owner gave is not to come back in a refusal either.
fn hide(account: &mut Account, carrier: Carrier, settings: &Settings) {
    let secrets = carrier.fields().iter().filter(|field| field.is_secret);
    let given = secrets.filter_map(|field| settings.get(field.name)?.as_str());
    account.secrets.extend(given.map(SecretString::from));
}
