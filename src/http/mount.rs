//! From the list of routes to those of the framework.

use super::admit::admit;
use super::{ApiError, Door, Route};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route as Mounted};
use std::sync::Arc;

/// Registers routes below `scope`, with which each of their paths begins. A path is answered by its
/// routes, and any other method by 405 with those that there are.
pub fn mount(
    routes: impl IntoIterator<Item = &'static Route>,
    scope: &str,
    config: &mut ServiceConfig,
) {
    let mut paths: Vec<Vec<&Route>> = Vec::new();
    for route in routes {
        let same = |path: &&mut Vec<&Route>| path.iter().any(|one| one.pattern == route.pattern);
        match paths.iter_mut().find(same) {
            // Of the paths that are answered alike, one registers what answers.
            Some(path) if path.iter().any(|one| one.method == route.method) => {}
            Some(path) => path.push(route),
            None => paths.push(vec![route]),
        }
    }
    for path in &paths {
        if let Some(resource) = resource(path, scope) {
            config.service(resource);
        }
    }
}

fn resource(routes: &[&'static Route], scope: &str) -> Option<Resource> {
    let first = *routes.first()?;
    let below = |path: &'static str| path.strip_prefix(scope).unwrap_or(path);
    let resource = match first.also {
        Some(also) => web::resource([below(first.pattern), below(also)]),
        None => web::resource(below(first.pattern)),
    };
    let methods: Vec<&str> = routes.iter().map(|route| route.allows()).collect();
    let methods: Arc<str> = methods.join(", ").into();
    let resource = resource.default_service(web::to(move |request: HttpRequest| {
        let answer = (first.otherwise)(&request, &methods);
        async move { Err::<HttpResponse, ApiError>(answer) }
    }));
    let mounted = routes.iter().map(|route| mounted(route));
    Some(mounted.fold(resource, Resource::route))
}

fn mounted(route: &Route) -> Mounted {
    let answered = (route.answer)(route.guarded());
    match route.door {
        Door::Open => answered,
        Door::For(right) => {
            answered.wrap(from_fn(move |request, next| admit(right, request, next)))
        }
    }
}
