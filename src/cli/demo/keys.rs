//! Single keys of the terminal, each heard at once, where there is one in front of somebody.

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::io::{self, Read as _, stdin};
use tokio::sync::mpsc;

/// Keys that may wait to be dealt with.
const WAITING: usize = 16;

/// A terminal that gives its keys one by one; it is as it was again when this is dropped.
pub(super) struct Keys {
    before: Termios,
    pub(super) pressed: mpsc::Receiver<char>,
}

impl Keys {
    /// Listens to the terminal; none where nobody sits at one.
    pub(super) fn listen() -> Option<Self> {
        let before = tcgetattr(stdin()).ok()?;
        // Whoever reads from behind is stopped by the system.
        if tcgetpgrp(stdin()).ok()? != getpgrp() {
            return None;
        }
        let mut one_by_one = before.clone();
        one_by_one
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Now, &one_by_one).ok()?;
        let (presses, pressed) = mpsc::channel(WAITING);
        let keys = Self { before, pressed };
        let named = std::thread::Builder::new().name("keys".to_owned());
        // It waits for keys until the process ends.
        named.spawn(move || read(&presses)).ok()?;
        Some(keys)
    }
}

fn read(presses: &mpsc::Sender<char>) {
    let mut key = [0];
    while stdin().lock().read_exact(&mut key).is_ok() {
        if presses.blocking_send(char::from(key[0])).is_err() {
            return;
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let restored = tcsetattr(stdin(), OptionalActions::Now, &self.before);
        if let Err(error) = restored.map_err(io::Error::from) {
            tracing::debug!("The terminal is not as it was: {error}");
        }
    }
}
