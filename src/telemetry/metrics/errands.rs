//! Errands: what is still owed to the carrier, and what became of what was.

use super::Metrics;
use super::catalog::Catalog;
use super::label::{Label as _, label};
use crate::domain::ErrandKind;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

label! {
    /// What became of an errand that was taken up.
    ErrandOutcome is "outcome" {
        /// Done, or there was nothing left to do.
        Done = "done",
        /// To be taken up again later.
        PutOff = "put_off",
        /// The carrier refuses it for good.
        Refused = "refused",
        /// It failed too often.
        GivenUp = "given_up",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindAndOutcome {
    kind: &'static str,
    outcome: &'static str,
}

pub(super) struct Errands {
    due: Gauge,
    oldest: Gauge,
    outcomes: Family<KindAndOutcome, Counter>,
}

impl Errands {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let outcomes = catalog.counter_by_open("errands", "Errands taken up, by kind and outcome");
        for kind in ErrandKind::ALL {
            for outcome in ErrandOutcome::ALL {
                drop(outcomes.get_or_create(&KindAndOutcome::of(kind, outcome)));
            }
        }
        Self {
            due: catalog.gauge("errands_due", "Errands that are due and in nobody's hands"),
            oldest: catalog.gauge(
                "errands_oldest_seconds",
                "How long the errand that waits longest has been due",
            ),
            outcomes,
        }
    }
}

impl KindAndOutcome {
    fn of(kind: ErrandKind, outcome: ErrandOutcome) -> Self {
        let (kind, outcome) = (kind.name(), outcome.as_str());
        Self { kind, outcome }
    }
}

impl Metrics {
    /// So many errands are due, the oldest for so many seconds.
    pub fn errands_wait(&self, due: i64, oldest_s: i64) {
        self.0.errands.due.set(due);
        self.0.errands.oldest.set(oldest_s);
    }

    /// An errand was seen to.
    pub fn errand_seen_to(&self, kind: ErrandKind, outcome: ErrandOutcome) {
        let counted = KindAndOutcome::of(kind, outcome);
        self.0.errands.outcomes.get_or_create(&counted).inc();
    }
}
