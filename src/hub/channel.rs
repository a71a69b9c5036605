//! One agency's live state on this node: its board, its recent frames, its sockets.

use super::delivery::{Change, Delivery, RowKey};
use super::members::{Caps, Member, Members};
use super::per_audience::{PerAudience, Readable};
use crate::domain::{Audience, Subject, UserId};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// Most frames in a ring.
const RING_FRAMES: usize = 1024;
/// Most bytes in a ring.
const RING_BYTES: usize = 512 * 1024;
/// Most events that wait for one with a lower number. Beyond, they are dropped here and read from
/// the journal instead.
const PARKED: usize = 1024;

/// An agency's board, as loaded from the database at one moment.
#[derive(Debug)]
pub struct Board {
    /// The life of the numbering.
    pub epoch: String,
    /// The number of the last event that is in it.
    pub seq: i64,
    pub rows: Vec<(RowKey, PerAudience)>,
}

/// Where a client stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The life of the numbering that the client knew.
    pub epoch: String,
    /// The last event that it saw.
    pub seq: i64,
}

/// Why a client gets a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotReason {
    /// It brought no position.
    Fresh,
    /// Its position is of another life of the numbering.
    EpochChanged,
    /// Its position is older than what is kept.
    TooOld,
    /// Its position is of the future.
    Ahead,
}

/// Where a published event went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// Out, perhaps with others that had waited for it.
    Out,
    /// Nowhere: it was out already, or nobody watches this agency here.
    Nowhere,
    /// It waits: events before it are missing.
    Waits,
    /// Nowhere: it belongs to another life of the numbering than the board.
    OfAnotherLife,
}

/// How a socket joined.
#[derive(Debug)]
pub enum Joined {
    /// With the whole board.
    Snapshot {
        /// Why not resumed.
        reason: SnapshotReason,
        /// The life of the numbering.
        epoch: String,
        /// The last event in the board.
        seq: i64,
        /// Its calls, oldest first.
        calls: Readable,
        /// Those who may take one.
        agents: Readable,
    },
    /// Where the client stopped.
    Resumed {
        /// The life of the numbering.
        epoch: String,
        /// The last event in `frames`.
        seq: i64,
        /// What was missed.
        frames: Readable,
    },
}

/// Why a socket did not join.
#[derive(Debug)]
pub enum NotJoined {
    /// The board must be loaded first.
    NotLoaded,
    /// The journal must be read first, from the client's position up to `seq`.
    Behind {
        /// The life of the numbering.
        epoch: String,
        /// The last event here.
        seq: i64,
    },
    /// The client knows events that this node has not heard of, if they are real.
    Ahead,
    /// This person, or this agency, has too many sockets.
    TooMany,
}

/// Why a socket that is being caught up is no member yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCaughtUp {
    /// The board must be loaded first.
    NotLoaded,
    /// The numbering is another than the one that the socket is being told of.
    OfAnotherLife,
    /// More must be told first, out of the journal.
    Behind,
    /// It has been told of events that have not gone out here yet.
    Ahead,
    /// Its outbox has no room for the rest.
    Full,
    /// This person, or this agency, has too many sockets.
    TooMany,
}

/// A frame in the ring.
struct Kept {
    seq: i64,
    frame: Arc<PerAudience>,
    /// What it counted for when it was put there.
    bytes: usize,
}

#[derive(Default)]
pub(super) struct Channel {
    epoch: Option<String>,
    seq: i64,
    rows: BTreeMap<RowKey, Arc<PerAudience>>,
    /// Where the row of each subject is.
    places: HashMap<Subject, RowKey>,
    ring: VecDeque<Kept>,
    ring_bytes: usize,
    parked: BTreeMap<i64, Delivery>,
    members: Members,
    /// Nobody was here at the last sweep, nor has kept it since.
    pub(super) idle: bool,
}

