//! The relay: what one node has committed, the others hear of at once.
//!
//! It only makes things earlier. What it carries is committed and lies in the journal; what it loses,
//! brings twice or out of order, the journal heals; it decides nothing, and nobody waits for it. So
//! everything here is at most once, and bounded: a message is dropped rather than kept waiting, and
//! a loss is noticed by a number that is missing ([`hearing`]), a dead line by not hearing ourselves
//! ([`beats`]).
//!
//! | file | noun |
//! |---|---|
//! | `outgoing` | what waits to be told |
//! | `letter` | a message |
//! | `seal` | who may be believed |
//! | `hearing` | who tells, and whether something was lost |
//! | `beats` | whether we hear ourselves |
//! | `line` | the way there and back: notices of PostgreSQL, or `valkey` |
//! | `session` | a line while it holds, and the next one |
//! | `condition` | how it is |
//! | `errand` | a command that tells the servers, and a try from end to end |

mod beats;
mod condition;
mod errand;
mod hearing;
mod letter;
mod line;
mod outgoing;
mod seal;
mod session;
#[cfg(test)]
mod tests;
mod valkey;

pub(crate) use condition::State;
pub(crate) use errand::{announce, try_out};

use crate::agencies::Directory;
use crate::clock::{Clock, Tick};
use crate::config;
use crate::domain::AgencyId;
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use crate::view::Published;
use beats::Beats;
use condition::Condition;
use hearing::Hearing;
use line::Line;
use outgoing::Outgoing;
use seal::Seal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

/// Messages that wait to be brought to the boards. Beyond, they are dropped, and the heads looked at.
const HEARD: usize = 256;
/// How long nothing may have been amiss before heads are looked at less often. So long that a node without
/// a relay, of an older release in a deploy or for good, is found out by what it commits.
const CALM: Duration = Duration::from_secs(3_600);
/// Nodes that hear of a loss at the same moment do not all ask the database at the same moment.
const SPREAD: Duration = Duration::from_millis(250);
/// How long an event that is committed may be under way.
const UNDER_WAY: Duration = Duration::from_millis(25);
/// Whoever wrote down what is owed goes first.
const FIRST: Duration = Duration::from_millis(150);

/// What other nodes told.
#[derive(Debug)]
pub enum Heard {
    /// Events, whole.
    Events(Vec<Published>),
    /// Where numberings stand: the agency, the life of its numbering, the last number.
    Heads(Vec<(AgencyId, String, i64)>),
    /// Agencies whose journals may hold events that nobody was told of.
    Doubt(Vec<AgencyId>),
    /// Agencies of which another node has sockets.
    Watched(Vec<AgencyId>),
}

impl Heard {
    fn is_empty(&self) -> bool {
        match self {
            Self::Events(events) => events.is_empty(),
            Self::Heads(heads) => heads.is_empty(),
            Self::Doubt(agencies) | Self::Watched(agencies) => agencies.is_empty(),
        }
    }
}

/// The relay of one node. Clones are the same one.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    line: Line,
    seal: Seal,
    directory: Directory,
    clock: Clock,
    metrics: Metrics,
    /// The life of this process.
    boot: Uuid,
    /// The number of its last message.
    n: AtomicU64,
    outgoing: Outgoing,
    condition: Condition,
    hearing: Mutex<Hearing>,
    beats: Mutex<Beats>,
    /// When something was amiss last; at the start it is not known what was.
    amiss: Mutex<Option<Tick>>,
    heard: mpsc::Sender<Heard>,
    doubt: Notify,
    due: Notify,
    newcomer: Notify,
}

/// What a relay works with.
pub struct Parts {
    /// Where notices go, and what tells this deployment from others.
    pub store: Store,
    /// Who is to look again when another node has changed something.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Where messages are counted.
    pub metrics: Metrics,
}

