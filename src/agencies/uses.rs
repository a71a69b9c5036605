//! When keys were used last: noted in memory, and written down once a minute.

use crate::clock::Clock;
use crate::domain::{KeyId, Timestamp};
use crate::store::Store;
use dashmap::DashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what was noted is written down.
const PAUSE: Duration = Duration::from_secs(60);

/// The uses of keys that are not written down yet; one entry for each key at most.
pub(super) struct Uses {
    clock: Clock,
    noted: DashMap<KeyId, Timestamp>,
}

impl Uses {
    pub(super) fn new(clock: Clock) -> Self {
        let noted = DashMap::new();
        Self { clock, noted }
    }

    /// The key is used now.
    pub(super) fn note(&self, key: KeyId) {
        self.noted.insert(key, self.clock.now());
    }

    /// Writes down what is noted, until `stop`, and then once more.
    pub(super) async fn write_down(&self, store: &Store, stop: CancellationToken) {
        while stop
            .run_until_cancelled(self.clock.sleep(PAUSE))
            .await
            .is_some()
        {
            self.write_down_once(store).await;
        }
        self.write_down_once(store).await;
    }

    async fn write_down_once(&self, store: &Store) {
        let noted: Vec<(KeyId, Timestamp)> = self
            .noted
            .iter()
            .map(|use_| (*use_.key(), *use_.value()))
            .collect();
        if noted.is_empty() {
            return;
        }
        match store.keys_used(noted.clone()).await {
            // One that was used again meanwhile stays noted.
            Ok(()) => {
                for (key, at) in noted {
                    self.noted.remove_if(&key, |_, later| *later == at);
                }
            }
            Err(error) => tracing::warn!("When keys were used is written down later: {error}"),
        }
    }
}
