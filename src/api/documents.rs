//! `GET /openapi.json`: the routes of the contract for those who write clients. The table beside the
//! route table says what each is for; the schemas are those of the types that are serialised.

mod operation;
mod routes;

use crate::http::Context;
use crate::view::{ErrorView, Schemas};
use actix_web::{HttpResponse, web};
use operation::Operation;
use serde_json::{Map, Value, json};
use url::Url;

/// The description of the whole, in words.
const TEXT: &str = include_str!("documents/openapi.md");

/// Examples by the names of their schemas.
const EXAMPLES: &str = include_str!("documents/examples.json");

/// The document.
pub(super) async fn openapi(context: web::Data<Context>) -> HttpResponse {
    HttpResponse::Ok().json(document(&context.config.listener.base_url))
}

/// The document of a server whose API is at that public address.
fn document(base_url: &Url) -> Value {
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
        "servers": [{ "url": server(base_url) }],
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
