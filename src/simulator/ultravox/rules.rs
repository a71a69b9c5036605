//! What may be put into a configuration, and what is said otherwise: sentences by field, in the
//! shapes and words of Django REST framework.

use super::account::{Config, Provider};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Most agents that may be named.
const MOST_AGENTS: usize = 100;

/// The configuration that `body` leaves, on top of `before` where that is given (a PATCH of one
/// provider); without it every required field must be there.
pub(super) fn merged(
    provider: Provider,
    body: &Value,
    before: Option<&Config>,
) -> Result<Config, Value> {
    let Some(body) = body.as_object() else {
        let sentence = format!(
            "Invalid data. Expected a dictionary, but got {}.",
            kind(body)
        );
        return Err(json!({ "non_field_errors": [sentence] }));
    };
    let mut wrong = Map::new();
    let mut config = before.cloned().unwrap_or_default();
    for field in provider.fields() {
        match body.get(field.name) {
            None if before.is_some() => {}
            None => complain(&mut wrong, field.name, "This field is required."),
            Some(value) => match text(value, field.most) {
                Ok(text) => {
                    config.insert(field.name.into(), text.into());
                }
                Err(sentence) => complain(&mut wrong, field.name, &sentence),
            },
        }
    }
    take(
        body,
        &mut config,
        &mut wrong,
        "callCreationAllowedAgentIds",
        agents,
    );
    take(
        body,
        &mut config,
        &mut wrong,
        "callCreationAllowAllAgents",
        yes_or_no,
    );
    take(
        body,
        &mut config,
        &mut wrong,
        "requestContextMapping",
        mapping,
    );
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let listed = config
        .get("callCreationAllowedAgentIds")
        .and_then(Value::as_array);
    let all = config.get("callCreationAllowAllAgents") == Some(&json!(true));
    if all && listed.is_some_and(|listed| !listed.is_empty()) {
        let sentence = "May not be set if callCreationAllowAllAgents is true.";
        return Err(json!({ "callCreationAllowedAgentIds": [sentence] }));
    }
    Ok(config)
}

fn take(
    body: &Map<String, Value>,
    config: &mut Config,
    wrong: &mut Map<String, Value>,
    name: &str,
    rule: fn(&Value) -> Result<(), Value>,
) {
    let Some(value) = body.get(name) else {
        return;
    };
    match rule(value) {
        Ok(()) => {
            config.insert(name.into(), value.clone());
        }
        Err(said) => {
            wrong.insert(name.into(), said);
        }
    }
}

fn complain(wrong: &mut Map<String, Value>, name: &str, sentence: &str) {
    wrong.insert(name.into(), json!([sentence]));
}

fn text(value: &Value, most: usize) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null => return Err("This field may not be null.".into()),
        _ => return Err("Not a valid string.".into()),
    };
    if text.is_empty() {
        return Err("This field may not be blank.".into());
    }
    if text.chars().count() > most {
        return Err(format!(
            "Ensure this field has no more than {most} characters."
        ));
    }
    Ok(text)
}

fn agents(value: &Value) -> Result<(), Value> {
    let Some(ids) = value.as_array() else {
        let sentence = format!("Expected a list of items but got type \"{}\".", kind(value));
        return Err(json!([sentence]));
    };
    if ids.len() > MOST_AGENTS {
        let sentence = format!("Ensure this field has no more than {MOST_AGENTS} elements.");
        return Err(json!([sentence]));
    }
    let is_uuid = |id: &Value| id.as_str().is_some_and(|id| Uuid::parse_str(id).is_ok());
    let wrong = ids.iter().enumerate().filter(|(_, id)| !is_uuid(id));
    let wrong: Map<String, Value> = wrong
        .map(|(at, _)| (at.to_string(), json!(["Must be a valid UUID."])))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

fn yes_or_no(value: &Value) -> Result<(), Value> {
    if value.is_boolean() {
        return Ok(());
    }
    Err(json!(["Must be a valid boolean."]))
}

fn mapping(value: &Value) -> Result<(), Value> {
    let Some(entries) = value.as_object() else {
        let kind = kind(value);
        let sentence = format!("Expected a dictionary of items but got type \"{kind}\".");
        return Err(json!([sentence]));
    };
    let wrong = entries.iter().filter(|(_, path)| !path.is_string());
    let wrong: Map<String, Value> = wrong
        .map(|(name, _)| (name.clone(), json!(["Not a valid string."])))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

/// What Python calls it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::merged;
    use crate::ultravox::Provider;
    use serde_json::{Value, json};

    fn twilio() -> Value {
        json!({"accountSid": "AC1", "authToken": "t"})
    }

    fn refused(provider: Provider, body: Value) -> Value {
        merged(provider, &body, None).unwrap_err()
    }

    #[test]
    fn what_is_required_is_named_field_by_field() {
        let said = refused(
            Provider::Telnyx,
            json!({"apiKey": "", "applicationSid": "1".repeat(41)}),
        );
        assert_eq!(
            said,
            json!({
                "accountSid": ["This field is required."],
                "apiKey": ["This field may not be blank."],
                "publicKey": ["This field is required."],
                "applicationSid": ["Ensure this field has no more than 40 characters."],
            })
        );
        let before = merged(Provider::Twilio, &twilio(), None).unwrap();
        assert!(merged(Provider::Twilio, &json!({}), Some(&before)).is_ok());
    }

    #[test]
    fn agents_are_uuids_a_hundred_at_most_and_not_beside_all() {
        let id = "3c90c3cc-0d44-4b50-8888-8dd25736052a";
        let with = |name: &str, value: Value| {
            let mut body = twilio();
            body[name] = value;
            body
        };
        let list = "callCreationAllowedAgentIds";
        assert!(merged(Provider::Twilio, &with(list, json!(vec![id; 100])), None).is_ok());
        let said = refused(Provider::Twilio, with(list, json!(vec![id; 101])));
        assert_eq!(
            said[list][0],
            "Ensure this field has no more than 100 elements."
        );
        let said = refused(Provider::Twilio, with(list, json!([id, "7"])));
        assert_eq!(said[list]["1"][0], "Must be a valid UUID.");
        let mut both = with(list, json!([id]));
        both["callCreationAllowAllAgents"] = json!(true);
        let said = refused(Provider::Twilio, both);
        assert_eq!(
            said[list][0],
            "May not be set if callCreationAllowAllAgents is true."
        );
        let said = refused(
            Provider::Twilio,
            with("requestContextMapping", json!({"From": 7})),
        );
        assert_eq!(
            said["requestContextMapping"]["From"][0],
            "Not a valid string."
        );
    }
}
