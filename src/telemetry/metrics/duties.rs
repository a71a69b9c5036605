//! What keeps the server going: duties that died, and log lines that were lost.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use crate::telemetry::LostLines;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::sync::OnceLock;

label! {
    /// What must go on for as long as a server lives.
    Duty is "duty" {
        /// Commits what is appended.
        Journal = "journal",
        /// Brings committed events to the boards.
        Fanout = "fanout",
        /// Looks for events of other nodes.
        HeadPoll = "head_poll",
        /// Tells the other nodes, and hears them.
        Relay = "relay",
        /// Brings what other nodes told to the boards.
        Heard = "heard",
        /// Keeps boards ready for the sockets of other nodes.
        Warmth = "warmth",
        /// Sees to what is owed to the carrier.
        Errands = "errands",
        /// Watches who is there to take a call.
        Presence = "presence",
        /// Writes down when keys for programs were used last.
        KeyUses = "key_uses",
        /// Handing mails to the mail server.
        Post = "post",
        /// Takes up again the webhooks that could not be applied.
        Retake = "retake",
        /// Compares deadlines with the clock that all nodes have in common.
        Time = "time",
        /// Hears of changes of agencies and people.
        Directory = "directory",
        /// Removes what is too old.
        Retention = "retention",
        /// Carries SQLite's log over into the file.
        CarryOver = "carry_over",
        /// Wakes the sockets of a worker.
        Bell = "bell",
        /// Answers everyone.
        Listener = "listener",
        /// Answers Prometheus.
        MetricsListener = "metrics_listener",
    }
}

pub(super) struct Duties {
    ends: Family<Duty, Counter>,
    lost_lines: Counter,
    lost: OnceLock<LostLines>,
}

impl Duties {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        Self {
            ends: catalog.counter_by("duty_ends", "Times that a duty died and was started again"),
            lost_lines: catalog.counter("log_lines_lost", "Log lines that could not be written"),
            lost: OnceLock::new(),
        }
    }

    /// Takes over what was counted elsewhere, so that the page shows it.
    pub(super) fn refresh(&self) {
        let lost = self.lost.get().map_or(0, LostLines::count);
        self.lost_lines
            .inc_by(lost.saturating_sub(self.lost_lines.get()));
    }
}

impl Metrics {
    /// A duty came to an end that it should not have come to.
    pub fn duty_ended(&self, duty: Duty) {
        self.0.duties.ends.get_or_create(&duty).inc();
    }

    /// Shows how many lines the process's logs have lost.
    pub fn count_lost_lines(&self, lost: LostLines) {
        // The logs are the process's and so is the count: it is the same one every time.
        let _ = self.0.duties.lost.set(lost);
    }
}
