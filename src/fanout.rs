//! The joint: a committed batch becomes frames, and frames go to the hub. What is missing, for
//! whatever reason, is read from the journal.

mod delivery;
mod gaps;

use crate::clock::Clock;
use crate::domain::AgencyId;
use crate::hub::{
    Board, Delivery, Frame, Hub, Joined, Member, Position, Published, SnapshotReason,
};
use crate::journal::Recorded;
use crate::store::{Store, StoreError};
use crate::telemetry::{HeadPoll, Metrics};
use crate::view;
use bytes::Bytes;
use dashmap::DashMap;
use delivery::delivery_of;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// How long a gap may close by itself before the journal is read.
const GAP_PATIENCE: Duration = Duration::from_millis(25);
/// How often the heads of watched agencies are compared with what went out here.
const HEAD_POLL: Duration = Duration::from_secs(2);
/// Every so many polls, channels that nobody watches are swept out: five minutes.
const POLLS_PER_SWEEP: u32 = 150;
/// Events per read of the journal.
pub const PAGE: i64 = 500;
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
    loading: Arc<DashMap<AgencyId, Arc<Mutex<()>>>>,
    filling: Arc<DashMap<AgencyId, ()>>,
    readers: Arc<Semaphore>,
    /// Told which sockets had no room.
    slow: Arc<dyn Fn(&Member) + Send + Sync>,
    /// Told which sockets must start again, since their agency's numbering did.
    renewed: Arc<dyn Fn(&Member) + Send + Sync>,
}

/// Why a client could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The agency is gone.
    #[error("there is no such agency")]
    NoAgency,
    /// This person, or the agency, has too many sockets.
    #[error("too many sockets")]
    TooMany,
}

/// How a client joined.
#[derive(Debug)]
pub enum Welcome {
    /// With the whole board.
    Snapshot {
        /// Why not resumed.
        reason: SnapshotReason,
        /// The life of the numbering.
        epoch: String,
        /// The last event in the board.
        seq: i64,
        /// Its calls, oldest first, as JSON.
        rows: Vec<Bytes>,
    },
    /// Where it stopped, with what it missed.
    Resumed {
        /// The life of the numbering.
        epoch: String,
        /// The last event in `frames`.
        seq: i64,
        /// What was missed.
        frames: Vec<Bytes>,
    },
    /// Where it stopped, but what it missed must be read from the journal: it becomes a member by
    /// [`Fanout::catch_up`].
    CatchUp {
        /// The life of the numbering.
        epoch: String,
        /// The last event at this moment.
        seq: i64,
        /// The first page of what was missed.
        page: Vec<(i64, Bytes)>,
    },
}

impl Fanout {
    /// A fanout to `hub`. `runtime` is the main one; `slow` and `renewed` close sockets, which the
    /// hub does not know how to do.
    #[must_use]
    pub fn new(
        hub: Hub,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        runtime: Handle,
        slow: impl Fn(&Member) + Send + Sync + 'static,
        renewed: impl Fn(&Member) + Send + Sync + 'static,
    ) -> Self {
        Self {
            hub,
            store,
            clock,
            metrics,
            runtime,
            loading: Arc::new(DashMap::new()),
            filling: Arc::new(DashMap::new()),
            readers: Arc::new(Semaphore::new(READERS)),
            slow: Arc::new(slow),
            renewed: Arc::new(renewed),
        }
    }

    /// Passes on what the journal hands out, until it is closed.
    pub async fn run(self, recorded: Arc<Mutex<mpsc::Receiver<Recorded>>>) {
        let mut recorded = recorded.lock().await;
        while let Some(recorded) = recorded.recv().await {
            match recorded {
                Recorded::Events(events) => {
                    for (agency, event) in &events {
                        self.deliver(*agency, delivery_of(event));
                    }
                }
                Recorded::InDoubt(agencies) => {
                    for agency in agencies {
                        self.fill_soon(agency, Duration::ZERO);
                    }
                }
            }
        }
    }

