//! What operators see: log lines and metrics.
//!
//! Both are arguments, not ambience: a server owns its [`Metrics`], so that two servers in one
//! test count apart. Logs alone are the process's.

mod lines;
mod logs;
mod metrics;
#[cfg(test)]
mod ops_files;

pub use lines::{Logs, LostLines};
pub use logs::{LogTarget, init};
pub use metrics::{
    ConnectAnswer, Direction, Duty, ErrandOutcome, HeadPoll, JournalFailure, KeyFetch, Metrics,
    Provider, ProviderResult, Refused, Removed, Unheard, Warmed, WebhookResult,
};

/// Why logs could not be started or metrics could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log filter is not in tracing's directive syntax.
    #[error(
        "RUST_LOG is {filter:?}, which is no log filter ({reason}): write a level such as \
         `info`, or levels by module such as `info,callboard::ws=debug`"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What the parser made of it.
        reason: String,
    },
    /// The log file cannot be opened or made.
    #[error("the log file {} cannot be written: {source}; is its folder there?", .path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Logs are the process's and can be started only once.
    #[error("the logs were started twice in this process: call `telemetry::init` once")]
    StartedTwice,
    /// The metrics could not be written as text.
    #[error("the metrics could not be written as OpenMetrics text: this is a bug in callboard")]
    Encode(#[from] std::fmt::Error),
}
