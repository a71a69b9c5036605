//! What an owner may set of a carrier at Ultravox, checked before Ultravox is asked. The rules are
//! those of its OpenAPI file (`PatchedTelnyxConfig`, `PatchedTwilioConfig`, `PatchedPlivoConfig`).

use super::VoiceCarrier;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Fields of a configuration, by Ultravox's names.
pub(crate) type Settings = Map<String, Value>;

/// Most agents that may be named.
const MOST_AGENTS: usize = 100;
/// Longest application id, in characters.
const LONGEST_APPLICATION_SID: usize = 40;
/// Longest other value, in characters, as of credentials.
const LONGEST: usize = 255;

const ALL_AGENTS: &str = "callCreationAllowAllAgents";
const AGENTS: &str = "callCreationAllowedAgentIds";
const MAPPING: &str = "requestContextMapping";

/// Reads and checks the fields of a carrier. Those that only come back from Ultravox (the prefixes)
/// are left out, so that what was read may be sent again.
///
/// # Errors
/// A sentence that names the field and what it may be, without its value.
pub(crate) fn read_settings(carrier: VoiceCarrier, given: &Value) -> Result<Settings, String> {
    let Some(given) = given.as_object() else {
        return Err(format!("The settings of {carrier} must be an object"));
    };
    let mut settings = Settings::new();
    for (name, value) in given {
        if is_prefix(carrier, name) {
            continue;
        }
        check(carrier, name, value)?;
        settings.insert(name.clone(), value.clone());
    }
    let listed = settings.get(AGENTS).and_then(Value::as_array);
    let any_listed = listed.is_some_and(|agents| !agents.is_empty());
    match settings.get(ALL_AGENTS).and_then(Value::as_bool) {
        Some(true) if any_listed => Err(format!(
            "{AGENTS} may not be set if {ALL_AGENTS} is true: leave one of them out"
        )),
        // Whoever names agents means these alone.
        None if any_listed => {
            settings.insert(ALL_AGENTS.into(), false.into());
            Ok(settings)
        }
        _ => Ok(settings),
    }
}

fn is_prefix(carrier: VoiceCarrier, name: &str) -> bool {
    let secrets = carrier.fields().iter().filter(|field| field.is_secret);
    let stem = name.strip_suffix("Prefix");
    stem.is_some_and(|stem| secrets.clone().any(|field| field.name == stem))
}

fn check(carrier: VoiceCarrier, name: &str, value: &Value) -> Result<(), String> {
    match name {
        ALL_AGENTS if value.is_boolean() => Ok(()),
        ALL_AGENTS => Err(format!("{name} must be true or false")),
        AGENTS => check_agents(value),
        MAPPING => check_mapping(value),
        _ if carrier.fields().iter().any(|field| field.name == name) => check_text(name, value),
        _ => Err(format!(
            "Ultravox knows no such setting of {carrier}; it knows: {}",
            known(carrier).join(", ")
        )),
    }
}

fn known(carrier: VoiceCarrier) -> Vec<&'static str> {
    let fields = carrier.fields().iter().map(|field| field.name);
    fields.chain([AGENTS, ALL_AGENTS, MAPPING]).collect()
}

fn check_text(name: &str, value: &Value) -> Result<(), String> {
    let most = if name == "applicationSid" {
        LONGEST_APPLICATION_SID
    } else {
        LONGEST
    };
    let text = value.as_str();
    let fits = |text: &str| {
        !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
    };
    if text.is_some_and(fits) {
        return Ok(());
    }
    Err(format!(
        "{name} must be text of 1 to {most} characters on one line"
    ))
}

fn check_agents(value: &Value) -> Result<(), String> {
    let expected = || format!("{AGENTS} must be a list of at most {MOST_AGENTS} agents' ids");
    let agents = value.as_array().ok_or_else(expected)?;
    if agents.len() > MOST_AGENTS {
        return Err(format!("{}, not {}", expected(), agents.len()));
    }
    let is_uuid = |agent: &Value| agent.as_str().is_some_and(|id| Uuid::try_parse(id).is_ok());
    match agents.iter().position(|agent| !is_uuid(agent)) {
        Some(at) => Err(format!("{AGENTS}: entry {} is no UUID", at + 1)),
        None => Ok(()),
    }
}

