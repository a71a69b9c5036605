//! `GET /openapi.json`: the routes of the contract for those who write clients. The table beside the
//! route table says what each is for; the schemas are those of the types that are serialised.

mod operation;
mod routes;

use crate::http::Context;
use crate::view::{ErrorView, Schemas};
use actix_web::{HttpResponse, web};
use operation::Operation;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use url::Url;

/// The description of the whole, in words.
const TEXT: &str = include_str!("documents/openapi.md");

/// Examples by the names of their schemas.
const EXAMPLES: &str = include_str!("documents/examples.json");

/// The document but for where the server is: made once.
static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The document of one server.
#[derive(Serialize)]
struct Served {
    servers: Value,
    #[serde(flatten)]
    document: &'static Value,
}

/// The document.
pub(super) async fn openapi(context: web::Data<Context>) -> HttpResponse {
    let url = server(&context.config.listener.base_url);
    HttpResponse::Ok().json(Served {
        servers: json!([{ "url": url }]),
        document: &DOCUMENT,
    })
}

fn document() -> Value {
    let mut schemas = Schemas::default();
    schemas.add::<ErrorView>();
    let mut paths = Map::new();
    for operation in routes::all() {
        let Operation { path, method, .. } = operation;
        let described = operation.described(&mut schemas);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_lowercase(), described);
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
        "tags": routes::tags(),
        "paths": paths,
        "components": {
            "schemas": schemas.with_examples(&examples),
            "securitySchemes": {
                "user": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A user's token, as Supabase issues it.",
                }
            },
        },
    })
}

/// The public address without the `/api` that the paths begin with.
fn server(base_url: &Url) -> String {
    let address = base_url.as_str().trim_end_matches('/');
    address.strip_suffix("/api").unwrap_or(address).to_owned()
}
