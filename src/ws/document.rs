//! `GET /asyncapi.json`: the socket for those who write clients, from the types that it speaks.

use super::close::Close;
use super::message::{
    Connect, ErrorMessage, Heartbeat, Message, Ping, Pong, Refresh, Refreshed, Resumed, Snapshot,
    TokenExpiring,
};
use super::protocol::{HEARTBEAT_S, SUBPROTOCOL, reason_name};
use crate::http::{Barred, Context, Door, Route, Tag};
use crate::hub::SnapshotReason;
use crate::view::{AgentEventView, AgentView, CallView, EventView, Schemas, example};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use url::Url;

pub(super) const ASYNCAPI: Route = Route::get(
    "/asyncapi.json",
    Door::Open,
    |route| route.to(asyncapi),
    |operation| {
        operation
            .named(Tag::Server, "asyncapi", "The socket's document")
            .answers_written(200, "AsyncAPI 3.0", json!({ "type": "object" }))
    },
);

/// The description of the whole, in words.
const TEXT: &str = include_str!("document.md");

/// The messages' examples, by the names of their schemas.
const EXAMPLES: &str = include_str!("examples.json");

/// The document but for where the server is: made once.
static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The document of one server.
#[derive(Serialize)]
struct Served {
    servers: Value,
    #[serde(flatten)]
    document: &'static Value,
}

async fn asyncapi(context: web::Data<Context>) -> HttpResponse {
    let server = server(&context.config.listener.base_url);
    HttpResponse::Ok().json(Served {
        servers: json!({ "callboard": server }),
        document: &DOCUMENT,
    })
}

fn document() -> Value {
    let mut messages = Messages::new();
    let said = [
        messages.typed::<Connect>(),
        messages.typed::<Refresh>(),
        messages.typed::<Ping>(),
    ];
    let heard = [
        messages.typed::<Snapshot<'_>>(),
        messages.typed::<Resumed<'_>>(),
        messages.event(),
        messages.agent_event(),
        messages.typed::<Heartbeat>(),
        messages.typed::<TokenExpiring>(),
        messages.typed::<Refreshed>(),
        messages.typed::<Pong>(),
        messages.typed::<ErrorMessage<'_>>(),
    ];
    messages.complete_snapshot();
    let all = said.iter().chain(&heard);
    let listed = all.map(|name| (name.clone(), reference("components/messages", name)));
    let listed: Map<String, Value> = listed.collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "callboard: the socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": TEXT,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "channels": {
            "board": {
                "address": "/ws",
                "title": "The board of the agency whose token the client sends",
                "description": format!("Subprotocol `{SUBPROTOCOL}`. Heartbeats come every {HEARTBEAT_S} s."),
                "messages": listed,
                "bindings": { "ws": { "method": "GET" } },
            }
        },
        "operations": {
            "hear": {
                "action": "receive",
                "channel": { "$ref": "#/channels/board" },
                "summary": "What a client says; `connect` comes first.",
                "messages": of_channel(&said),
            },
            "tell": {
                "action": "send",
                "channel": { "$ref": "#/channels/board" },
                "summary": "What the server says; exactly one of `snapshot` and `resumed` comes first.",
                "messages": of_channel(&heard),
            },
        },
        "components": messages.components(),
        "x-close-codes": closes(),
    })
}

fn reference(place: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/{place}/{name}") })
}

fn of_channel(names: &[String]) -> Value {
    let messages = names.iter();
    messages
        .map(|name| reference("channels/board/messages", name))
        .collect()
}

/// Where the socket is: beside the API.
fn server(base_url: &Url) -> Value {
    let host = base_url.host_str().unwrap_or("localhost");
    let host = match base_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let secure = base_url.scheme() == "https";
    let path = base_url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api").unwrap_or(path);
    json!({
        "host": host,
        "pathname": if path.is_empty() { "/" } else { path },
        "protocol": if secure { "wss" } else { "ws" },
    })
}

/// The messages and their schemas while the document is written.
struct Messages {
    schemas: Schemas,
    messages: Map<String, Value>,
    examples: Map<String, Value>,
}

