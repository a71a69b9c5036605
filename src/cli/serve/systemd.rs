//! What systemd is told where it has started us (`Type=notify`): that we serve, that we live, that we
//! stop. Elsewhere nobody listens, and nothing is said.

use crate::app::Health;
use crate::clock::Clock;
use sd_notify::NotifyState;
use std::convert::Infallible;
use std::time::Duration;

/// How long the end may take after what was given to load balancers: requests and sockets have 15 s,
/// the journal a little more.
const DRAIN: Duration = Duration::from_secs(25);

/// Begun before anybody is served.
pub(super) struct Systemd {
    /// How long systemd waits for a sign of life, where it waits for any.
    watchdog: Option<Duration>,
}

impl Systemd {
    pub(super) fn new() -> Self {
        let watchdog = sd_notify::watchdog_enabled();
        Self { watchdog }
    }

    /// Everyone is served from now on.
    pub(super) fn serves(&self, status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The end has begun; it takes so long, and the drain.
    pub(super) fn stops(&self, delay: Duration) {
        let longest = u32::try_from((delay + DRAIN).as_micros()).unwrap_or(u32::MAX);
        tell(&[
            NotifyState::Stopping,
            NotifyState::ExtendTimeoutUsec(longest),
            NotifyState::Status("Draining: not ready, closing sockets one after the other"),
        ]);
    }

    /// Gives the sign of life, twice as often as it is waited for, as long as everything goes on that
    /// the server lives by; never ends.
    pub(super) async fn lives(&self, health: &Health, clock: &Clock) -> Infallible {
        let Some(watchdog) = self.watchdog else {
            return std::future::pending().await;
        };
        let mut due = clock.tick();
        loop {
            match health.look().await {
                Ok(()) => tell(&[NotifyState::Watchdog]),
                Err(unwell) => tracing::error!("Systemd gets no sign of life: {unwell}"),
            }
            due = due.plus(watchdog / 2).max(clock.tick());
            clock.until(due).await;
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("Systemd was not told {states:?}: {error}");
    }
}
