//! The hub: every agency's live state on this node, and the way from a committed event to every
//! socket that may hear it.
//!
//! Synchronous throughout. It knows no SQL, no JSON and no time; nothing here waits for a client.

mod bell;
mod channel;
mod delivery;
mod ending;
mod frame;
mod members;
mod outbox;
mod per_audience;

pub use bell::Bell;
pub use channel::{Board, Joined, NotCaughtUp, NotJoined, Position, SnapshotReason, Went};
pub use delivery::{Change, Delivery, RowKey};
pub use ending::{Ending, Endings};
pub use frame::Frame;
pub use members::{Caps, Member};
pub use outbox::Outbox;
pub use per_audience::{PerAudience, Readable};

use crate::domain::{AgencyId, UserId};
use channel::Channel;
use dashmap::DashMap;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Most bytes of all rings of this node together.
const RINGS_BYTES: usize = 256 * 1024 * 1024;

/// Beyond this, channels that nobody here watches have shorter rings.
const UNWATCHED_RINGS_BYTES: usize = RINGS_BYTES / 2;

/// The channels of this node. Clones are the same hub.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    channels: DashMap<AgencyId, Arc<Mutex<Channel>>>,
    rings_bytes: AtomicUsize,
    caps: Caps,
    endings: Endings,
}

impl Hub {
    /// An empty hub with these limits, that ends sockets in these ways.
    #[must_use]
    pub fn new(caps: Caps, endings: Endings) -> Self {
        Self(Arc::new(Inner {
            channels: DashMap::new(),
            rings_bytes: AtomicUsize::new(0),
            caps,
            endings,
        }))
    }

    /// The agencies that someone watches, or lately watched, here.
    #[must_use]
    pub fn agencies(&self) -> Vec<AgencyId> {
        self.0.channels.iter().map(|entry| *entry.key()).collect()
    }

    /// The agencies of which sockets are here.
    #[must_use]
    pub fn watched(&self) -> Vec<AgencyId> {
        let channels = self.channels().into_iter();
        let watched = channels.filter(|(_, channel)| !lock(channel).is_empty());
        watched.map(|(agency, _)| agency).collect()
    }

    /// Whether sockets of that agency are here.
    #[must_use]
    pub fn is_watched(&self, agency: AgencyId) -> bool {
        let channel = self.existing(agency);
        channel.is_some_and(|channel| !lock(&channel).is_empty())
    }

    /// Has a board that is loaded outlive the next sweep, watched or not. False when there is none.
    #[must_use]
    pub fn keep(&self, agency: AgencyId) -> bool {
        let channel = self.existing(agency);
        channel.is_some_and(|channel| lock(&channel).is_kept())
    }

    /// How many boards are loaded that no socket here watches.
    #[must_use]
    pub fn unwatched(&self) -> usize {
        let channels = self.channels().into_iter();
        let unwatched = channels.filter(|(_, channel)| lock(channel).is_unwatched());
        unwatched.count()
    }