impl Messages {
    fn new() -> Self {
        Self {
            schemas: Schemas::default(),
            messages: Map::new(),
            // A test reads every example out of the document.
            examples: serde_json::from_str(EXAMPLES).unwrap_or_default(),
        }
    }

    /// A message with a word of its own in `type`.
    fn typed<M: Message>(&mut self) -> String {
        let payload = self.schemas.add::<M>();
        let schema = self.schemas.get_mut(&M::name());
        if let Some(schema) = schema {
            put(schema, "type", json!({ "const": M::TYPE }));
        }
        self.message(M::TYPE, &M::name(), payload)
    }

    /// An event: its word is what happened to the call.
    fn event(&mut self) -> String {
        let payload = self.schemas.add::<EventView<'_>>();
        self.message("event", "Event", payload)
    }

    /// The same of those who take calls.
    fn agent_event(&mut self) -> String {
        let payload = self.schemas.add::<AgentEventView<'_>>();
        self.message("agent_event", "AgentEvent", payload)
    }

    fn message(&mut self, name: &str, schema: &str, payload: Value) -> String {
        let mut message = json!({ "name": name, "title": name, "payload": payload });
        let described = self.schemas.get_mut(schema);
        let text = described.and_then(|schema| schema.get("description").cloned());
        if let Some(message) = message.as_object_mut() {
            message.extend(text.map(|text| ("summary".into(), text)));
            let example = example(schema, &self.examples);
            message.extend(example.map(|one| ("examples".into(), json!([{ "payload": one }]))));
        }
        self.messages.insert(name.into(), message);
        name.into()
    }

    /// The rows of a snapshot go out as they lie in the hub, beside the rest of it.
    fn complete_snapshot(&mut self) {
        let rows = self.schemas.add::<CallView<'_>>();
        let people = self.schemas.add::<AgentView<'_>>();
        let reasons = [
            SnapshotReason::Fresh,
            SnapshotReason::EpochChanged,
            SnapshotReason::TooOld,
            SnapshotReason::Ahead,
        ];
        let name = <Snapshot<'_> as utoipa::ToSchema>::name();
        if let Some(schema) = self.schemas.get_mut(&name) {
            let text = "All calls that have not ended, oldest first.";
            let calls = json!({ "type": "array", "items": rows, "description": text });
            put(schema, "calls", calls);
            let text = "Everybody who may take one, in no order.";
            let agents = json!({ "type": "array", "items": people, "description": text });
            put(schema, "agents", agents);
            if let Some(reason) = schema.pointer_mut("/properties/reason") {
                put_field(reason, "enum", json!(reasons.map(reason_name)));
            }
        }
    }

    fn components(self) -> Value {
        json!({
            "messages": self.messages,
            "schemas": self.schemas.with_examples(&self.examples),
        })
    }
}

/// Adds a property that is always there.
fn put(schema: &mut Value, name: &str, property: Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    put_field(properties, name, property);
    let required = schema.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        required.push(name.into());
    }
}

fn put_field(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.into(), value);
    }
}

/// The ends that are the server's choice.
fn closes() -> Value {
    let nothing = String::new;
    let all = [
        Close::GoingAway { retry_after_ms: 0 },
        Close::TooBig,
        Close::Renewed,
        Close::TryLater,
        Close::Slow,
        Close::TokenExpired,
        Close::TooMany,
        Close::Silent,
        Close::NoConnect,
        Close::Unauthorized(nothing()),
        Close::Forbidden(Barred::NoAgency),
        Close::Protocol(nothing()),
    ];
    let shown = all.iter().map(|close| {
        let said = match close {
            Close::Unauthorized(_) => "The token is not accepted; sign in again",
            Close::Protocol(_) => {
                "Malformed, binary, or more than 100 messages in 10 s; mend the client"
            }
            close => close.message(),
        };
        json!({
            "code": close.code(),
            "name": close.name(),
            "message": said,
            "reconnect": close.reconnect(),
        })
    });
    shown.collect()
}