impl Relay {
    /// A relay as the settings say, which must be run, and what comes out of it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn open(
        config: &config::Config,
        parts: Parts,
    ) -> Result<(Self, mpsc::Receiver<Heard>), StoreError> {
        let (heard, out) = mpsc::channel(HEARD);
        let line = Line::of(config, &parts.store).await?;
        let now = parts.clock.tick();
        let seal = Seal::new(config.encryption_key.as_ref(), &line.birth);
        let relay = Self(Arc::new(Inner {
            // What nobody may believe is not worth the numbers of callers in it.
            outgoing: Outgoing::new(line.takes_whole_events() && seal.is_secret()),
            seal,
            condition: Condition::new(&line.way, parts.metrics.clone()),
            line,
            directory: parts.directory,
            clock: parts.clock,
            metrics: parts.metrics,
            boot: Uuid::new_v4(),
            n: AtomicU64::new(0),
            hearing: Mutex::default(),
            beats: Mutex::new(Beats::new(now)),
            amiss: Mutex::new(Some(now)),
            heard,
            doubt: Notify::new(),
            due: Notify::new(),
            newcomer: Notify::new(),
        }));
        Ok((relay, out))
    }

    /// By what it goes: `off`, `postgres` or `redis`.
    #[must_use]
    pub fn way(&self) -> &'static str {
        self.0.line.way.name()
    }

    /// How it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.condition.state()
    }

    /// Tells the other nodes of committed events, sooner or never.
    pub fn tell(&self, events: Vec<Published>) {
        if self.state() != State::Off {
            let dropped = self.0.outgoing.put(events);
            self.0.metrics.relay_dropped(dropped);
        }
    }

    /// Tells the other nodes that these journals may hold events that nobody was told of.
    pub fn tell_of_doubt(&self, agencies: Vec<AgencyId>) {
        self.0.outgoing.doubt(agencies);
    }

    /// Tells the other nodes that something is owed to the carrier now.
    pub fn tell_of_dues(&self) {
        self.0.outgoing.due();
    }

    /// Tells the other nodes of which agencies sockets are here, all of them.
    pub fn tell_of_watched(&self, agencies: Vec<AgencyId>) {
        self.0.outgoing.watched(agencies);
    }

    /// Resolves when a node is heard that was not heard before.
    pub async fn newcomer(&self) {
        self.0.newcomer.notified().await;
    }

    /// Resolves when the heads are to be looked at: something was lost, or may have been.
    pub async fn doubted(&self) {
        self.0.doubt.notified().await;
        self.0.clock.sleep(part_of(SPREAD)).await;
    }

    /// Something is to be looked for in the database.
    pub fn doubt(&self) {
        self.0.doubt.notify_one();
    }

    /// Resolves when another node has written down something that is owed to the carrier now, and
    /// has had the time to take it up itself.
    pub async fn due(&self) {
        self.0.due.notified().await;
        self.0.clock.sleep(part_of(FIRST)).await;
    }

    /// How long what it brings may be under way.
    #[must_use]
    pub fn patience(&self) -> Duration {
        match self.state() {
            State::Up => UNDER_WAY,
            _ => Duration::ZERO,
        }
    }

    /// Something was found that ought to have been heard of, or heard that could not be understood.
    pub fn is_amiss(&self) {
        *lock(&self.0.amiss) = Some(self.0.clock.tick());
    }

    /// Whether it may be relied upon to bring what others commit, for as long as it lasts: it is up,
    /// there are others who tell, and nothing was amiss lately.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let now = self.0.clock.tick();
        let quiet = lock(&self.0.amiss).is_none_or(|amiss| now.since(amiss) >= CALM);
        quiet && self.state() == State::Up && lock(&self.0.hearing).has_company()
    }

    /// As if nothing had been amiss for as long as it takes to be relied upon.
    #[cfg(feature = "proving")]
    pub(crate) fn was_never_amiss(&self) {
        *lock(&self.0.amiss) = None;
    }

    fn next_number(&self) -> u64 {
        self.0.n.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Some part of that time, another for everyone.
fn part_of(time: Duration) -> Duration {
    time.mul_f64(rand::random_range(0.0..1.0))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
