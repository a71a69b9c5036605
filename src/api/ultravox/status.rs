//! `GET /api/ultravox/status`: which credentials are stored, what Ultravox has, whether they agree,
//! and what to do.

use super::account::{account_of, detailed, of_ultravox, on_main};
use crate::agencies::Credentials;
use crate::domain::CredentialKey;
use crate::http::{Admin, ApiError, Context};
use crate::providers::ultravox::{Carrier, issues as compared, without_secrets};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The status. When Ultravox does not answer, what is known without it is in the 502.
pub(in crate::api) async fn status(
    admin: Admin,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let agency = admin.0.agency_id();
    let credentials = context.directory.credentials(agency).await?;
    let Ok(account) = account_of(agency, &credentials) else {
        return Ok(HttpResponse::Ok().json(view(&credentials, &Seen::NotAsked)));
    };
    let ours = context.clone();
    let whole = on_main(&context, async move {
        let whole = ours.ultravox.whole(&account).await;
        Ok(whole.map(|whole| without_secrets(whole, &account.secrets)))
    });
    match whole.await? {
        Ok(whole) => Ok(HttpResponse::Ok().json(view(&credentials, &Seen::Whole(whole)))),
        Err(error) => {
            let sentence = of_ultravox(&error).to_string();
            let known = view(&credentials, &Seen::Failed(sentence.clone()));
            let fields = match serde_json::to_value(known)? {
                Value::Object(fields) => fields,
                _ => Map::new(),
            };
            Err(detailed(StatusCode::BAD_GATEWAY, &sentence, fields))
        }
    }
}

/// How the agency's carriers stand with Ultravox.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct UltravoxStatus {
    /// Which credentials are stored and can be opened, by their names.
    stored: BTreeMap<&'static str, bool>,
    /// Whether an import has once succeeded.
    telephony_configured: bool,
    /// What Ultravox has of each carrier, in its own fields (null: nothing); null when it was not
    /// asked or did not answer.
    #[schema(value_type = Option<BTreeMap<String, Option<Object>>>, required)]
    ultravox: Option<BTreeMap<&'static str, Value>>,
    /// Whether it was asked and nothing differs.
    in_sync: bool,
    /// What differs or is missing, in sentences.
    sync_issues: Vec<String>,
    /// What to do about it, in sentences.
    next_steps: Vec<String>,
}

/// What was seen of Ultravox.
enum Seen {
    NotAsked,
    Failed(String),
    Whole(Value),
}

fn view(credentials: &Credentials, seen: &Seen) -> UltravoxStatus {
    let stored = CredentialKey::ALL.iter();
    let stored = stored.map(|key| (key.name(), credentials.get(*key).is_some()));
    let (issues, steps) = judged(credentials, seen);
    let ultravox = match seen {
        Seen::Whole(whole) => {
            let shown = |carrier: Carrier| {
                let one = whole.get(carrier.name()).cloned().unwrap_or_default();
                (carrier.name(), one)
            };
            Some(Carrier::ALL.into_iter().map(shown).collect())
        }
        Seen::NotAsked | Seen::Failed(_) => None,
    };
    let in_sync = matches!(seen, Seen::Whole(_)) && issues.is_empty();
    UltravoxStatus {
        stored: stored.collect(),
        telephony_configured: credentials.telephony_configured,
        ultravox,
        in_sync,
        sync_issues: issues,
        next_steps: steps,
    }
}

/// Where the two sides differ, and what to do about it.
fn judged(credentials: &Credentials, seen: &Seen) -> (Vec<String>, Vec<String>) {
    let (mut issues, mut steps) = (Vec::new(), Vec::new());
    for (key, why) in &credentials.unopened {
        issues.push(format!("{key} is stored and cannot be opened: {why}"));
        steps.push(format!(
            "Store {key} again, or restore the key that sealed it"
        ));
    }
    match seen {
        Seen::NotAsked => {
            issues.push("No usable ultravox_api_key is stored, so Ultravox was not asked".into());
            steps.push(
                "Store ultravox_api_key: PUT /api/agency/credentials/ultravox_api_key".into(),
            );
        }
        Seen::Failed(sentence) => {
            issues.push(format!("Ultravox did not answer the question: {sentence}"));
            steps.push(
                "See that ultravox_api_key is right and that Ultravox is up, then look again"
                    .into(),
            );
        }
        Seen::Whole(whole) => {
            for issue in compared(whole, &credentials.values) {
                issues.push(issue.what);
                if !steps.contains(&issue.mend) {
                    steps.push(issue.mend);
                }
            }
        }
    }
    (issues, steps)
}