impl Channel {
    pub(super) fn seq(&self) -> Option<(String, i64)> {
        self.epoch.clone().map(|epoch| (epoch, self.seq))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A board that no socket here watches.
    pub(super) fn is_unwatched(&self) -> bool {
        self.epoch.is_some() && self.members.is_empty()
    }

    /// Not idle, by the word of another node. False when there is no board.
    pub(super) fn is_kept(&mut self) -> bool {
        self.idle = false;
        self.epoch.is_some()
    }

    pub(super) fn ring_bytes(&self) -> usize {
        self.ring_bytes
    }

    pub(super) fn members(&self) -> Vec<Member> {
        self.members.all()
    }

    /// The people who have sockets here.
    pub(super) fn people(&self) -> impl Iterator<Item = UserId> {
        self.members.people()
    }

    pub(super) fn leave(&mut self, socket: Uuid) {
        self.members.remove(socket);
    }

    /// Takes in the board, then what was published while it was being loaded. True when something
    /// before that is still missing.
    pub(super) fn load(&mut self, board: Board) -> bool {
        if self.epoch.is_some() {
            return false;
        }
        self.parked
            .retain(|_, delivery| delivery.epoch == board.epoch);
        self.epoch = Some(board.epoch);
        self.seq = board.seq;
        for (place, row) in board.rows {
            self.put_row(place, Arc::new(row));
        }
        self.advance();
        !self.parked.is_empty()
    }

    /// Takes in an event. Returns how it went and the sockets that had no room for it.
    pub(super) fn publish(&mut self, delivery: Delivery) -> (Went, Vec<Member>) {
        if self.epoch.is_some() && delivery.seq <= self.seq {
            return (Went::Nowhere, Vec::new());
        }
        if self
            .epoch
            .as_ref()
            .is_some_and(|epoch| *epoch != delivery.epoch)
        {
            return (Went::OfAnotherLife, Vec::new());
        }
        if self.parked.len() < PARKED {
            self.parked.insert(delivery.seq, delivery);
        }
        if self.epoch.is_none() {
            return (Went::Out, Vec::new());
        }
        let before = self.seq;
        let slow = self.advance();
        // What is still parked waits for a lower number, whether or not something went out.
        let went = if !self.parked.is_empty() || before == self.seq {
            Went::Waits
        } else {
            Went::Out
        };
        (went, slow)
    }

    /// Sends out everything that is next in turn.
    fn advance(&mut self) -> Vec<Member> {
        let mut slow = Vec::new();
        self.parked = self.parked.split_off(&(self.seq + 1));
        while let Some(delivery) = self.parked.remove(&(self.seq + 1)) {
            self.seq = delivery.seq;
            slow.extend(self.members.tell(|member| {
                let frame = delivery.frame.to(member.audience).clone();
                let at = Some(delivery.recorded_at);
                member.outbox.push_event(frame, delivery.seq, at).is_ok()
            }));
            self.change(delivery.change);
            self.remember(delivery.seq, delivery.frame);
        }
        slow
    }

    fn rows_that(&self, are: fn(&RowKey) -> bool, audience: Audience) -> Readable {
        let rows = self.rows.iter().filter(|(place, _)| are(place));
        Readable::by(audience, rows.map(|(_, row)| Arc::clone(row)))
    }

    fn put_row(&mut self, place: RowKey, row: Arc<PerAudience>) {
        let former = self.places.insert(place.subject(), place);
        if let Some(former) = former.filter(|former| *former != place) {
            self.rows.remove(&former);
        }
        self.rows.insert(place, row);
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Puts(place, row) => self.put_row(place, row),
            Change::Removes(subject) => {
                if let Some(place) = self.places.remove(&subject) {
                    self.rows.remove(&place);
                }
            }
            Change::Unknown => {}
        }
    }

    fn remember(&mut self, seq: i64, frame: Arc<PerAudience>) {
        let bytes = frame.held();
        self.ring_bytes += bytes;
        self.ring.push_back(Kept { seq, frame, bytes });
        while self.ring.len() > RING_FRAMES || self.ring_bytes > RING_BYTES {
            self.forget_oldest();
        }
    }

