//! What waits to be told to the other nodes: bounded, and nobody waits for it.

use crate::domain::AgencyId;
use crate::view::Published;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// Most bytes that wait. Beyond, the oldest are dropped, and a number with them.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of events in one message, and the longest event that goes whole.
const PARCEL_BYTES: usize = 64 * 1024;
/// What an event takes beside its text.
const AROUND: usize = 256;
/// Most heads and doubts in one message: PostgreSQL's notices hold less than 8,000 bytes.
const PARCEL_HEADS: usize = 48;
/// The same of doubts.
const PARCEL_DOUBTS: usize = 32;
/// Most bytes of ids in one message, and what a head and an id take of them: watched agencies go where
/// heads and doubts leave room.
const PARCEL_IDS: usize = 7_500;
const HEAD_BYTES: usize = 100;
const ID_BYTES: usize = 40;
/// Most heads that wait.
const MOST_HEADS: usize = 16 * 1024;

/// Where an agency's numbering stands: the agency, the life of the numbering, the number.
pub(super) type HeadTold = (Uuid, String, i64);

/// What waits.
pub(super) struct Outgoing {
    /// Whether events go whole, or only where their numbering stands.
    whole: bool,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
struct Queue {
    /// Whether somebody takes it.
    open: bool,
    /// Something was dropped since the last parcel.
    lost: bool,
    events: VecDeque<Published>,
    bytes: usize,
    heads: BTreeMap<AgencyId, (String, i64)>,
    doubt: BTreeSet<AgencyId>,
    watched: BTreeSet<AgencyId>,
    due: bool,
}

/// What goes in one message.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) events: Vec<Published>,
    pub(super) heads: Vec<HeadTold>,
    pub(super) doubt: Vec<Uuid>,
    pub(super) watched: Vec<Uuid>,
    pub(super) due: bool,
    /// Something before it was dropped.
    pub(super) lost: bool,
}

impl Parcel {
    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.heads.is_empty()
            && self.doubt.is_empty()
            && self.watched.is_empty()
            && !self.due
            && !self.lost
    }
}

impl Outgoing {
    /// Nothing yet. `whole`: events go whole.
    pub(super) fn new(whole: bool) -> Self {
        Self {
            whole,
            queue: Mutex::default(),
            filled: Notify::new(),
        }
    }

    /// Puts events there and says how many were dropped, these or older ones.
    pub(super) fn put(&self, events: Vec<Published>) -> usize {
        let mut queue = self.queue();
        if !queue.open {
            queue.lost |= !events.is_empty();
            return events.len();
        }
        let dropped = events
            .into_iter()
            .map(|event| queue.put(event, self.whole))
            .sum();
        drop(queue);
        self.filled.notify_one();
        dropped
    }

    /// Agencies whose journals may hold more than was told.
    pub(super) fn doubt(&self, agencies: Vec<AgencyId>) {
        let mut queue = self.queue();
        if queue.open {
            queue.doubt.extend(agencies);
            self.filled.notify_one();
        } else {
            queue.lost = true;
        }
    }

    /// The agencies of which sockets are here, all of them. Of those told before, what still waits is
    /// no news any more.
    pub(super) fn watched(&self, agencies: Vec<AgencyId>) {
        let mut queue = self.queue();
        if queue.open {
            queue.watched = agencies.into_iter().take(MOST_HEADS).collect();
            self.filled.notify_one();
        }
    }

    /// Something is owed to the carrier now.
    pub(super) fn due(&self) {
        let mut queue = self.queue();
        if queue.open {
            queue.due = true;
            self.filled.notify_one();
        }
    }

    /// From now on it is taken.
    pub(super) fn open(&self) {
        self.queue().open = true;
    }

    /// From now on nobody takes it. Says how many events that concerns.
    pub(super) fn close(&self) -> usize {
        let mut queue = self.queue();
        let dropped = queue.events.len();
        let lost = queue.lost || dropped > 0 || !queue.heads.is_empty() || !queue.doubt.is_empty();
        *queue = Queue {
            lost,
            ..Queue::default()
        };
        dropped
    }

    /// Resolves when something was put there since the last time.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Whether there is nothing to take.
    pub(super) fn is_empty(&self) -> bool {
        let queue = self.queue();
        !queue.has_more() && !queue.due
    }