/// `{"From": "user.phone_number"}`: a dotted path of the carrier's request to a dotted path of the
/// call's context.
fn check_mapping(value: &Value) -> Result<(), String> {
    let expected = || {
        format!(
            "{MAPPING} must be an object of dotted paths, such as \
             {{\"From\": \"user.phone_number\"}}"
        )
    };
    let paths = value.as_object().ok_or_else(expected)?;
    let are_paths =
        |(from, to): (&String, &Value)| is_path(from) && to.as_str().is_some_and(is_path);
    if paths.iter().all(are_paths) {
        return Ok(());
    }
    Err(expected())
}

fn is_path(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    text.chars().count() <= LONGEST && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::read_settings;
    use crate::providers::ultravox::VoiceCarrier;
    use serde_json::{Value, json};

    const ID: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

    fn refused(carrier: VoiceCarrier, given: Value) -> String {
        read_settings(carrier, &given).unwrap_err()
    }

    #[test]
    fn what_was_read_may_be_sent_again() {
        let shown = json!({
            "accountSid": "AC1", "authTokenPrefix": {"prefix": "abcd"},
            "callCreationAllowedAgentIds": [], "callCreationAllowAllAgents": true,
            "requestContextMapping": {"From": "user.phone_number"},
        });
        let read = read_settings(VoiceCarrier::Twilio, &shown).unwrap();
        assert_eq!(read.len(), 4);
        assert!(!read.contains_key("authTokenPrefix"));
    }

    #[test]
    fn agents_are_at_most_a_hundred_uuids_and_not_beside_all() {
        let list = |ids: Value| json!({"callCreationAllowedAgentIds": ids});
        assert!(read_settings(VoiceCarrier::Plivo, &list(json!(vec![ID; 100]))).is_ok());
        let said = refused(VoiceCarrier::Plivo, list(json!(vec![ID; 101])));
        assert!(said.ends_with("at most 100 agents' ids, not 101"), "{said}");
        let said = refused(VoiceCarrier::Plivo, list(json!([ID, "seven"])));
        assert!(said.ends_with("entry 2 is no UUID"), "{said}");
        let both = json!({"callCreationAllowedAgentIds": [ID], "callCreationAllowAllAgents": true});
        let said = refused(VoiceCarrier::Plivo, both);
        assert!(said.contains("may not be set if"), "{said}");
        let alone = read_settings(VoiceCarrier::Plivo, &list(json!([ID]))).unwrap();
        assert_eq!(alone["callCreationAllowAllAgents"], json!(false));
    }

    #[test]
    fn a_mapping_leads_from_dotted_path_to_dotted_path() {
        for good in [json!({}), json!({"From": "a", "b.c": "user.phone_number"})] {
            let given = json!({"requestContextMapping": good});
            assert!(
                read_settings(VoiceCarrier::Telnyx, &given).is_ok(),
                "{given}"
            );
        }
        for bad in [
            json!([]),
            json!({"From": 7}),
            json!({"From": ""}),
            json!({"From": "a..b"}),
            json!({".From": "a"}),
            json!({"From": "a b"}),
        ] {
            let said = refused(
                VoiceCarrier::Telnyx,
                json!({ "requestContextMapping": bad }),
            );
            assert!(said.contains("dotted paths"), "{said}");
        }
    }

    #[test]
    fn unknown_and_unfit_fields_are_refused_without_their_values() {
        let cases = [
            json!({"applicationSid": "1".repeat(41)}),
            json!({"apiKey": "hush\n"}),
            json!({"apiKey": ["hush"]}),
            json!({"apiKey": null}),
            json!({"authToken": "hush"}),
            json!({"callCreationAllowAllAgents": "hush"}),
            json!("hush"),
        ];
        for given in cases {
            let said = refused(VoiceCarrier::Telnyx, given);
            assert!(!said.contains("hush"), "{said}");
        }
        let forty = json!({"applicationSid": "1".repeat(40)});
        assert!(read_settings(VoiceCarrier::Telnyx, &forty).is_ok());
    }
}
