//! Credentials, and the carriers in Ultravox.

use super::one_of;
use crate::api::credentials::{Credentials, StoredCredentials, Value as CredentialValue, View};
use crate::api::documents::operation::Operation;
use crate::api::ultravox::UltravoxStatus;
use crate::api::webhooks::Webhooks;
use crate::domain::CredentialKey;
use serde_json::{Map, Value, json};

pub(super) fn credentials() -> Vec<Operation> {
    const ALL: &str = "/api/agency/credentials";
    const ONE: &str = "/api/agency/credentials/{key}";
    let names: Vec<&str> = CredentialKey::ALL.iter().map(|key| key.name()).collect();
    let operation = |method, path, id, summary| {
        Operation::open(method, path, id, summary)
            .for_owners()
            .with("key", "Which credential.", one_of(&names))
    };
    let values = names.iter();
    let values = values.map(|name| {
        (
            (*name).to_owned(),
            json!({ "type": "string", "writeOnly": true }),
        )
    });
    let several = json!({
        "type": "object",
        "properties": values.collect::<Map<_, _>>(),
        "minProperties": 1,
        "additionalProperties": false,
    });
    let stores = |operation: Operation| {
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
    };
    vec![
        Operation::open(
            "GET",
            "/api/agency/webhooks",
            "webhooks",
            "Whether something that the carrier told is missing",
        )
        .for_owners()
        .answers::<Webhooks>(200, "How many webhooks could not be applied"),
        operation("GET", ALL, "credentials", "What is stored")
            .answers::<Credentials>(200, "Names and beginnings, never values"),
        stores(
            operation("PUT", ALL, "storeCredentials", "Store several, all or none").takes_written(
                several,
                json!({ "telnyx_application_id": "1684641123236054244" }),
            ),
        ),
        operation("GET", ONE, "credential", "One of them")
            .answers::<View>(200, "Its name and beginning")
            .fails(404, "No such credential is stored"),
        stores(
            operation("PUT", ONE, "storeCredential", "Store one")
                .takes::<CredentialValue>(json!({ "value": "1684641123236054244" })),
        ),
        operation("DELETE", ONE, "removeCredential", "Take one away")
            .answers_nothing(204, "It is gone")
            .fails(404, "No such credential is stored"),
    ]
}

const UPSTREAM: &str = "Ultravox refused, failed or did not answer; its own words";

pub(super) fn ultravox() -> Vec<Operation> {
    let mut operations = imports();
    operations.extend(settings());
    operations.push(
        Operation::open(
            "GET",
            "/api/ultravox/status",
            "ultravoxStatus",
            "How the two sides agree",
        )
        .for_admins()
        .answers::<UltravoxStatus>(200, "What is stored, what Ultravox has, and what to do")
        .fails(
            502,
            "Ultravox did not answer; what is known without it is beside the sentence",
        ),
    );
    operations
}

fn missing() -> Value {
    json!({ "missing": { "type": "array", "items": { "type": "string" } } })
}

fn imports() -> Vec<Operation> {
    let import = |path, id, summary, flag: &str, named: &str| {
        let properties = json!({
            "success": { "const": true },
            flag: { "type": "boolean", "description": "Whether Ultravox now shows what was sent." },
            named: { "type": "string" },
        });
        let answer = json!({
            "type": "object",
            "properties": properties,
            "required": ["success", flag, named],
        });
        Operation::open("POST", path, id, summary)
            .for_owners()
            .saying("No body is needed. What is stored of the carrier is written into the agency's Ultravox account; safe to repeat.")
            .answers_written(200, "Imported", answer)
            .fails_with(400, "Credentials are missing (named), or one is too long for Ultravox", missing())
            .fails(502, UPSTREAM)
    };
    let telnyx = |path, id, summary| {
        import(
            path,
            id,
            summary,
            "telnyx_configured_in_ultravox",
            "application_id",
        )
    };
    vec![
        telnyx(
            "/functions/v1/import-telnyx-to-ultravox",
            "importTelnyxFunction",
            "Import Telnyx, as supabase-js calls it",
        ),
        telnyx(
            "/api/ultravox/import-telnyx",
            "importTelnyx",
            "Import Telnyx",
        ),
        import(
            "/api/ultravox/import-twilio",
            "importTwilio",
            "Import Twilio",
            "twilio_configured_in_ultravox",
            "account_sid",
        ),
        import(
            "/api/ultravox/import-plivo",
            "importPlivo",
            "Import Plivo",
            "plivo_configured_in_ultravox",
            "auth_id",
        ),
    ]
}

fn settings() -> Vec<Operation> {
    const PATH: &str = "/api/ultravox/telephony_configs/{carrier}";
    let carriers = ["telnyx", "twilio", "plivo"];
    let own = json!({
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
    });
    let whole = carriers.map(|carrier| {
        (
            carrier.to_owned(),
            json!({ "anyOf": [own, { "type": "null" }] }),
        )
    });
    let whole = json!({ "type": "object", "properties": Map::from_iter(whole) });
    let example = json!({ "callCreationAllowAllAgents": true });
    let operation = |method, path, id, summary| {
        Operation::open(method, path, id, summary)
            .for_owners()
            .with("carrier", "Which carrier.", one_of(&carriers))
            .fails_with(
                400,
                "The settings are not Ultravox's, or credentials are missing (named)",
                missing(),
            )
            .fails(502, UPSTREAM)
    };
    let there = "No such carrier, or Ultravox has no configuration of it";
    vec![
        operation(
            "GET",
            PATH,
            "telephonyConfig",
            "What Ultravox has of a carrier",
        )
        .answers_written(200, "Its settings", own.clone())
        .fails(404, there),
        operation(
            "PATCH",
            PATH,
            "changeTelephonyConfig",
            "Change a carrier's settings",
        )
        .saying("Secrets that are left out are filled in from the stored credentials.")
        .takes_written(own.clone(), example.clone())
        .answers_written(200, "Its settings as they are now", own.clone())
        .fails(404, there)
        .fails(415, "Not JSON"),
        operation(
            "DELETE",
            PATH,
            "removeTelephonyConfig",
            "Take a carrier away from Ultravox",
        )
        .answers_nothing(204, "It is gone")
        .fails(404, there),
        operation(
            "PATCH",
            "/api/ultravox/telephony_config",
            "changeTelephonyConfigs",
            "Change several carriers in one",
        )
        .saying("As Ultravox's account endpoint; null takes a carrier away.")
        .takes_written(whole.clone(), json!({ "telnyx": example }))
        .answers_written(200, "All settings as they are now", whole)
        .fails(415, "Not JSON"),
    ]
}
