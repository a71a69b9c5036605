//! The HTTP servers: the public one, and the one that Prometheus reads.

use super::routes;
use super::{Listeners, server};
use crate::api::OpenApi;
use crate::http::{
    Context, METRICS, RequestSpan, answers_in_json, close_on_unread, mount, not_found,
    not_found_for_telnyx, observe, open_to_every_page, query_errors,
};
use crate::hub::Bell;
use crate::telemetry::Duty;
use actix_cors::Cors;
use actix_web::dev::ServerHandle;
use actix_web::http::header::RETRY_AFTER;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use std::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

/// The servers of one process.
pub(super) struct Servers {
    pub(super) public: ServerHandle,
    pub(super) metrics: Option<ServerHandle>,
}

/// Starts the servers; they answer from now on.
pub(super) fn start(
    listeners: Listeners,
    context: &web::Data<Context>,
    over: &CancellationToken,
) -> std::io::Result<Servers> {
    let public = public(listeners.public, context.clone(), over.clone())?;
    let metrics = listeners.metrics;
    let metrics = metrics.map(|listener| metrics_page(listener, context, over.clone()));
    Ok(Servers {
        public,
        metrics: metrics.transpose()?,
    })
}

fn public(
    listener: TcpListener,
    context: web::Data<Context>,
    over: CancellationToken,
) -> std::io::Result<ServerHandle> {
    let served = context.clone();
    let openapi = web::Data::new(OpenApi::of(routes::all()));
    let app = move || {
        let api = web::scope("/api")
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(Compress::default())
            .wrap(cors(&context))
            .service(
                web::scope("/telnyx")
                    .configure(routes::of("/api/telnyx"))
                    .default_service(web::to(not_found_for_telnyx)),
            )
            .configure(routes::of("/api"))
            .default_service(web::to(not_found));
        let functions = web::scope("/functions/v1")
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(from_fn(open_to_every_page))
            .configure(routes::of("/functions/v1"))
            .default_service(web::to(not_found));
        let auth = web::scope("/auth/v1")
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(from_fn(open_to_every_page))
            .configure(routes::of("/auth/v1"))
            .default_service(web::to(not_found));
        let open = web::scope("")
            .wrap(cors(&context))
            .configure(routes::of(""));
        // This is run once on each worker, and ends with it.
        let bell = Bell::default();
        let ringing = bell.clone();
        let answer = move || ringing.clone().answer();
        let duties = context.duties.clone();
        actix_web::rt::spawn(duties.keep(Duty::Bell, CancellationToken::new(), answer));
        App::new()
            .app_data(context.clone())
            .app_data(web::Data::new(bell))
            .app_data(openapi.clone())
            .app_data(query_errors())
            .wrap(from_fn(observe))
            .wrap(from_fn(answers_in_json))
            .wrap(from_fn(close_on_unread))
            // Outside the tracing middleware, which would keep a span per socket.
            .configure(routes::of_the_socket)
            .service(api)
            .service(functions)
            .service(auth)
            .service(open)
    };
    server::start(listener, served, over, app)
}

fn metrics_page(
    listener: TcpListener,
    context: &web::Data<Context>,
    over: CancellationToken,
) -> std::io::Result<ServerHandle> {
    let metrics = web::Data::new(context.metrics.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(metrics.clone())
            .wrap(from_fn(answers_in_json))
            .configure(|config| mount([&METRICS], "", config))
            .default_service(web::to(not_found))
    })
    .workers(1)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let duties = context.duties.clone();
    tokio::spawn(duties.must_outlast(Duty::MetricsListener, over, server));
    Ok(handle)
}

/// Pages of the listed origins may ask; a page of our own needs no permission.
fn cors(context: &Context) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers([RETRY_AFTER])
        .block_on_origin_mismatch(false)
        .max_age(600);
    for origin in &context.config.access.allowed_origins {
        cors = cors.allowed_origin(origin.as_str());
    }
    cors
}
