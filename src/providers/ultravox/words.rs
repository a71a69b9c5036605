//! What Ultravox says when it refuses, whatever the shape.
//!
//! Its OpenAPI file documents no error bodies. The service is built on Django REST framework, whose
//! errors are `{"detail": …}` or sentences by field; what stands in front of it may answer in HTML
//! or not at all.

use super::super::words::{plain, redacted};
use super::{Account, VoiceCarrier};
use secrecy::SecretString;
use serde_json::Value;

/// How deep sentences may lie.
const DEEPEST: usize = 8;

/// Its own message, on one line and without our credentials; `None` when it has none.
pub(super) fn message(body: &[u8], account: &Account) -> Option<String> {
    let text = match serde_json::from_slice(body) {
        Ok(json) => sentences(&json).join(" "),
        Err(_) => plain(body)?,
    };
    let shown = account.fit_to_show(&text);
    (!shown.is_empty()).then_some(shown)
}

/// What Ultravox shows of a carrier (or of all), without any secret. It gives none back; should it
/// ever, we do not pass it on.
#[must_use]
pub(crate) fn without_secrets(mut shown: Value, secrets: &[SecretString]) -> Value {
    clean(&mut shown, secrets, DEEPEST);
    shown
}

fn clean(shown: &mut Value, secrets: &[SecretString], deep: usize) {
    match shown {
        _ if deep == 0 => *shown = Value::Null,
        Value::String(text) => *text = redacted(text, secrets),
        Value::Array(items) => {
            for item in items {
                clean(item, secrets, deep - 1);
            }
        }
        Value::Object(fields) => {
            let names: Vec<&str> = VoiceCarrier::ALL
                .iter()
                .flat_map(|carrier| carrier.fields())
                .filter(|field| field.is_secret)
                .map(|field| field.name)
                .collect();
            fields.retain(|name, _| !names.contains(&name.as_str()));
            for field in fields.values_mut() {
                clean(field, secrets, deep - 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn sentences(json: &Value) -> Vec<String> {
    for name in ["detail", "error", "message"] {
        match json.get(name) {
            Some(Value::String(sentence)) if !sentence.trim().is_empty() => {
                return vec![sentence.clone()];
            }
            Some(inner @ (Value::Object(_) | Value::Array(_))) => {
                let inner = sentences(inner);
                if !inner.is_empty() {
                    return inner;
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(json, "", DEEPEST, &mut found);
    found
}

fn collect(json: &Value, place: &str, deep: usize, found: &mut Vec<String>) {
    match json {
        _ if deep == 0 => {}
        Value::String(sentence) if place.is_empty() => found.push(sentence.clone()),
        Value::String(sentence) => found.push(format!("{place}: {sentence}")),
        Value::Array(items) => {
            for item in items {
                collect(item, place, deep - 1, found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let inside = match (place, name.as_str()) {
                    (_, "non_field_errors") => place.to_owned(),
                    ("", name) => name.to_owned(),
                    (place, name) => format!("{place}.{name}"),
                };
                collect(field, &inside, deep - 1, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, message, without_secrets};
    use crate::domain::AgencyId;
    use serde_json::json;
    use uuid::Uuid;

    fn said(body: &str) -> Option<String> {
        let mut account = Account::new(AgencyId(Uuid::nil()), "KEY0hush".into());
        account.secrets.push("KEY0hushhush".into());
        message(body.as_bytes(), &account)
    }

    #[test]
    fn every_shape_of_an_error_becomes_a_sentence() {
        let cases = [
            (r#"{"detail":"Invalid API key."}"#, "Invalid API key."),
            (r#"{"error":"no"}"#, "no"),
            (r#"{"message":"no"}"#, "no"),
            (r#"{"error":{"message":"deep"}}"#, "deep"),
            (r#"["a","b"]"#, "a b"),
            (r#""bare""#, "bare"),
            (
                r#"{"telnyx":{"accountSid":["This field is required."]}}"#,
                "telnyx.accountSid: This field is required.",
            ),
            (
                r#"{"telnyx":{"non_field_errors":["Not both."],"callCreationAllowedAgentIds":{"1":["Must be a valid UUID."]}}}"#,
                "telnyx: Not both. telnyx.callCreationAllowedAgentIds.1: Must be a valid UUID.",
            ),
            ("upstream connect error", "upstream connect error"),
        ];
        for (body, sentence) in cases {
            let read = said(body).unwrap_or_default();
            let mut words: Vec<_> = read.split(' ').collect();
            let mut expected: Vec<_> = sentence.split(' ').collect();
            words.sort_unstable();
            expected.sort_unstable();
            assert_eq!(words, expected, "{body}");
        }
        for nothing in ["", "{}", "[]", "null", "7", "<html>502</html>", "\u{0}"] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_echoed_credential_is_taken_out_whole() {
        let echo = r#"{"detail":"bad key KEY0hushhush, KEY0hush"}"#;
        assert_eq!(said(echo).unwrap(), "bad key [redacted], [redacted]");
    }

    #[test]
    fn what_lies_too_deep_is_left_and_what_is_secret_taken_out() {
        let deep = format!("{}\"x\"{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(said(&deep), None);
        let shown = without_secrets(
            json!({"a": ["KEY0hushhush"], "apiKey": "x"}),
            &["KEY0hushhush".into()],
        );
        assert_eq!(shown, json!({"a": ["[redacted]"]}));
    }
}