    /// As much as goes in one message.
    pub(super) fn take(&self) -> Parcel {
        let mut queue = self.queue();
        let mut parcel = Parcel {
            events: queue.take_events(),
            heads: queue.take_heads(),
            doubt: queue.take_doubt(),
            watched: Vec::new(),
            due: std::mem::take(&mut queue.due),
            lost: std::mem::take(&mut queue.lost),
        };
        let taken = parcel.heads.len() * HEAD_BYTES + parcel.doubt.len() * ID_BYTES;
        let room = PARCEL_IDS.saturating_sub(taken) / ID_BYTES;
        parcel.watched = take_first(&mut queue.watched, room);
        let more = queue.has_more();
        drop(queue);
        if more {
            self.filled.notify_one();
        }
        parcel
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn put(&mut self, event: Published, whole: bool) -> usize {
        let size = size_of(&event);
        if !whole || size > PARCEL_BYTES {
            if self.heads.len() >= MOST_HEADS && !self.heads.contains_key(&event.agency) {
                self.lost = true;
                return 1;
            }
            self.heads.insert(event.agency, (event.epoch, event.seq));
            return 0;
        }
        self.bytes += size;
        self.events.push_back(event);
        let mut dropped = 0;
        while self.bytes > MOST_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(size_of(&oldest));
            self.lost = true;
            dropped += 1;
        }
        dropped
    }

    fn take_events(&mut self) -> Vec<Published> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(event) = self.events.front() {
            bytes += size_of(event);
            if bytes > PARCEL_BYTES {
                break;
            }
            taken.extend(self.events.pop_front());
        }
        let bytes: usize = taken.iter().map(size_of).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        taken
    }

    fn take_heads(&mut self) -> Vec<HeadTold> {
        let mut taken = Vec::new();
        while taken.len() < PARCEL_HEADS {
            let Some((agency, (epoch, seq))) = self.heads.pop_first() else {
                break;
            };
            taken.push((agency.0, epoch, seq));
        }
        taken
    }

    fn take_doubt(&mut self) -> Vec<Uuid> {
        take_first(&mut self.doubt, PARCEL_DOUBTS)
    }

    fn has_more(&self) -> bool {
        !self.events.is_empty()
            || !self.heads.is_empty()
            || !self.doubt.is_empty()
            || !self.watched.is_empty()
    }
}

fn take_first(agencies: &mut BTreeSet<AgencyId>, most: usize) -> Vec<Uuid> {
    let first = std::iter::from_fn(|| agencies.pop_first());
    first.take(most).map(|agency| agency.0).collect()
}

fn size_of(event: &Published) -> usize {
    event.unmasked().len() + AROUND
}

#[cfg(test)]
mod tests {
    use super::super::letter::Letter;
    use super::super::seal::Seal;
    use super::{MOST_BYTES, MOST_HEADS, Outgoing, PARCEL_BYTES, PARCEL_DOUBTS, PARCEL_HEADS};
    use crate::domain::{AgencyId, Timestamp};
    use crate::view::Published;
    use futures_util::FutureExt;
    use uuid::Uuid;

    fn event(agency: u128, seq: i64, bytes: usize) -> Published {
        let agency = AgencyId(Uuid::from_u128(agency));
        let text = format!("\"{}\"", "x".repeat(bytes));
        Published::stored(agency, ("e".into(), seq), Timestamp::default(), None, text)
    }

    fn opened(whole: bool) -> Outgoing {
        let outgoing = Outgoing::new(whole);
        outgoing.open();
        outgoing
    }

    #[test]
    fn small_events_go_whole_in_order_and_as_many_as_fit() {
        let outgoing = opened(true);
        let events = (1..=100).map(|seq| event(1, seq, 1024)).collect();
        assert_eq!(outgoing.put(events), 0);
        let (mut told, mut parcels) = (Vec::new(), 0);
        while !outgoing.is_empty() {
            let parcel = outgoing.take();
            assert!(!parcel.lost && parcel.heads.is_empty());
            let bytes: usize = parcel.events.iter().map(super::size_of).sum();
            assert!(bytes <= PARCEL_BYTES);
            told.extend(parcel.events.iter().map(|event| event.seq));
            parcels += 1;
        }
        assert_eq!(told, (1..=100).collect::<Vec<_>>());
        assert_eq!(parcels, 2);
    }

