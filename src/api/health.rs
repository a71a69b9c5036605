//! Alive, and ready.

use crate::http::Context;
use crate::journal::LastCommit;
use crate::telemetry::Duty;
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
    /// `alive`.
    status: &'static str,
}

/// The server can do its work.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`.
    status: &'static str,
    last_commit: LastCommitView,
}

/// What the server cannot do without.
#[derive(Serialize, ToSchema)]
pub(super) struct NotReady {
    error: String,
    /// `draining`, `database`, `journal`, or a duty that has died: `fanout`, `errands`, …
    missing: Vec<&'static str>,
    last_commit: LastCommitView,
}

/// How the last commit went, a webhook's or one that was made to see whether it can be.
#[derive(Serialize, ToSchema)]
#[schema(as = LastCommit)]
struct LastCommitView {
    /// It was committed.
    ok: bool,
    /// How long ago, in seconds.
    age_s: f64,
}

impl From<LastCommit> for LastCommitView {
    fn from(last: LastCommit) -> Self {
        Self {
            ok: last.ok,
            age_s: last.age.as_secs_f64(),
        }
    }
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
    let (read, last_commit) = tokio::join!(read, context.journal.last_commit());
    if !matches!(read, Ok(Ok(_))) || !last_commit.ok {
        missing.push("database");
    }
    if !context.journal.is_open() {
        missing.push(Duty::Journal.name());
    }
    for duty in context.duties.not_done() {
        if !missing.contains(&duty) {
            missing.push(duty);
        }
    }
    let last_commit = last_commit.into();
    if missing.is_empty() {
        let status = "ready";
        return HttpResponse::Ok().json(Ready {
            status,
            last_commit,
        });
    }
    let error = format!("Not ready: {}", missing.join(", "));
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, 2))
        .json(NotReady {
            error,
            missing,
            last_commit,
        })
}
