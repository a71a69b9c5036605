//! `GET /openapi.json`: the routes for those who write clients. What each is for
//! stands beside its handler; the schemas are those of the types that are serialised.

use crate::http::{Context, Door, Route, Tag};
use crate::view::{ErrorView, Schemas};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

pub(super) const OPENAPI: Route = Route::get(
    "/openapi.json",
    Door::Open,
    |route| route.to(openapi),
    |operation| {
        operation
            .named(Tag::Server, "openapi", "This document")
            .answers_written(200, "OpenAPI 3.1", json!({ "type": "object" }))
    },
);

/// The description of the whole, in words.
const TEXT: &str = include_str!("documents/openapi.md");

/// Examples by the names of their schemas.
const EXAMPLES: &str = include_str!("documents/examples.json");

/// The document but for where the server is, made of the routes when it is first wanted.
pub(crate) struct OpenApi {
    routes: Vec<&'static Route>,
    document: OnceLock<Value>,
}

impl OpenApi {
    /// The document of these routes.
    #[must_use]
    pub(crate) fn of(routes: impl IntoIterator<Item = &'static Route>) -> Self {
        Self {
            routes: routes.into_iter().collect(),
            document: OnceLock::new(),
        }
    }

    fn document(&self) -> &Value {
        self.document.get_or_init(|| document(&self.routes))
    }
}

/// The document of one server.
#[derive(Serialize)]
struct Served<'a> {
    servers: Value,
    #[serde(flatten)]
    document: &'a Value,
}

async fn openapi(context: web::Data<Context>, document: web::Data<OpenApi>) -> HttpResponse {
    let url = context.config.listener.public_address();
    HttpResponse::Ok().json(Served {
        servers: json!([{ "url": url }]),
        document: document.document(),
    })
}

fn document(routes: &[&Route]) -> Value {
    let mut schemas = Schemas::default();
    schemas.add::<ErrorView>();
    let mut paths = Map::new();
    for route in routes {
        let Some(operation) = route.operation() else {
            continue;
        };
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            let method = route.method.name().to_lowercase();
            item.insert(method, operation.described(&mut schemas));
        }
    }
    // A test reads every example out of the document.
    let examples = serde_json::from_str(EXAMPLES).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "callboard",
            "version": env!("CARGO_PKG_VERSION"),
            "description": TEXT,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "tags": Tag::ALL.map(Tag::described),
        "paths": paths,
        "components": {
            "schemas": schemas.with_examples(&examples),
            "securitySchemes": {
                "user": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A user's token, as Supabase issues it, or a key for programs (`cbk_…`) as far as its rights go.",
                }
            },
        },
    })
}