    /// How many agencies have a place here.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.channels.len()
    }

    /// Whether someone watches, or lately watched, that agency here.
    #[must_use]
    pub fn knows(&self, agency: AgencyId) -> bool {
        self.0.channels.contains_key(&agency)
    }

    /// The life of the numbering and the last event that went out, of a channel that is loaded.
    #[must_use]
    pub fn seq(&self, agency: AgencyId) -> Option<(String, i64)> {
        let channel = self.existing(agency)?;
        lock(&channel).seq()
    }

    /// Hands a committed event to the agency's channel, and says where it went. Sockets that have no
    /// room for it are ended as slow.
    pub fn publish(&self, agency: AgencyId, delivery: Delivery) -> Went {
        let Some(channel) = self.existing(agency) else {
            return Went::Nowhere;
        };
        let mut channel = lock(&channel);
        let before = channel.ring_bytes();
        let (went, slow) = channel.publish(delivery);
        self.account(before, &mut channel);
        drop(channel);
        for member in slow {
            member.outbox.end(self.0.endings.slow.clone());
        }
        went
    }

    /// Gives a channel its board. True when events that came meanwhile wait for others.
    #[must_use]
    pub fn load(&self, agency: AgencyId, board: Board) -> bool {
        let channel = self.channel(agency);
        let mut channel = lock(&channel);
        let before = channel.ring_bytes();
        let gap = channel.load(board);
        self.account(before, &mut channel);
        gap
    }

    /// Joins a socket to its agency's channel.
    ///
    /// # Errors
    /// When it cannot join yet, or may not.
    pub fn join(
        &self,
        agency: AgencyId,
        member: &Member,
        position: Option<&Position>,
    ) -> Result<Joined, NotJoined> {
        lock(&self.channel(agency)).join(member, position, self.0.caps)
    }

    /// Joins a socket with the whole board, whatever its position.
    ///
    /// # Errors
    /// When the board is not here, or there are too many sockets.
    pub fn join_fresh(
        &self,
        agency: AgencyId,
        member: &Member,
        reason: SnapshotReason,
    ) -> Result<Joined, NotJoined> {
        lock(&self.channel(agency)).join_fresh(member, reason, self.0.caps)
    }

    /// Joins a socket that has been told everything up to there.
    ///
    /// # Errors
    /// When something must be done first, or it may not join.
    pub fn join_after(
        &self,
        agency: AgencyId,
        member: &Member,
        told: &Position,
    ) -> Result<(), NotCaughtUp> {
        lock(&self.channel(agency)).join_after(member, told, self.0.caps)
    }

    /// Takes a socket out.
    pub fn leave(&self, agency: AgencyId, socket: Uuid) {
        if let Some(channel) = self.existing(agency) {
            lock(&channel).leave(socket);
        }
    }

    /// Forgets a channel, whose numbering has changed, and ends its sockets.
    pub fn reset(&self, agency: AgencyId) {
        let Some((_, channel)) = self.0.channels.remove(&agency) else {
            return;
        };
        let channel = lock(&channel);
        let bytes = channel.ring_bytes();
        self.0.rings_bytes.fetch_sub(bytes, Ordering::Relaxed);
        for member in channel.members() {
            member.outbox.end(self.0.endings.renewed.clone());
        }
    }

    /// The people who have sockets here, by agency.
    #[must_use]
    pub fn people(&self) -> HashSet<(AgencyId, UserId)> {
        let mut people = HashSet::new();
        for (agency, channel) in self.channels() {
            people.extend(lock(&channel).people().map(|user| (agency, user)));
        }
        people
    }

    /// Whether that person has a socket here.
    #[must_use]
    pub fn has(&self, agency: AgencyId, user: UserId) -> bool {
        let channel = self.existing(agency);
        channel.is_some_and(|channel| lock(&channel).people().any(|one| one == user))
    }

    /// Every socket of this node.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let channels = self.channels().into_iter();
        channels
            .flat_map(|(_, channel)| lock(&channel).members())
            .collect()
    }

    /// Forgets the channels that nobody has watched since the last sweep.
    pub fn sweep(&self) {
        self.0.channels.retain(|_, channel| {
            let mut channel = lock(channel);
            if !channel.is_empty() {
                return true;
            }
            if std::mem::replace(&mut channel.idle, true) {
                let bytes = channel.ring_bytes();
                self.0.rings_bytes.fetch_sub(bytes, Ordering::Relaxed);
                return false;
            }
            true
        });
    }

    fn channels(&self) -> Vec<(AgencyId, Arc<Mutex<Channel>>)> {
        // Cloned out, as below.
        let channels = self.0.channels.iter();
        channels
            .map(|entry| (*entry.key(), Arc::clone(entry.value())))
            .collect()
    }

    fn existing(&self, agency: AgencyId) -> Option<Arc<Mutex<Channel>>> {
        // Cloned out, so that no shard of the map stays locked while the channel is.
        self.0.channels.get(&agency).map(|entry| Arc::clone(&entry))
    }

    fn channel(&self, agency: AgencyId) -> Arc<Mutex<Channel>> {
        Arc::clone(&self.0.channels.entry(agency).or_default())
    }

    /// Keeps the sum of all rings; when it is above the limit, this channel gives up half of its
    /// own, and resumes from before that read the journal. The limit is nearer for a channel that
    /// nobody here watches.
    fn account(&self, before: usize, channel: &mut Channel) {
        let after = channel.ring_bytes();
        let total = &self.0.rings_bytes;
        total.fetch_add(after, Ordering::Relaxed);
        total.fetch_sub(before, Ordering::Relaxed);
        let most = if channel.is_empty() {
            UNWATCHED_RINGS_BYTES
        } else {
            RINGS_BYTES
        };
        if total.load(Ordering::Relaxed) > most {
            while channel.ring_bytes() > after / 2 && channel.forget_oldest() {}
            total.fetch_sub(after - channel.ring_bytes(), Ordering::Relaxed);
        }
    }
}

fn lock(channel: &Arc<Mutex<Channel>>) -> MutexGuard<'_, Channel> {
    channel.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
