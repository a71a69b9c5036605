//! REST: the route table and its handlers, one sentence each.

mod board;
mod body;
mod calls;
mod credentials;
mod health;
mod me;
mod page;
mod ultravox;

use crate::http::resource;
use actix_web::Route;
use actix_web::web::{self, ServiceConfig};

/// Everything below `/api/telnyx` that is not the webhook.
pub fn telnyx(routes: &mut ServiceConfig) {
    routes.service(resource(
        "/calls/pending",
        "GET",
        vec![web::get().to(calls::pending)],
    ));
}

/// Everything else below `/api`.
pub fn board(routes: &mut ServiceConfig) {
    routes
        .service(resource("/me", "GET", vec![web::get().to(me::me)]))
        .service(resource("/calls", "GET", vec![web::get().to(calls::page)]))
        .service(resource(
            "/calls/{id}",
            "GET",
            vec![web::get().to(calls::one)],
        ))
        .service(resource(
            "/calls/{id}/events",
            "GET",
            vec![web::get().to(calls::events)],
        ));
}

/// An agency's own things, below `/api/agency`.
pub fn agency(routes: &mut ServiceConfig) {
    routes
        .service(resource(
            "/credentials",
            "GET, PUT",
            vec![
                web::get().to(credentials::all),
                web::put().to(credentials::put_all),
            ],
        ))
        .service(resource(
            "/credentials/{key}",
            "GET, PUT, DELETE",
            vec![
                web::get().to(credentials::one),
                web::put().to(credentials::put_one),
                web::delete().to(credentials::remove),
            ],
        ));
}

/// The agency's Ultravox account, below `/api/ultravox`.
pub fn voice_agents(routes: &mut ServiceConfig) {
    let import = |path: &str, route: Route| resource(path, "POST", vec![route]);
    routes
        .service(import("/import-telnyx", web::post().to(ultravox::telnyx)))
        .service(import("/import-twilio", web::post().to(ultravox::twilio)))
        .service(import("/import-plivo", web::post().to(ultravox::plivo)))
        .service(resource(
            "/telephony_configs/{carrier}",
            "GET, PATCH, DELETE",
            vec![
                web::get().to(ultravox::read),
                web::patch().to(ultravox::change),
                web::delete().to(ultravox::remove),
            ],
        ))
        .service(resource(
            "/telephony_config",
            "PATCH",
            vec![web::patch().to(ultravox::change_whole)],
        ))
        .service(resource(
            "/status",
            "GET",
            vec![web::get().to(ultravox::status)],
        ));
}

/// What stands in for Supabase's edge functions, below `/functions/v1`.
pub fn functions(routes: &mut ServiceConfig) {
    routes.service(resource(
        "/import-telnyx-to-ultravox",
        "POST",
        vec![web::post().to(ultravox::telnyx)],
    ));
}

/// Health, and the board's own files; to be registered last.
pub fn open_to_all(routes: &mut ServiceConfig) {
    let get = || vec![web::get(), web::head()];
    let health = get().into_iter().map(|route| route.to(health::alive));
    let ready = get().into_iter().map(|route| route.to(health::ready));
    routes
        .service(resource("/healthz", "GET, HEAD", health.collect()))
        .service(resource("/readyz", "GET, HEAD", ready.collect()));
    board::configure(routes);
}
