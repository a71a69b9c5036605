//! One route, as the document describes it.

use super::{Door, Route};
use crate::http::admit::Those;
use crate::view::Schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A group of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Calls that go on.
    Calls,
    /// Finished calls and people.
    History,
    /// Who signs in, and how.
    SigningIn,
    /// Keys to carriers.
    Credentials,
    /// The agency's Ultravox account.
    Ultravox,
    /// What the carrier sends.
    Telnyx,
    /// The server itself.
    Server,
}

/// Where the schema of a body comes from.
enum Shape {
    /// A type.
    Type(fn(&mut Schemas) -> Value),
    /// What no type describes: a carrier's own fields, a body that is read field by field.
    Written(Value),
}

#[derive(Default)]
struct Answer {
    text: &'static str,
    /// The kinds of content and their schemas; none for an answer without a body.
    contents: BTreeMap<&'static str, Shape>,
}

/// What somebody who writes a client reads of one route.
pub struct Operation {
    door: Door,
    tag: Tag,
    id: &'static str,
    summary: &'static str,
    text: &'static str,
    parameters: Vec<Value>,
    body: Option<(Shape, Value)>,
    answers: BTreeMap<u16, Answer>,
}

const ERROR: &str = "#/components/schemas/Error";

impl Operation {
    /// What follows from the route alone: its path's parameters, and how it refuses.
    pub(super) fn of(route: &Route) -> Self {
        let names = route.path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?;
            name.strip_suffix('}')
        });
        let parameters = names.map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        });
        let operation = Self {
            door: route.door,
            tag: Tag::Server,
            id: "",
            summary: "",
            text: "",
            parameters: parameters.collect(),
            body: None,
            answers: BTreeMap::new(),
        };
        match route.door {
            Door::Open => operation,
            Door::For(right) => operation
                .fails(401, "No token, or not a valid one")
                .fails(403, Those::who_have(right).others)
                .fails(429, "Too many refused requests from this address")
                .fails(500, "Something broke; the log says what")
                .fails(
                    503,
                    "The database, the carrier's circuit or the token issuer's keys are unavailable",
                ),
        }
    }

    /// Its name for programs and for people, and the group that it is in.
    #[must_use]
    pub fn named(mut self, tag: Tag, id: &'static str, summary: &'static str) -> Self {
        self.tag = tag;
        self.id = id;
        self.summary = summary;
        self
    }

    /// More in words.
    #[must_use]
    pub fn saying(mut self, text: &'static str) -> Self {
        self.text = text;
        self
    }

    /// A parameter in the query.
    #[must_use]
    pub fn query(self, name: &str, text: &str, schema: Value) -> Self {
        self.parameter("query", name, text, schema)
    }

    /// A header of the request.
    #[must_use]
    pub fn header(self, name: &str, text: &str) -> Self {
        self.parameter("header", name, text, json!({ "type": "string" }))
    }

    fn parameter(mut self, place: &str, name: &str, text: &str, schema: Value) -> Self {
        self.parameters
            .push(json!({ "name": name, "in": place, "description": text, "schema": schema }));
        self
    }

    /// What one of the path's parameters is.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str, schema: Value) -> Self {
        for parameter in &mut self.parameters {
            if parameter.get("name") == Some(&name.into())
                && let Some(parameter) = parameter.as_object_mut()
            {
                parameter.insert("description".into(), text.into());
                parameter.insert("schema".into(), schema.clone());
            }
        }
        self
    }

    /// A JSON body of that type, with an example.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self, example: Value) -> Self {
        self.body = Some((Shape::Type(Schemas::add::<T>), example));
        self
    }

    /// A JSON body of that schema, with an example.
    #[must_use]
    pub fn takes_written(mut self, schema: Value, example: Value) -> Self {
        self.body = Some((Shape::Written(schema), example));
        self
    }

    /// An answer in JSON of that type.
    #[must_use]
    pub fn answers<T: ToSchema>(self, status: u16, text: &'static str) -> Self {
        let shape = Shape::Type(Schemas::add::<T>);
        self.answer(status, text, Some(("application/json", shape)))
    }

    /// An answer in JSON of that schema.
    #[must_use]
    pub fn answers_written(self, status: u16, text: &'static str, schema: Value) -> Self {
        let shape = Shape::Written(schema);
        self.answer(status, text, Some(("application/json", shape)))
    }

    /// An answer of another kind, as text.
    #[must_use]
    pub fn answers_text(self, status: u16, text: &'static str, kind: &'static str) -> Self {
        let shape = Shape::Written(json!({ "type": "string" }));
        self.answer(status, text, Some((kind, shape)))
    }

    /// An answer without a body.
    #[must_use]
    pub fn answers_nothing(self, status: u16, text: &'static str) -> Self {
        self.answer(status, text, None)
    }

    /// An error: a sentence.
    #[must_use]
    pub fn fails(self, status: u16, text: &'static str) -> Self {
        self.answers_written(status, text, json!({ "$ref": ERROR }))
    }

    /// An error that may have these fields beside the sentence.
    #[must_use]
    pub fn fails_with(self, status: u16, text: &'static str, fields: Value) -> Self {
        let beside = json!({ "type": "object", "properties": fields });
        self.answers_written(
            status,
            text,
            json!({ "allOf": [{ "$ref": ERROR }, beside] }),
        )
    }

    fn answer(
        mut self,
        status: u16,
        text: &'static str,
        content: Option<(&'static str, Shape)>,
    ) -> Self {
        let answer = self.answers.entry(status).or_default();
        answer.text = text;
        answer.contents.extend(content);
        self
    }

    /// The operation as the document has it.
    #[must_use]
    pub fn described(self, schemas: &mut Schemas) -> Value {
        let answers = self.answers.into_iter();
        let answers: Map<String, Value> = answers
            .map(|(status, answer)| (status.to_string(), answer.described(status, schemas)))
            .collect();
        let mut described = Map::from_iter([
            ("tags".to_owned(), json!([self.tag.name()])),
            ("operationId".to_owned(), self.id.into()),
            ("summary".to_owned(), self.summary.into()),
            ("responses".to_owned(), answers.into()),
        ]);
        let mut put = |name: &str, value: Value| described.insert(name.to_owned(), value);
        if !self.text.is_empty() {
            put("description", self.text.into());
        }
        if !self.parameters.is_empty() {
            put("parameters", self.parameters.into());
        }
        if let Some((shape, example)) = self.body {
            let media = json!({ "schema": shape.schema(schemas), "example": example });
            let content = json!({ "application/json": media });
            put(
                "requestBody",
                json!({ "required": true, "content": content }),
            );
        }
        match self.door {
            Door::Open => put("security", json!([])),
            Door::For(right) => {
                put("x-role", Those::who_have(right).name.into());
                put("security", json!([{ "user": [] }]))
            }
        };
        described.into()
    }
}

