//! Alive, and ready.

use crate::http::{Context, Door, Route, Tag};
use crate::journal::LastCommit;
use crate::relay::Relay;
use crate::telemetry::Duty;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) const ALIVE: Route = Route::get(
    "/healthz",
    Door::Open,
    |route| route.to(alive),
    |operation| {
        operation
            .named(Tag::Server, "alive", "The process runs")
            .answers::<Health>(200, "It does")
    },
);

pub(super) const READY: Route = Route::get(
    "/readyz",
    Door::Open,
    |route| route.to(ready),
    |operation| {
        operation
            .named(Tag::Server, "ready", "The server can do its work")
            .answers::<Ready>(200, "It can")
            .answers::<NotReady>(503, "What it cannot do without is named")
    },
);

/// What is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `alive`.
    status: &'static str,
}

/// The server can do its work.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ready`.
    status: &'static str,
    last_commit: LastCommitView,
    relay: RelayView,
}

/// What the server cannot do without.
#[derive(Serialize, ToSchema)]
struct NotReady {
    error: String,
    /// `draining`, `database`, `journal`, or a duty that has died: `fanout`, `errands`, …
    missing: Vec<&'static str>,
    last_commit: LastCommitView,
    relay: RelayView,
}

/// How other nodes' events come here at once. Without it boards hear of them by a poll, and nothing
/// is lost: it never makes a server unready.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = Relay)]
struct RelayView {
    /// `off`, `postgres` or `redis`.
    by: &'static str,
    /// `off`; `starting`; `up`: this server hears itself through it; `degraded`: it does not.
    state: &'static str,
}

impl RelayView {
    fn of(relay: &Relay) -> Self {
        Self {
            by: relay.way(),
            state: relay.state().name(),
        }
    }
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
async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "alive" })
}

/// The server can do its work; otherwise what it cannot do without is named.
async fn ready(context: web::Data<Context>) -> HttpResponse {
    let mut missing = Vec::new();
    if context.leaving.is_cancelled() {
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
    let relay = RelayView::of(&context.relay);
    if missing.is_empty() {
        let status = "ready";
        return HttpResponse::Ok().json(Ready {
            status,
            last_commit,
            relay,
        });
    }
    let error = format!("Not ready: {}", missing.join(", "));
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, 2))
        .json(NotReady {
            error,
            missing,
            last_commit,
            relay,
        })
}
