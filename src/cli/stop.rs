//! The signals that end a command: SIGTERM, SIGINT; and one that must not.

use rustix::process::Signal as Number;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears SIGTERM and SIGINT from the moment it is made; before that they end the process at once.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Has a file that may not grow any more (`ulimit -f`) be an error of whoever writes, as a full
    /// disk is, for as long as the process lives: by default the system ends it.
    pub(super) fn outlive_full_files() -> io::Result<()> {
        signal(SignalKind::from_raw(Number::XFSZ.as_raw())).map(drop)
    }

    /// Waits for the next of them, and says which it was. Two that come together may be heard as
    /// one.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
