//! All routes of the public server, and which of its scopes each is in.

use crate::api;
use crate::http::{Route, mount};
use crate::ingest;
use crate::ws;
use actix_web::web::ServiceConfig;

/// The scopes whose routes have middleware of their own. A route is in the first that its path is
/// below.
const SCOPES: [&str; 5] = ["/api/telnyx", "/api", "/functions/v1", "/auth/v1", ""];

/// Every route of the public server.
pub fn all() -> impl Iterator<Item = &'static Route> {
    ws::ROUTES.iter().chain(in_scopes())
}

fn in_scopes() -> impl Iterator<Item = &'static Route> {
    ingest::ROUTES.iter().chain(api::ROUTES)
}

/// Registers the socket's routes, which are in no scope.
pub(super) fn of_the_socket(config: &mut ServiceConfig) {
    mount(ws::ROUTES, "", config);
}

/// Registers the routes of a scope.
pub(super) fn of(scope: &'static str) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let routes = in_scopes().filter(|route| scope_of(route.path) == Some(scope));
        mount(routes, scope, config);
    }
}

fn scope_of(path: &str) -> Option<&'static str> {
    let is_below = |scope: &&str| {
        let rest = path.strip_prefix(*scope);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    SCOPES.into_iter().find(|scope| is_below(scope))
}
