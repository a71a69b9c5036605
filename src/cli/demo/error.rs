//! What can keep a demo from its good end.

use crate::agencies::seal::SealError;
use crate::app::AppError;
use crate::auth::AuthError;
use crate::config::{ConfigError, Mistake};
use crate::domain::CredentialError;
use crate::store::StoreError;
use callboard_simulator::browser::{BrowserError, PressError};
use callboard_simulator::{CarrierError, KeyError};
use std::io;
use std::path::PathBuf;

/// Why a demo did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data folder.
    #[error("the data folder {} cannot be used: {source}; give another with --data DIR", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another demo has the data folder.
    #[error(
        "another demo is running in {}: end it first, or give this one a folder of its own with --data DIR",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file of the demo's keys.
    #[error("{} cannot be used: {why}; remove it together with the database beside it to begin anew", .path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong, without any of its contents.
        why: String,
    },
    /// No free port.
    #[error("no port from {first} to {last} is free: choose another range with --port N")]
    NoPort {
        /// The one that was wanted.
        first: u16,
        /// The last one that was tried.
        last: u16,
    },
    /// A port that the system does not give.
    #[error("port {port} cannot be listened on: {source}; choose another with --port N")]
    Port {
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A setting.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    #[error("--database: expected {}, found {}", .0.expected, .0.found)]
    Database(Mistake),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The credentials could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A credential of the demo is refused: a fault of the demo.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// No token could be made.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The server.
    #[error(transparent)]
    App(#[from] AppError),
    /// The simulated carrier.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// The simulated carrier's API.
    #[error("the simulated carrier cannot be commanded: {0}")]
    Exchange(#[source] io::Error),
    /// A board's buttons could not be set up.
    #[error(transparent)]
    Press(#[from] PressError),
    /// The simulated carrier's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A board was turned away.
    #[error("the board turned away one of the demo's own people: {0}")]
    Browser(#[from] BrowserError),
    /// Ctrl-c cannot be heard on this machine.
    #[error("cannot listen for ctrl-c: {0}")]
    Signal(#[source] io::Error),
    /// The lines cannot be written.
    #[error("cannot write to stdout: {0}")]
    Output(#[source] io::Error),
    /// Acknowledged webhooks left no event, or boards were told wrongly.
    #[error("the boards missed or misheard {0} events of acknowledged webhooks")]
    Lost(u64),
    /// `--once` saw something else than what must come.
    #[error("one call's life differs from what must come: {0}")]
    Once(String),
    #[cfg(feature = "proving")]
    /// A board of the torture did not open, or not on an agency that has seen nothing.
    #[error("every board must begin with an empty snapshot, and {0}")]
    NotEmpty(String),
    /// SQLite's one file is one process's.
    #[error(
        "--nodes takes a database that the nodes share: give it a PostgreSQL with --database \
         postgres://…; SQLite serves one process"
    )]
    OneNodeOnly,
    /// A server of its own could not be run.
    #[error("the server {what}; its log: {}", .log.display())]
    Server {
        /// What it did or did not do.
        what: String,
        log: PathBuf,
    },
    #[cfg(feature = "proving")]
    /// `--torture` found something, or proved nothing.
    #[error("the torture was not withstood: {0}")]
    Torture(String),
    /// Any of the above, and where to read more.
    #[error("{cause} (more in {})", .log.display())]
    Logged {
        /// What happened.
        cause: Box<DemoError>,
        /// The log file, which was kept.
        log: PathBuf,
    },
}