    /// Compares heads every two seconds until `stop`: this is how events of other nodes are heard,
    /// and how one that was committed but never published is found.
    pub async fn poll_heads(self, stop: CancellationToken) {
        let mut polls: u32 = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(HEAD_POLL) => {}
            }
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_PER_SWEEP) {
                self.hub.sweep();
            }
            // Looked at before the heads are read: what goes out meanwhile is no sign of anything.
            let known: HashMap<AgencyId, (String, i64)> = self
                .hub
                .agencies()
                .into_iter()
                .filter_map(|agency| Some((agency, self.hub.seq(agency)?)))
                .collect();
            if known.is_empty() {
                continue;
            }
            match self.store.heads(known.keys().copied().collect()).await {
                Ok(heads) => {
                    for (agency, head) in heads {
                        if let Some((epoch, seq)) = known.get(&agency) {
                            let renewed = *epoch != head.epoch || head.last_seq < *seq;
                            self.compare(agency, renewed, head.last_seq);
                        }
                    }
                }
                Err(error) => {
                    self.metrics.head_polled(HeadPoll::Failed);
                    tracing::warn!("Heads not read: {error}");
                }
            }
        }
    }

    fn compare(&self, agency: AgencyId, renewed: bool, last_seq: i64) {
        let Some((_, seq)) = self.hub.seq(agency) else {
            return;
        };
        if renewed {
            // Renewed, or an older database in its place: what went out is no longer the truth.
            tracing::warn!("Numbering of agency {agency} was renewed; its boards start anew");
            for member in self.hub.reset(agency) {
                (self.renewed)(&member);
            }
        } else if last_seq > seq {
            self.metrics.head_polled(HeadPoll::Behind);
            self.fill_soon(agency, Duration::ZERO);
        } else {
            self.metrics.head_polled(HeadPoll::Level);
        }
    }

    fn deliver(&self, agency: AgencyId, delivery: Delivery) {
        let (published, slow) = self.hub.publish(agency, delivery);
        for member in &slow {
            (self.slow)(member);
        }
        match published {
            Published::Out | Published::Ignored => {}
            Published::Gap => self.fill_soon(agency, GAP_PATIENCE),
        }
    }

    /// Joins a client to its agency's channel.
    ///
    /// # Errors
    /// When it may not, or the database is needed and away.
    pub async fn join(
        &self,
        agency: AgencyId,
        member: &Member,
        position: Option<&Position>,
    ) -> Result<Welcome, JoinError> {
        let mut looked_ahead = false;
        loop {
            match self.hub.join(agency, member, position) {
                Joined::NotLoaded => self.load(agency).await?,
                Joined::TooMany => return Err(JoinError::TooMany),
                Joined::Ahead if looked_ahead => {
                    let joined = self.hub.join_fresh(agency, member, SnapshotReason::Ahead);
                    if let Some(welcome) = welcome(joined) {
                        return Ok(welcome);
                    }
                }
                Joined::Ahead => {
                    // Another node may have numbered events that have not been heard of here.
                    looked_ahead = true;
                    self.fill(agency).await?;
                }
                Joined::Behind { epoch, seq } => {
                    let from = position.map_or(0, |position| position.seq);
                    let page = self.page(agency, from).await?;
                    if page.first().is_some_and(|(first, _)| *first == from + 1) {
                        return Ok(Welcome::CatchUp { epoch, seq, page });
                    }
                    let joined = self.hub.join_fresh(agency, member, SnapshotReason::TooOld);
                    if let Some(welcome) = welcome(joined) {
                        return Ok(welcome);
                    }
                }
                joined => {
                    if let Some(welcome) = welcome(joined) {
                        return Ok(welcome);
                    }
                }
            }
        }
    }

    /// Tells a client, page by page, what it missed after `told`, beginning with `page`, and makes
    /// it a member as soon as the ring covers the rest. Waits for the client, not the other way
    /// round. False when its socket ended meanwhile.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn catch_up(
        self,
        agency: AgencyId,
        member: Member,
        mut page: Vec<(i64, Bytes)>,
        mut told: Position,
    ) -> Result<bool, StoreError> {
        loop {
            for (number, frame) in page {
                if number != told.seq + 1 {
                    // Retention overtook this client; by its position it will get a snapshot.
                    return Ok(false);
                }
                member.outbox.has_room().await;
                if member.outbox.push_event(frame, number, None).is_err() {
                    return Ok(false);
                }
                told.seq = number;
            }
            if self.hub.join_after(agency, &member, &told) {
                return Ok(true);
            }
            if member.outbox.is_ended() {
                return Ok(false);
            }
            page = self.page(agency, told.seq).await?;
            if page.is_empty() {
                // The channel was reset or is ahead of a journal that has lost events.
                return Ok(false);
            }
        }
    }

    async fn page(&self, agency: AgencyId, seq: i64) -> Result<Vec<(i64, Bytes)>, StoreError> {
        let _turn = self
            .readers
            .acquire()
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let page = self.store.events_since(agency, seq, PAGE).await?;
        Ok(page
            .into_iter()
            .map(|(seq, event)| (seq, Frame::text(&event)))
            .collect())
    }

    /// Loads a board, once however many clients wait for it.
    async fn load(&self, agency: AgencyId) -> Result<(), JoinError> {
        let turn = Arc::clone(&self.loading.entry(agency).or_default());
        let _turn = turn.lock().await;
        if self.hub.seq(agency).is_some() {
            return Ok(());
        }
        let board = self.store.board(agency).await?;
        let (head, calls) = board.ok_or(JoinError::NoAgency)?;
        let rows = calls
            .iter()
            .map(|call| {
                let row = view::call_json(call)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                Ok((call.created_at, call.id, Bytes::from(row)))
            })
            .collect::<Result<_, StoreError>>()?;
        let board = Board {
            epoch: head.epoch,
            seq: head.last_seq,
            rows,
        };
        if self.hub.load(agency, board) {
            self.fill_soon(agency, GAP_PATIENCE);
        }
        self.loading.remove(&agency);
        Ok(())
    }
}

fn welcome(joined: Joined) -> Option<Welcome> {
    match joined {
        Joined::Snapshot {
            reason,
            epoch,
            seq,
            rows,
        } => Some(Welcome::Snapshot {
            reason,
            epoch,
            seq,
            rows,
        }),
        Joined::Resumed { epoch, seq, frames } => Some(Welcome::Resumed { epoch, seq, frames }),
        _ => None,
    }
}
