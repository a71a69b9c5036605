//! Alive, and ready.

use crate::http::Context;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is well.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `alive`, or `ready`.
    status: &'static str,
}

/// What the server cannot do without.
#[derive(Serialize, ToSchema)]
pub(super) struct NotReady {
    error: String,
    /// `draining`, `database`, `journal`.
    missing: Vec<&'static str>,
}

/// The process runs.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "alive" })
}

/// The server can do its work; otherwise what it cannot do without is named.
pub(super) async fn ready(context: web::Data<Context>) -> HttpResponse {
    let mut missing = Vec::new();
    if context.draining.is_cancelled() {
        missing.push("draining");
    }
    let read = tokio::time::timeout(PATIENCE, context.store.directory_version());
    if !matches!(read.await, Ok(Ok(_))) {
        missing.push("database");
    }
    if !context.journal.is_open() {
        missing.push("journal");
    }
    if missing.is_empty() {
        return HttpResponse::Ok().json(Health { status: "ready" });
    }
    let error = format!("Not ready: {}", missing.join(", "));
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, 2))
        .json(NotReady { error, missing })
}
