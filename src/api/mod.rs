//! REST: the route table and its handlers, one sentence each.

mod board;
mod body;
mod call_logs;
mod calls;
mod control;
mod credentials;
mod csv;
mod documents;
mod health;
mod log_query;
mod me;
mod page;
mod recordings;
mod sign_in;
mod stats;
mod ultravox;
mod users;
mod webhooks;

use crate::http::{get, resource};
use actix_web::Route;
use actix_web::web::{self, ServiceConfig};

/// Everything below `/api/telnyx` that is not the webhook.
pub fn telnyx(routes: &mut ServiceConfig) {
    routes
        .service(resource(
            "/calls/pending",
            "GET, HEAD",
            vec![get().to(calls::pending)],
        ))
        .service(resource(
            "/calls/{call_control_id}/answer",
            "POST",
            vec![web::post().to(control::answer)],
        ))
        .service(resource(
            "/calls/{call_control_id}/release",
            "POST",
            vec![web::post().to(control::release)],
        ))
        .service(resource(
            "/calls/{call_control_id}/end",
            "POST",
            vec![web::post().to(control::end)],
        ));
}

/// Everything else below `/api`.
pub fn board(routes: &mut ServiceConfig) {
    routes
        .service(resource("/me", "GET, HEAD", vec![get().to(me::me)]))
        .service(resource("/calls", "GET, HEAD", vec![get().to(calls::page)]))
        .service(resource(
            "/calls/{id}",
            "GET, HEAD",
            vec![get().to(calls::one)],
        ))
        .service(resource(
            "/calls/{id}/events",
            "GET, HEAD",
            vec![get().to(calls::events)],
        ))
        .service(resource(
            "/calls/{id}/recordings/{recording_id}",
            "GET, HEAD",
            vec![get().to(recordings::link)],
        ))
        .service(resource(
            "/call-logs",
            "GET, HEAD",
            vec![get().to(call_logs::page)],
        ))
        .service(resource(
            "/call-logs/{id}",
            "GET, HEAD, PATCH",
            vec![get().to(call_logs::one), web::patch().to(call_logs::write)],
        ))
        .service(resource(
            "/stats",
            "GET, HEAD",
            vec![get().to(stats::stats)],
        ))
        .service(resource(
            "/users",
            "GET, HEAD",
            vec![get().to(users::users)],
        ));
}

/// An agency's own things, below `/api/agency`.
pub fn agency(routes: &mut ServiceConfig) {
    routes
        .service(resource(
            "/webhooks",
            "GET, HEAD",
            vec![get().to(webhooks::webhooks)],
        ))
        .service(resource(
            "/credentials",
            "GET, HEAD, PUT",
            vec![
                get().to(credentials::all),
                web::put().to(credentials::put_all),
            ],
        ))
        .service(resource(
            "/credentials/{key}",
            "GET, HEAD, PUT, DELETE",
            vec![
                get().to(credentials::one),
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
            "GET, HEAD, PATCH, DELETE",
            vec![
                get().to(ultravox::read),
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
            "GET, HEAD",
            vec![get().to(ultravox::status)],
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

/// Health, the document, and the board's own files; to be registered last.
pub fn open_to_all(routes: &mut ServiceConfig) {
    routes
        .service(resource(
            "/healthz",
            "GET, HEAD",
            vec![get().to(health::alive)],
        ))
        .service(resource(
            "/readyz",
            "GET, HEAD",
            vec![get().to(health::ready)],
        ))
        .service(resource(
            "/openapi.json",
            "GET, HEAD",
            vec![get().to(documents::openapi)],
        ));
    sign_in::configure(routes);
    board::configure(routes);
}
