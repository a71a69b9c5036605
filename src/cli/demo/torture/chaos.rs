//! Killing a server again and again.

use super::server::Server;
use crate::cli::demo::DemoError;
use crate::clock::Clock;
use callboard_simulator::Dice;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many kills of a hundred meet the server while it is still starting.
const WHILE_STARTING: u8 = 25;

/// How many kills there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Kills(Arc<AtomicU64>);

impl Kills {
    /// So far.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Kills the server every few seconds and starts it again.
pub(super) struct Chaos<'a> {
    server: &'a mut Server,
    dice: Dice,
    clock: Clock,
    kills: Kills,
}

impl<'a> Chaos<'a> {
    /// The dice decide the moments.
    pub(super) fn new(server: &'a mut Server, dice: Dice, clock: Clock) -> Self {
        Self {
            server,
            dice,
            clock,
            kills: Kills::default(),
        }
    }

    /// The count, to be read while this goes on.
    pub(super) fn kills(&self) -> Kills {
        self.kills.clone()
    }

    /// Goes on without an end of its own but an error. May be dropped at any moment, after which
    /// [`ends`](Self::ends) puts things in order.
    pub(super) async fn reigns(&mut self) -> Result<Infallible, DemoError> {
        loop {
            let (shortest, longest) = if self.dice.percent(WHILE_STARTING) {
                (0, 400)
            } else {
                self.server.comes_up(&self.clock).await?;
                (1_000, 5_000)
            };
            let (shortest, longest) = (
                Duration::from_millis(shortest),
                Duration::from_millis(longest),
            );
            self.clock.sleep(self.dice.between(shortest, longest)).await;
            self.server.kill().await?;
            self.kills.0.fetch_add(1, Ordering::Relaxed);
            self.server.start()?;
        }
    }

    /// Leaves the server running.
    pub(super) async fn ends(self) -> Result<(), DemoError> {
        if !self.server.is_started() {
            self.server.start()?;
        }
        self.server.comes_up(&self.clock).await
    }
}
