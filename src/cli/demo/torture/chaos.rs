//! Killing servers again and again, one after the other.

use crate::cli::demo::DemoError;
use crate::cli::demo::server::Server;
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

/// Kills one of the servers every few seconds and starts it again.
pub(super) struct Chaos<'a> {
    servers: &'a mut [Server],
    dice: Dice,
    clock: Clock,
    kills: Kills,
}

impl<'a> Chaos<'a> {
    /// The dice decide the moments.
    pub(super) fn new(servers: &'a mut [Server], dice: Dice, clock: Clock) -> Self {
        Self {
            servers,
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
        let count = u64::try_from(self.servers.len()).unwrap_or(1);
        loop {
            let place = usize::try_from(self.dice.below(count)).unwrap_or(0);
            let Some(server) = self.servers.get_mut(place) else {
                continue;
            };
            let (shortest, longest) = if self.dice.percent(WHILE_STARTING) {
                (0, 400)
            } else {
                server.comes_up(&self.clock).await?;
                (1_000, 5_000)
            };
            let (shortest, longest) = (
                Duration::from_millis(shortest),
                Duration::from_millis(longest),
            );
            self.clock.sleep(self.dice.between(shortest, longest)).await;
            server.kill().await?;
            self.kills.0.fetch_add(1, Ordering::Relaxed);
            server.start()?;
        }
    }

    /// Leaves the servers running.
    pub(super) async fn ends(self) -> Result<(), DemoError> {
        for server in self.servers.iter_mut() {
            if !server.is_started() {
                server.start()?;
            }
        }
        for server in self.servers.iter_mut() {
            server.comes_up(&self.clock).await?;
        }
        Ok(())
    }
}
