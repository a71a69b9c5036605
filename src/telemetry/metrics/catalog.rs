//! The registry, and the list of every name in it.

use super::label::Label;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};
use std::fmt::Debug;
use std::hash::Hash;

const PREFIX: &str = "callboard";

/// One scale for everything that takes time, so that the hops of an event can be compared:
/// half a millisecond to a minute.
const SECONDS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// A histogram of seconds by some label.
pub(super) type SecondsBy<S> = Family<S, Histogram>;

/// Registers metrics, and keeps the names under which Prometheus will know them.
pub(super) struct Catalog {
    registry: Registry,
    names: Vec<String>,
}

impl Catalog {
    pub(super) fn new() -> Self {
        Self {
            registry: Registry::with_prefix(PREFIX),
            names: Vec::new(),
        }
    }

    #[cfg(feature = "proving")]
    pub(super) fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    pub(super) fn into_registry(self) -> Registry {
        self.registry
    }

    pub(super) fn counter(&mut self, name: &str, help: &str) -> Counter {
        self.add(name, help, &["_total"], Counter::default())
    }

    /// A counter by a label with known values, all at zero from the start.
    pub(super) fn counter_by<L>(&mut self, name: &str, help: &str) -> Family<L, Counter>
    where
        L: Label + EncodeLabelSet,
    {
        let family = self.counter_by_open(name, help);
        for value in L::ALL {
            drop(family.get_or_create(value));
        }
        family
    }

    /// A counter by labels whose values turn up at run time.
    pub(super) fn counter_by_open<S>(&mut self, name: &str, help: &str) -> Family<S, Counter>
    where
        S: EncodeLabelSet + Clone + Debug + Eq + Hash + Send + Sync + 'static,
    {
        self.add(name, help, &["_total"], Family::default())
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        self.add(name, help, &[""], Gauge::default())
    }

    /// A gauge by a label with known values, all at zero from the start.
    pub(super) fn gauge_by<L>(&mut self, name: &str, help: &str) -> Family<L, Gauge>
    where
        L: Label + EncodeLabelSet,
    {
        let family = self.add(name, help, &[""], Family::<L, Gauge>::default());
        for value in L::ALL {
            drop(family.get_or_create(value));
        }
        family
    }

    pub(super) fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        buckets: [f64; N],
    ) -> Histogram {
        let histogram = Histogram::new(buckets);
        self.add(name, help, &["_bucket", "_count", "_sum"], histogram)
    }

    pub(super) fn seconds(&mut self, name: &str, help: &str) -> Histogram {
        self.histogram(name, help, SECONDS)
    }

    pub(super) fn seconds_by_open<S>(&mut self, name: &str, help: &str) -> SecondsBy<S>
    where
        S: EncodeLabelSet + Clone + Debug + Eq + Hash + Send + Sync + 'static,
    {
        let family: SecondsBy<S> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        self.add(name, help, &["_bucket", "_count", "_sum"], family)
    }

    pub(super) fn info<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [(&'static str, &'static str); N],
    ) {
        self.names.push(format!("{PREFIX}_{name}_info"));
        self.registry.register(name, help, Info::new(labels));
    }

    fn add<M: Metric + Clone>(
        &mut self,
        name: &str,
        help: &str,
        suffixes: &[&str],
        metric: M,
    ) -> M {
        let names = suffixes.iter().map(|end| format!("{PREFIX}_{name}{end}"));
        self.names.extend(names);
        self.registry.register(name, help, metric.clone());
        metric
    }
}
