//! Boards that are kept warm: an agency that is watched on any node has its board, its ring and its people
//! on every node that hears the relay. So the sockets of a node that dies come back to the others without
//! a query. Without a relay the first socket of an agency has its board loaded, as ever.

use super::Fanout;
use super::joining::JoinError;
use crate::domain::AgencyId;
use crate::relay::State;
use crate::store::StoreError;
use crate::telemetry::Warmed;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often a node tells of which agencies it has sockets. Boards of which nobody tells go with the sweep.
const TELL: Duration = Duration::from_secs(10);
/// How soon it tells a node that is new, and others that are new as well.
const SOON: Duration = Duration::from_millis(100);
/// Most boards of a node with those that it keeps for others. Beyond, none is loaded before its socket comes.
const MOST: usize = 4_096;
/// Agencies whose people are read by one query.
const AT_ONCE: usize = 50;
/// The pause after each board: a node that is new does not hold up those that wait for the database.
const PAUSE: Duration = Duration::from_millis(10);

/// Agencies that other nodes watch and for which this one is not ready.
#[derive(Default)]
pub(super) struct Cold {
    agencies: Mutex<BTreeSet<AgencyId>>,
    filled: Notify,
    /// It was said that there is no more room.
    full: AtomicBool,
}

impl Cold {
    fn put(&self, agencies: impl Iterator<Item = AgencyId>) {
        let mut waiting = self.agencies();
        for agency in agencies {
            if waiting.len() < MOST {
                waiting.insert(agency);
            }
        }
        if !waiting.is_empty() {
            self.filled.notify_one();
        }
    }

    /// Waits for some.
    async fn some(&self) -> Vec<AgencyId> {
        loop {
            let some: Vec<AgencyId> = {
                let mut waiting = self.agencies();
                let first = std::iter::from_fn(|| waiting.pop_first());
                first.take(AT_ONCE).collect()
            };
            if !some.is_empty() {
                return some;
            }
            self.filled.notified().await;
        }
    }

    fn clear(&self) {
        self.agencies().clear();
    }

    fn agencies(&self) -> MutexGuard<'_, BTreeSet<AgencyId>> {
        let agencies = self.agencies.lock();
        agencies.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fanout {
    /// Tells the other nodes what is watched here, and gets ready for what is watched there, one agency
    /// after the other, until `stop`.
    pub async fn keep_warm(self, stop: CancellationToken) {
        let mut tell_at = self.clock.tick();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.until(tell_at) => {
                    tell_at = self.clock.tick().plus(TELL);
                    self.tell_of_watched();
                }
                () = self.relay.newcomer() => tell_at = tell_at.min(self.clock.tick().plus(SOON)),
                agencies = self.cold.some() => {
                    let _ = stop.run_until_cancelled(self.warm_up(agencies)).await;
                }
            }
        }
    }

    /// Only what sockets watch: two nodes that told what they keep for each other would keep it for ever.
    fn tell_of_watched(&self) {
        if self.relay.state() != State::Off {
            self.relay.tell_of_watched(self.hub.watched());
        }
        self.directory
            .forgets_agencies(|agency| !self.hub.knows(agency));
        self.metrics.boards_are_warm(self.hub.unwatched());
    }

    /// Sockets of these agencies may come here.
    pub(super) fn is_watched_elsewhere(&self, agencies: Vec<AgencyId>) {
        let cold = agencies.into_iter().filter(|agency| {
            let loaded = self.hub.keep(*agency);
            !loaded || !self.directory.has_met(*agency)
        });
        self.cold.put(cold);
    }

    /// What fails, or has no room, is told again in ten seconds.
    async fn warm_up(&self, mut agencies: Vec<AgencyId>) {
        agencies.retain(|agency| self.has_room_for(*agency));
        if let Err(error) = self.directory.meet(&agencies).await {
            return self.stays_cold(&error);
        }
        for agency in agencies {
            if self.hub.seq(agency).is_some() {
                continue;
            }
            match self.load(agency).await {
                Ok(()) => self.metrics.board_warmed(Warmed::Loaded),
                Err(JoinError::NoAgency | JoinError::TooMany) => {}
                Err(JoinError::Store(error @ StoreError::Unavailable(_))) => {
                    return self.stays_cold(&error);
                }
                // Of this agency alone; the others are not to wait for it.
                Err(JoinError::Store(error)) => self.fails(&error),
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// Whether that agency is one, and its board is here or may be.
    fn has_room_for(&self, agency: AgencyId) -> bool {
        if self.directory.agency(agency).is_none() {
            return false;
        }
        let full = !self.hub.knows(agency) && self.hub.size() >= MOST;
        if full {
            self.metrics.board_warmed(Warmed::Full);
        }
        if !self.cold.full.swap(full, Ordering::Relaxed) && full {
            tracing::warn!(
                "{MOST} boards are here: no more are kept ready for the sockets of other nodes"
            );
        }
        !full
    }

    fn stays_cold(&self, error: &StoreError) {
        self.cold.clear();
        self.fails(error);
    }

    fn fails(&self, error: &StoreError) {
        self.metrics.board_warmed(Warmed::Failed);
        tracing::warn!("Boards that other nodes watch are not loaded: {error}");
    }
}

#[cfg(test)]
mod tests;