    #[test]
    fn a_long_event_is_told_by_its_number() {
        let outgoing = opened(true);
        outgoing.put(vec![event(1, 1, 100), event(1, 2, PARCEL_BYTES)]);
        let parcel = outgoing.take();
        assert_eq!((parcel.events.len(), parcel.heads.len()), (1, 1));
        assert_eq!(parcel.heads[0].2, 2);
    }

    #[test]
    fn heads_alone_are_the_latest_of_each_agency() {
        let outgoing = opened(false);
        for seq in 1..=1000 {
            outgoing.put((0..100).map(|agency| event(agency, seq, 9)).collect());
        }
        let first = outgoing.take();
        assert_eq!(first.heads.len(), PARCEL_HEADS);
        assert!(first.heads.iter().all(|(_, _, seq)| *seq == 1000));
        let rest = outgoing.take().heads.len() + outgoing.take().heads.len();
        assert_eq!(first.heads.len() + rest, 100);
        assert!(outgoing.take().is_empty());
    }

    #[test]
    fn watched_agencies_go_where_a_notice_has_room_and_never_beyond_it() {
        let outgoing = opened(false);
        let agency = |number: u128| AgencyId(Uuid::from_u128(u128::MAX - number));
        outgoing.put((0..48).map(|number| event(number, i64::MAX, 9)).collect());
        outgoing.doubt((0..32).map(agency).collect());
        outgoing.watched((0..1000).map(agency).collect());
        let (mut told, mut parcels) = (0, 0);
        while !outgoing.is_empty() {
            let mut parcel = outgoing.take();
            for (_, epoch, _) in &mut parcel.heads {
                *epoch = Uuid::max().to_string();
            }
            told += parcel.watched.len();
            parcels += 1;
            let letter = Letter::of(&parcel, Uuid::max(), u64::MAX, i64::MAX);
            let signed = Seal::new(None, "").sign(&letter.text().unwrap());
            assert!(signed.len() < 8000, "{}", signed.len());
        }
        assert!(told == 1000 && parcels <= 7, "{told} in {parcels}");
        // What was told last is what is told.
        outgoing.watched(vec![agency(1)]);
        outgoing.watched(vec![agency(2)]);
        assert_eq!(outgoing.take().watched, [agency(2).0]);
    }

    #[test]
    fn the_oldest_is_dropped_and_the_next_parcel_says_so() {
        let outgoing = opened(true);
        let many = i64::try_from(2 * MOST_BYTES / 1024).unwrap();
        let dropped = outgoing.put((1..=many).map(|seq| event(1, seq, 768)).collect());
        let kept = MOST_BYTES / (768 + 2 + super::AROUND);
        assert_eq!(dropped, usize::try_from(many).unwrap() - kept);
        let parcel = outgoing.take();
        assert!(parcel.lost);
        assert_eq!(parcel.events[0].seq, 1 + i64::try_from(dropped).unwrap());
        assert!(!outgoing.take().lost);
    }

    #[test]
    fn what_one_message_does_not_hold_goes_with_the_next() {
        let outgoing = opened(false);
        let agencies = |count| (1..=count).map(|id| AgencyId(Uuid::from_u128(id)));
        outgoing.doubt(agencies(100).collect());
        let mut doubted = 0;
        while outgoing.filled().now_or_never().is_some() {
            let parcel = outgoing.take();
            assert!(parcel.doubt.len() <= PARCEL_DOUBTS && !parcel.lost);
            doubted += parcel.doubt.len();
        }
        assert_eq!(doubted, 100);
        let all = u128::try_from(MOST_HEADS).unwrap() + 1;
        assert_eq!(
            outgoing.put((1..=all).map(|id| event(id, 1, 9)).collect()),
            1
        );
        assert!(outgoing.take().lost);
    }

    #[test]
    fn while_nobody_takes_nothing_is_kept() {
        let outgoing = Outgoing::new(true);
        assert_eq!(outgoing.put(vec![event(1, 1, 9)]), 1);
        outgoing.due();
        outgoing.open();
        let parcel = outgoing.take();
        assert!(parcel.lost && parcel.events.is_empty() && !parcel.due);
        outgoing.put(vec![event(1, 2, 9)]);
        assert_eq!(outgoing.close(), 1);
        assert!(outgoing.is_empty() && outgoing.take().lost);
        outgoing.doubt(vec![AgencyId(Uuid::from_u128(1))]);
        assert!(outgoing.is_empty() && outgoing.take().lost);
    }
}