    pub(super) fn forget_oldest(&mut self) -> bool {
        let Some(oldest) = self.ring.pop_front() else {
            return false;
        };
        self.ring_bytes -= oldest.bytes;
        true
    }

    /// Joins a socket: one look at one moment decides what it gets and what it hears next.
    pub(super) fn join(
        &mut self,
        member: &Member,
        position: Option<&Position>,
        caps: Caps,
    ) -> Result<Joined, NotJoined> {
        let epoch = self.epoch.clone().ok_or(NotJoined::NotLoaded)?;
        if self.members.is_full_for(member.user, caps) {
            return Err(NotJoined::TooMany);
        }
        let seq = self.seq;
        match position {
            None => self.join_fresh(member, SnapshotReason::Fresh, caps),
            Some(position) if position.epoch != epoch => {
                self.join_fresh(member, SnapshotReason::EpochChanged, caps)
            }
            Some(position) if position.seq > seq => Err(NotJoined::Ahead),
            Some(position) => match self.after(position.seq, member.audience) {
                Some(frames) => {
                    member.outbox.start_at(seq);
                    self.add(member);
                    Ok(Joined::Resumed { epoch, seq, frames })
                }
                None => Err(NotJoined::Behind { epoch, seq }),
            },
        }
    }

    /// Joins a socket with the whole board, whatever its position.
    pub(super) fn join_fresh(
        &mut self,
        member: &Member,
        reason: SnapshotReason,
        caps: Caps,
    ) -> Result<Joined, NotJoined> {
        let epoch = self.epoch.clone().ok_or(NotJoined::NotLoaded)?;
        if self.members.is_full_for(member.user, caps) {
            return Err(NotJoined::TooMany);
        }
        member.outbox.start_at(self.seq);
        self.add(member);
        Ok(Joined::Snapshot {
            reason,
            epoch,
            seq: self.seq,
            calls: self.rows_that(|place| matches!(place, RowKey::Call(..)), member.audience),
            agents: self.rows_that(|place| matches!(place, RowKey::Agent(_)), member.audience),
        })
    }

    /// Joins a socket that has been told everything up to there, if the ring covers the rest and
    /// there is room for it.
    pub(super) fn join_after(
        &mut self,
        member: &Member,
        told: &Position,
        caps: Caps,
    ) -> Result<(), NotCaughtUp> {
        let epoch = self.epoch.as_ref().ok_or(NotCaughtUp::NotLoaded)?;
        if *epoch != told.epoch {
            return Err(NotCaughtUp::OfAnotherLife);
        }
        if self.members.is_full_for(member.user, caps) {
            return Err(NotCaughtUp::TooMany);
        }
        if told.seq > self.seq {
            return Err(NotCaughtUp::Ahead);
        }
        let frames = self.after(told.seq, member.audience);
        let frames = frames.ok_or(NotCaughtUp::Behind)?.bytes().collect();
        // All or none: what is refused here is read from the journal, from `told` on.
        let pushed = member.outbox.push_missed(frames, self.seq);
        pushed.map_err(|_| NotCaughtUp::Full)?;
        self.add(member);
        Ok(())
    }

    fn add(&mut self, member: &Member) {
        self.idle = false;
        self.members.add(member);
    }

    /// The frames after `seq`, if all of them are still here.
    fn after(&self, seq: i64, audience: Audience) -> Option<Readable> {
        let oldest = self.ring.front().map_or(self.seq + 1, |oldest| oldest.seq);
        if seq > self.seq || seq + 1 < oldest {
            return None;
        }
        let newer = self.ring.iter().filter(|kept| kept.seq > seq);
        let newer = newer.map(|kept| Arc::clone(&kept.frame));
        Some(Readable::by(audience, newer))
    }
}

#[cfg(test)]
mod tests;
