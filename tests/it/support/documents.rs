//! The documents of a server, and whether what it says is what they say.

use super::http::{Reply, reply};
use super::node::Node;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// What errors of Rust look like to programmers.
const DEBUG_FORMS: [&str; 7] = [
    "Some(", "Err(", "Error(", "Error {", "Kind(", "kind: ", "Os {",
];

/// What a server says about itself.
pub struct Documents {
    pub openapi: Value,
    pub asyncapi: Value,
}

impl Documents {
    pub async fn of(node: &Node) -> Self {
        let read = async |path: &str| {
            let answer = reply(node.ask("GET", path)).await;
            let kind = answer.header("content-type");
            assert_eq!(
                (answer.status, kind),
                (200, Some("application/json")),
                "{path}"
            );
            answer.json()
        };
        Self {
            openapi: read("/openapi.json").await,
            asyncapi: read("/asyncapi.json").await,
        }
    }

    /// Fails unless the answer to that method and documented path is one that the document has: its
    /// status, its kind, every field.
    pub fn has(&self, method: &str, path: &str, answer: &Reply) {
        let what = format!("{method} {path}: {} {}", answer.status, answer.text());
        let mut forms = DEBUG_FORMS.iter();
        let is_debug = answer.status >= 400 && forms.any(|form| answer.text().contains(form));
        assert!(!is_debug, "a debug form reaches a person: {what}");
        let operation = &self.openapi["paths"][path][method.to_lowercase()];
        let documented = &operation["responses"][answer.status.to_string()];
        assert!(
            documented.is_object(),
            "no such answer in the document: {what}"
        );
        let contents = documented["content"].as_object();
        let Some(contents) = contents else {
            assert!(
                answer.body.is_empty(),
                "a body that is not in the document: {what}"
            );
            return;
        };
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let content = contents.get(kind);
        let content = content.unwrap_or_else(|| panic!("not this kind of content: {what}"));
        if kind == "application/json" {
            fits(&self.openapi, &content["schema"], &answer.json(), &what);
        }
    }

    /// Fails unless the message is as the document has the one of that name.
    pub fn has_message(&self, name: &str, message: &Value) {
        let payload = &self.asyncapi["components"]["messages"][name]["payload"];
        assert!(payload.is_object(), "no message {name} in the document");
        fits(
            &self.asyncapi,
            payload,
            message,
            &format!("{name}: {message}"),
        );
    }
}

/// The operations of the OpenAPI document, with where they are.
pub fn operations(openapi: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in openapi["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

/// Fails unless `value` has what the schema asks for, and nothing that it does not name.
pub fn fits(document: &Value, schema: &Value, value: &Value, what: &str) {
    let faults = faults(&validator(document, schema), value);
    assert!(faults.is_empty(), "{what}\n{}", faults.join("\n"));
}

/// What is wrong with `value`, one line each.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The schema within its document, closed: clients pass over fields that they do not know, so the
/// published ones are open, but a field of ours that is in no schema is one that was forgotten.
fn validator(document: &Value, schema: &Value) -> Validator {
    let open = &document["components"]["schemas"];
    let named = open.as_object().expect("schemas").iter();
    let named: Map<String, Value> = named
        .map(|(name, schema)| (name.clone(), closed(schema, open)))
        .collect();
    let mut root = closed(schema, open);
    root["components"] = json!({ "schemas": named });
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&root).expect("a schema")
}

fn closed(schema: &Value, open: &Value) -> Value {
    let mut closed = inside(schema, open);
    let is_open = schema.get("additionalProperties").is_none();
    if is_open && (schema.get("properties").is_some() || schema.get("allOf").is_some()) {
        closed["unevaluatedProperties"] = false.into();
    }
    closed
}

/// The schema itself as it is, and what it is made of closed.
fn inside(schema: &Value, open: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(keywords) = schema.as_object_mut() else {
        return schema;
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            // Parts of one whole: the whole is what is closed.
            ("allOf", Value::Array(parts)) => {
                for part in parts {
                    let reference = part["$ref"].as_str();
                    let name = reference.and_then(|text| text.rsplit('/').next());
                    *part = inside(name.map_or(&*part, |name| &open[name]), open);
                }
            }
            ("oneOf" | "anyOf", Value::Array(choices)) => {
                for choice in choices {
                    *choice = closed(choice, open);
                }
            }
            ("properties", Value::Object(properties)) => {
                for property in properties.values_mut() {
                    *property = closed(property, open);
                }
            }
            ("items", items) => *items = closed(items, open),
            _ => {}
        }
    }
    schema
}
