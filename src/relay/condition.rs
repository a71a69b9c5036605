//! How the relay is.

use super::lock;
use crate::clock::Tick;
use crate::config;
use crate::telemetry::{Metrics, Unheard};
use std::sync::Mutex;
use std::time::Duration;

/// The time between two lines about what is not taken in.
const QUIET: Duration = Duration::from_secs(60);

crate::domain::words! {
    /// How a relay is.
    pub enum State {
        /// There is none: each node polls the database.
        Off = "off",
        /// It has not been up yet.
        Starting = "starting",
        /// This node hears itself through it.
        Up = "up",
        /// It does not, so boards hear of other nodes' events by the poll.
        Degraded = "degraded",
    }
}

/// The state, with one line for each change.
pub(super) struct Condition {
    state: Mutex<State>,
    /// In words for logs, without a password.
    name: String,
    metrics: Metrics,
    /// When it was last said that something was not taken in.
    said: Mutex<Option<Tick>>,
}

impl Condition {
    pub(super) fn new(way: &config::Relay, metrics: Metrics) -> Self {
        let state = match way {
            config::Relay::Off => State::Off,
            config::Relay::Postgres | config::Relay::Redis(_) => State::Starting,
        };
        Self {
            state: Mutex::new(state),
            name: way.to_string(),
            metrics,
            said: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> State {
        *lock(&self.state)
    }

    /// This node hears itself. Says whether that is news.
    pub(super) fn is_up(&self) -> bool {
        let news = self.becomes(State::Up);
        if news {
            tracing::info!("The relay is up, by {}", self.name);
        }
        news
    }

    /// It is not up, for that reason.
    pub(super) fn is_degraded(&self, why: &str) {
        if self.becomes(State::Degraded) {
            tracing::warn!(
                "The relay is down, by {}: {why}; boards hear of other nodes by the poll until it \
                 is up again",
                self.name
            );
        }
    }

    /// Something was not taken in: a line, at most one a minute, since it may go on.
    pub(super) fn says_unheard(&self, why: Unheard, now: Tick) {
        let mut said = lock(&self.said);
        if said.is_none_or(|said| now.since(said) >= QUIET) {
            *said = Some(now);
            let (name, why) = (&self.name, why.name());
            tracing::warn!(
                "Messages on the relay, by {name}, are not taken in ({why}): see that every node has \
                 the same CALLBOARD_ENCRYPTION_KEY and nobody else writes there; callboard_relay_unheard \
                 counts them"
            );
        }
    }

    fn becomes(&self, state: State) -> bool {
        let before = std::mem::replace(&mut *lock(&self.state), state);
        self.metrics.relay_is_up(state == State::Up);
        before != state
    }
}
