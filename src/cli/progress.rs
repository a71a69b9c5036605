//! What is seen of long work: one line on stderr that is written over, when stderr is a terminal.

use super::CliError;
use crate::clock::Clock;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// The line. It disappears when dropped, so that it never mixes with results.
pub(super) struct Progress {
    on_terminal: bool,
    shown: bool,
}

impl Progress {
    /// Nothing is shown yet.
    pub(super) fn on_stderr() -> Self {
        Self {
            on_terminal: io::stderr().is_terminal(),
            shown: false,
        }
    }

    /// Puts `text` in place of what was shown.
    pub(super) fn show(&mut self, text: &str) {
        if self.on_terminal {
            // Cut by the terminal, not wrapped: a wrapped line could not be written over.
            let mut stderr = io::stderr();
            let _ = write!(stderr, "\r\x1b[?7l{text}\x1b[K\x1b[?7h").and_then(|()| stderr.flush());
            self.shown = true;
        }
    }

    /// Shows `what` and the seconds that have passed, until `work` is done.
    pub(super) async fn during<T: Send + 'static>(
        &mut self,
        what: &str,
        clock: &Clock,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CliError> {
        // On a task of its own, since migrations keep their thread busy.
        let mut working = tokio::spawn(work);
        let began = clock.now();
        loop {
            tokio::select! {
                done = &mut working => {
                    return done.map_err(|error| CliError::Runtime(io::Error::other(error)));
                }
                () = clock.sleep(Duration::from_secs(1)) => {
                    let seconds = clock.now().micros_since(began) / 1_000_000;
                    self.show(&format!("{what} ({seconds} s)"));
                }
            }
        }
    }

    /// Takes the line away, so that something else can be printed.
    pub(super) fn clear(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = false;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
