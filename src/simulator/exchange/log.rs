//! What the exchange was asked, for tests to look at.

use crate::clock::Timestamp;
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Requests that are kept; the oldest are dropped.
const KEPT: usize = 10_000;

/// One request. The key itself is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// A command's name (`answer`, `transfer` …); or `call`, `recording`, `recordings`,
    /// `active_calls`, `application`; or `unknown`.
    pub action: String,
    /// The leg that it names, decoded; or what else it names: a recording, a connection.
    pub leg: Option<String>,
    /// The body's `command_id`.
    pub command_id: Option<String>,
    /// The body; null when there was none, or no JSON.
    pub body: Value,
    /// Whether its API key was accepted.
    pub authorized: bool,
    /// When it came, by the carrier's clock.
    pub at: Timestamp,
    /// The status it got; absent when it got no answer.
    pub status: Option<u16>,
    /// Whether a command was carried out.
    pub effect: bool,
}

/// All of them, oldest first.
#[derive(Debug)]
pub(super) struct Log {
    requests: Mutex<Vec<Request>>,
    came: watch::Sender<()>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            requests: Mutex::default(),
            came: watch::Sender::new(()),
        }
    }
}

impl Log {
    pub(super) fn add(&self, request: Request) {
        let mut requests = self.requests();
        if requests.len() >= KEPT {
            requests.remove(0);
        }
        requests.push(request);
        drop(requests);
        self.came.send_replace(());
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.requests().clone()
    }

    /// The first one of which this is true, now or later.
    pub(super) async fn first(&self, wanted: impl Fn(&Request) -> bool) -> Request {
        let mut came = self.came.subscribe();
        loop {
            let found = self.requests().iter().find(|one| wanted(one)).cloned();
            if let Some(found) = found {
                return found;
            }
            // The sender is this log's own.
            let _ = came.changed().await;
        }
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
