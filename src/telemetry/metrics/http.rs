//! Requests by route and status.

use super::Metrics;
use super::catalog::{Catalog, SecondsBy};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::time::Duration;

/// What stands for the route of a request that matched none.
const NO_ROUTE: &str = "none";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteAndStatus {
    route: String,
    status: u16,
}

pub(super) struct Http {
    requests: Family<RouteAndStatus, Counter>,
    times: SecondsBy<Route>,
}

impl Http {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            requests: catalog.counter_by_open("http_requests", "Requests, by route and status"),
            times: catalog.seconds_by_open("http_seconds", "Time to answer, by route"),
        }
    }
}

impl Metrics {
    /// A request was answered. `route` is the pattern (`/api/calls/{id}`), never the path, which
    /// would make a series per call; `None` when no route matched.
    pub fn http_answered(&self, route: Option<&str>, status: u16, took: Duration) {
        let route = route.unwrap_or(NO_ROUTE).to_owned();
        let http = &self.0.http;
        let by_status = RouteAndStatus {
            route: route.clone(),
            status,
        };
        http.requests.get_or_create(&by_status).inc();
        let time = http.times.get_or_create(&Route { route });
        time.observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::Metrics;
    use std::time::Duration;

    #[test]
    fn requests_are_counted_by_route_and_status_and_unknown_paths_as_one() {
        let metrics = Metrics::new();
        let took = Duration::from_micros(700);
        metrics.http_answered(Some("/api/calls/{id}"), 200, took);
        metrics.http_answered(None, 404, took);
        let text = metrics.encode().unwrap();
        for line in [
            r#"callboard_http_requests_total{route="/api/calls/{id}",status="200"} 1"#,
            r#"callboard_http_requests_total{route="none",status="404"} 1"#,
            r#"callboard_http_seconds_bucket{le="0.0005",route="/api/calls/{id}"} 0"#,
            r#"callboard_http_seconds_bucket{le="0.001",route="/api/calls/{id}"} 1"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
