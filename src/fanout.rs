//! The joint: a committed batch becomes frames, and frames go to the hub, and after that to the other
//! nodes. What is missing, for whatever reason, is read from the journal.

mod delivery;
mod flow;
mod gaps;
mod heads;
mod joining;
mod told;
mod warmth;

pub(crate) use joining::{CaughtUp, JoinError};

use crate::agencies::Directory;
use crate::clock::Clock;
use crate::domain::AgencyId;
use crate::hub::Hub;
use crate::relay::Relay;
use crate::store::Store;
use crate::telemetry::Metrics;
use dashmap::DashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Semaphore};
use warmth::Cold;

/// Events per read of the journal.
const PAGE: i64 = 500;
/// How many clients may read the journal at once; the others wait their turn.
const READERS: usize = 8;

/// Brings committed events to the hub, and clients to their agency's channel.
#[derive(Clone)]
pub struct Fanout {
    hub: Hub,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    runtime: Handle,
    relay: Relay,
    directory: Directory,
    cold: Arc<Cold>,
    loading: Arc<DashMap<AgencyId, Arc<Mutex<()>>>>,
    filling: Arc<DashMap<AgencyId, ()>>,
    readers: Arc<Semaphore>,
}

impl Fanout {
    /// A fanout to `hub`. `runtime` is the main one.
    #[must_use]
    pub fn new(
        hub: Hub,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        runtime: Handle,
        relay: Relay,
        directory: Directory,
    ) -> Self {
        Self {
            hub,
            store,
            clock,
            metrics,
            runtime,
            relay,
            directory,
            cold: Arc::default(),
            loading: Arc::new(DashMap::new()),
            filling: Arc::new(DashMap::new()),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }
}
