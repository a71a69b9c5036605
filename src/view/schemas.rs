//! The schemas of a document, each under its name, taken from the types that are serialised.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The `components.schemas` of a document while it is written.
#[derive(Debug, Default)]
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// Takes in a type with all that it is made of; what comes back refers to it.
    pub fn add<T: ToSchema>(&mut self) -> Value {
        let mut found = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut found);
        for (name, schema) in found {
            let schema = || serde_json::to_value(schema).unwrap_or_default();
            self.0.entry(name).or_insert_with(schema);
        }
        json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
    }

    /// The schema of that name, to be completed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.get_mut(name)
    }

    /// All of them, with the examples of those that have one in `examples`: an object of examples
    /// by name, in which `{"$example": NAME}` stands for another one.
    #[must_use]
    pub fn with_examples(mut self, examples: &Map<String, Value>) -> Map<String, Value> {
        for (name, schema) in &mut self.0 {
            let example = example(name, examples);
            if let (Some(schema), Some(example)) = (schema.as_object_mut(), example) {
                schema.insert("examples".into(), json!([example]));
            }
        }
        self.0.into_iter().collect()
    }
}

/// The example of that name, whole.
#[must_use]
pub fn example(name: &str, examples: &Map<String, Value>) -> Option<Value> {
    Some(whole(examples.get(name)?, examples))
}

fn whole(value: &Value, examples: &Map<String, Value>) -> Value {
    match value {
        Value::Object(fields) => match fields.get("$example").and_then(Value::as_str) {
            Some(name) => example(name, examples).unwrap_or_default(),
            None => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.clone(), whole(value, examples)));
                fields.collect::<Map<_, _>>().into()
            }
        },
        Value::Array(items) => items.iter().map(|item| whole(item, examples)).collect(),
        other => other.clone(),
    }
}