impl Answer {
    fn described(self, status: u16, schemas: &mut Schemas) -> Value {
        let mut described = json!({ "description": self.text });
        let contents = self.contents.into_iter();
        let contents: Map<String, Value> = contents
            .map(|(kind, shape)| (kind.to_owned(), json!({ "schema": shape.schema(schemas) })))
            .collect();
        if let Some(described) = described.as_object_mut() {
            if !contents.is_empty() {
                described.insert("content".into(), contents.into());
            }
            if matches!(status, 429 | 503) {
                let seconds =
                    json!({ "description": "Seconds to wait.", "schema": { "type": "integer" } });
                described.insert("headers".into(), json!({ "Retry-After": seconds }));
            }
        }
        described
    }
}

impl Shape {
    fn schema(self, schemas: &mut Schemas) -> Value {
        match self {
            Self::Type(add) => add(schemas),
            Self::Written(schema) => schema,
        }
    }
}

impl Tag {
    /// Every group, in the order of the document.
    pub const ALL: [Self; 7] = [
        Self::Calls,
        Self::History,
        Self::SigningIn,
        Self::Credentials,
        Self::Ultravox,
        Self::Telnyx,
        Self::Server,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Calls => "Calls",
            Self::History => "History and people",
            Self::SigningIn => "Signing in",
            Self::Credentials => "Credentials",
            Self::Ultravox => "Ultravox",
            Self::Telnyx => "Telnyx",
            Self::Server => "Server",
        }
    }

    /// The group as the document lists it.
    #[must_use]
    pub fn described(self) -> Value {
        let text = match self {
            Self::Calls => "Calls that ring or go on, and what an agent does with them.",
            Self::History => "Finished calls, numbers for the wallboard, people.",
            Self::SigningIn => {
                "Accounts of this server's own, where no other issuer is: below /auth/v1 as GoTrue \
                 (Supabase Auth) answers, so that its clients work with the address changed."
            }
            Self::Credentials => "The agency's keys to its carriers: values in, beginnings out.",
            Self::Ultravox => "The agency's carriers in its Ultravox account.",
            Self::Telnyx => "Where the carrier sends what happens.",
            Self::Server => "Health, documents, the page and the socket.",
        };
        json!({ "name": self.name(), "description": text })
    }
}
