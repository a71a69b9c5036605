//! Everything that callboard counts, each metric named once.
//!
//! One file per concern registers its metrics in the [`Catalog`] and gives [`Metrics`] the verbs
//! for them. Labels have few, known values: never an id, a number or a path. Metrics whose label
//! is an enum stand at zero from the start, since Prometheus cannot see the increase of a series
//! that was not there before.

mod boards;
mod catalog;
mod duties;
mod errands;
mod http;
mod journal;
mod keys;
mod label;
mod latency;
mod plain;
mod providers;
mod refusals;
mod relay;
mod retention;
mod sockets;
mod webhooks;

pub use boards::Warmed;
pub use duties::Duty;
pub use errands::ErrandOutcome;
pub use journal::{HeadPoll, JournalFailure};
pub use keys::KeyFetch;
pub use providers::{Provider, ProviderResult};
pub use refusals::Refused;
pub use relay::{Direction, Unheard};
pub use retention::Removed;
pub use sockets::ConnectAnswer;
pub use webhooks::WebhookResult;

use super::TelemetryError;
use crate::domain::Timestamp;
use catalog::Catalog;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The metrics of one running server. Clones count together; two servers count apart.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    #[cfg(feature = "proving")]
    names: Vec<String>,
    webhooks: webhooks::Webhooks,
    journal: journal::Journal,
    sockets: sockets::Sockets,
    latency: latency::Latency,
    http: http::Http,
    keys: keys::Keys,
    retention: retention::Retention,
    providers: providers::Providers,
    refusals: refusals::Refusals,
    errands: errands::Errands,
    duties: duties::Duties,
    relay: relay::Relay,
    boards: boards::Boards,
}

impl Metrics {
    /// The media type of what [`Metrics::encode`] returns.
    pub const CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// The media type of what [`Metrics::encode_plain`] returns.
    pub const PLAIN_CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// A fresh set, all at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut catalog = Catalog::new();
        catalog.info(
            "build",
            "The version that runs here",
            [("version", env!("CARGO_PKG_VERSION"))],
        );
        let webhooks = webhooks::Webhooks::register(&mut catalog);
        let journal = journal::Journal::register(&mut catalog);
        let sockets = sockets::Sockets::register(&mut catalog);
        let latency = latency::Latency::register(&mut catalog);
        let http = http::Http::register(&mut catalog);
        let keys = keys::Keys::register(&mut catalog);
        let retention = retention::Retention::register(&mut catalog);
        let providers = providers::Providers::register(&mut catalog);
        let refusals = refusals::Refusals::register(&mut catalog);
        let errands = errands::Errands::register(&mut catalog);
        let duties = duties::Duties::register(&mut catalog);
        let relay = relay::Relay::register(&mut catalog);
        let boards = boards::Boards::register(&mut catalog);
        #[cfg(feature = "proving")]
        let names = catalog.names();
        Self(Arc::new(Inner {
            registry: catalog.into_registry(),
            #[cfg(feature = "proving")]
            names,
            webhooks,
            journal,
            sockets,
            latency,
            http,
            keys,
            retention,
            providers,
            refusals,
            errands,
            duties,
            relay,
            boards,
        }))
    }

    /// All metrics in the OpenMetrics text format.
    ///
    /// # Errors
    /// When a metric cannot be written as text, which would be a bug.
    pub fn encode(&self) -> Result<String, TelemetryError> {
        self.0.duties.refresh();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// All metrics in Prometheus's older text format.
    ///
    /// # Errors
    /// As [`Metrics::encode`].
    pub fn encode_plain(&self) -> Result<String, TelemetryError> {
        Ok(plain::of_openmetrics(&self.encode()?))
    }

    /// The names under which Prometheus knows the series, suffixes such as `_total` and `_bucket`
    /// included, whether or not they have a value yet.
    #[cfg(feature = "proving")]
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0.names
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Seconds from one moment to another; zero when the second is the earlier one, as it may be when
/// the two were read from different clocks.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    let micros = u64::try_from(to.micros_since(from)).unwrap_or(0);
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::{HeadPoll, Metrics, Provider, ProviderResult, WebhookResult};
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn every_metric_has_our_prefix_and_a_name_of_its_own() {
        let metrics = Metrics::new();
        let names: BTreeSet<_> = metrics.names().iter().collect();
        assert_eq!(names.len(), metrics.names().len());
        assert!(names.iter().all(|name| name.starts_with("callboard_")));
    }

    #[test]
    fn every_sample_that_is_written_has_a_name_in_the_list() {
        let metrics = Metrics::new();
        metrics.http_answered(Some("/api/me"), 200, Duration::ZERO);
        metrics.event_recorded("call.incoming");
        let done = ProviderResult::Done;
        metrics.provider_asked(Provider::Telnyx, "answer", done, Duration::ZERO);
        let text = metrics.encode().unwrap();
        let mut seen = BTreeSet::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap().to_owned();
            assert!(metrics.names().contains(&name), "{line}");
            seen.insert(name);
        }
        assert_eq!(seen.len(), metrics.names().len(), "all names have a sample");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn known_labels_stand_at_zero_from_the_start() {
        let text = Metrics::new().encode().unwrap();
        for line in [
            r#"callboard_webhooks_total{result="unavailable"} 0"#,
            r#"callboard_journal_errors_total{kind="expired"} 0"#,
            r#"callboard_socket_closes_total{code="4000"} 0"#,
            r#"callboard_refusals_total{reason="signature_wrong"} 0"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn clones_count_together_and_two_servers_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.clone().webhook(WebhookResult::Repeat);
        one.head_polled(HeadPoll::Behind);
        let counted = r#"callboard_webhooks_total{result="repeat"} 1"#;
        assert!(one.encode().unwrap().contains(counted));
        assert!(!other.encode().unwrap().contains(counted));
    }

    #[test]
    fn the_build_says_its_version() {
        let line = format!(
            r#"callboard_build_info{{version="{}"}} 1"#,
            env!("CARGO_PKG_VERSION")
        );
        assert!(Metrics::new().encode().unwrap().contains(&line));
    }

    #[test]
    fn a_clock_that_runs_behind_counts_as_no_time() {
        assert!((super::seconds(at(0), at(1_500_000)) - 1.5).abs() < 1e-9);
        assert!(super::seconds(at(1), at(0)).abs() < 1e-9);
    }

    fn at(micros: i64) -> crate::domain::Timestamp {
        crate::domain::Timestamp::from_micros(micros)
    }
}
