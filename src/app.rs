//! The composition root: builds everything from the configuration, wires the flow, serves, drains.

use crate::clock::Clock;
use crate::config::Config;
use crate::journal::Journal;
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use std::net::{SocketAddr, TcpListener};

/// A running server. Two of them fit in one process.
pub struct App {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where its metrics are served, if they are.
    pub metrics_addr: Option<SocketAddr>,
    /// The way into its journal.
    pub journal: Journal,
    /// Its database.
    pub store: Store,
    /// Its metrics.
    pub metrics: Metrics,
    /// Its clock.
    pub clock: Clock,
}

/// Where a server listens: bound by the caller, so that a taken port is the caller's to handle.
#[derive(Debug)]
pub struct Listeners {
    /// For everyone.
    pub public: TcpListener,
    /// For Prometheus alone.
    pub metrics: Option<TcpListener>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting that cannot work, in a sentence that says how to mend it.
    #[error("{0}")]
    Setting(String),
    /// The listener.
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
}

impl App {
    /// Starts a server: opens and migrates the database, and answers from when this returns. Must
    /// be called on a multi-thread runtime, which becomes the main one.
    ///
    /// # Errors
    /// When it cannot start; the text says why and how to mend it.
    pub async fn start(
        _config: Config,
        _clock: Clock,
        _listeners: Listeners,
        _unsigned_webhooks: bool,
    ) -> Result<Self, AppError> {
        Err(AppError::Setting("being built".into()))
    }

    /// Drains: stops listening, finishes requests, flushes the journal, closes sockets with 1001
    /// spread over ten seconds. Dropping the future stops at once.
    pub async fn drain(self) {}
}
