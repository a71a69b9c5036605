//! The journal: batches, its queue, its errors, the events that it numbered, and the gaps that
//! were healed from it.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::time::Duration;

/// Up to the 256 appends that a batch holds at most.
const APPENDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

label! {
    /// Why the journal could not write.
    JournalFailure is "kind" {
        /// The database was away.
        Connection = "connection",
        /// An append that the database refuses, alone in its batch.
        Data = "data",
        /// An append that touches a row which this version cannot read.
        Unreadable = "unreadable",
        /// A statement or a lock took too long.
        Timeout = "timeout",
        /// The queue was full.
        Overloaded = "overloaded",
        /// An append's deadline passed while it waited.
        Expired = "expired",
    }
}

label! {
    /// What a look at the agencies' heads found.
    HeadPoll is "result" {
        /// Nothing was committed elsewhere that this node has not seen.
        Level = "level",
        /// Another node was ahead; the journal is read.
        Behind = "behind",
        /// The database did not answer.
        Failed = "failed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfType {
    r#type: &'static str,
}

pub(super) struct Journal {
    batch_size: Histogram,
    batch_seconds: Histogram,
    queue_bytes: Gauge,
    errors: Family<JournalFailure, Counter>,
    events: Family<OfType, Counter>,
    gap_fills: Counter,
    head_polls: Family<HeadPoll, Counter>,
}

impl Journal {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            batch_size: catalog.histogram("batch_size", "Appends in one transaction", APPENDS),
            batch_seconds: catalog
                .seconds("batch_seconds", "Time of one transaction, commit included"),
            queue_bytes: catalog.gauge("journal_queue_bytes", "Bytes that wait for the journal"),
            errors: catalog.counter_by("journal_errors", "Writes that failed, by why"),
            events: catalog.counter_by_open("events", "Events recorded, by type"),
            gap_fills: catalog.counter(
                "gap_fills",
                "Gaps in an agency's numbers read from the journal",
            ),
            head_polls: catalog.counter_by(
                "head_polls",
                "Looks at the agencies' heads, by what they found",
            ),
        }
    }
}

impl Metrics {
    /// A batch of so many appends was committed in that time.
    pub fn batch_committed(&self, appends: usize, took: Duration) {
        let journal = &self.0.journal;
        let appends = u32::try_from(appends).unwrap_or(u32::MAX);
        journal.batch_size.observe(f64::from(appends));
        journal.batch_seconds.observe(took.as_secs_f64());
    }

    /// So many bytes wait for the journal now.
    pub fn journal_queued(&self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.0.journal.queue_bytes.set(bytes);
    }

    /// The journal could not write a batch, or refused an append.
    pub fn journal_failed(&self, kind: JournalFailure) {
        self.0.journal.errors.get_or_create(&kind).inc();
    }

    /// An event was recorded; `name` is its type on the wire, such as `call.incoming`.
    pub fn event_recorded(&self, name: &'static str) {
        let of_type = OfType { r#type: name };
        self.0.journal.events.get_or_create(&of_type).inc();
    }

    /// A gap in an agency's numbers was read from the journal.
    pub fn gap_filled(&self) {
        self.0.journal.gap_fills.inc();
    }

    /// The agencies' heads were looked at.
    pub fn head_polled(&self, result: HeadPoll) {
        self.0.journal.head_polls.get_or_create(&result).inc();
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::Metrics;
    use std::time::Duration;

    #[test]
    fn a_batch_is_counted_by_its_size_and_its_time() {
        let metrics = Metrics::new();
        metrics.batch_committed(3, Duration::from_millis(4));
        metrics.journal_queued(4096);
        metrics.event_recorded("call.answered");
        let text = metrics.encode().unwrap();
        for line in [
            r#"callboard_batch_size_bucket{le="2.0"} 0"#,
            r#"callboard_batch_size_bucket{le="4.0"} 1"#,
            "callboard_batch_seconds_sum 0.004",
            "callboard_journal_queue_bytes 4096",
            r#"callboard_events_total{type="call.answered"} 1"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
