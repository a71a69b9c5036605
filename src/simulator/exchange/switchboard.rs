//! The legs that the exchange knows, and how they stand to each other.

use super::super::courier::Courier;
use super::super::dice::Dice;
use super::super::leg::{Direction, Leg};
use super::super::webhook::Webhook;
use super::faults::Faults;
use super::log::Log;
use super::post::{Post, micros};
use super::recording::{Recording, Running, Shape};
use super::settings::{ExchangeSettings, Habit};
use crate::clock::{Clock, Timestamp};
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How long an ended leg can be asked for.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How long a `command_id` is remembered.
pub(super) const REPEATED_WITHIN: Duration = Duration::from_secs(60);

/// What all handles of an exchange share.
#[derive(Debug)]
pub(super) struct Switchboard {
    pub(super) settings: ExchangeSettings,
    pub(super) clock: Clock,
    pub(super) address: SocketAddr,
    pub(super) post: Arc<Post>,
    pub(super) faults: Faults,
    pub(super) log: Log,
    pub(super) closed: CancellationToken,
    pub(super) changed: watch::Sender<()>,
    runtime: Handle,
    state: Mutex<State>,
}

/// Everything that changes, under one lock.
#[derive(Debug)]
pub(super) struct State {
    /// One of each account that is served.
    pub(super) couriers: Vec<Courier>,
    pub(super) parties: HashMap<String, Party>,
    pub(super) recordings: Vec<Recording>,
    pub(super) habits: HashMap<String, Habit>,
    /// When a leg took which `command_id`.
    pub(super) commands: HashMap<(String, String), Timestamp>,
    pub(super) dice: Dice,
    registered: u64,
}

/// A leg, and what the exchange knows besides.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) leg: Arc<Leg>,
    pub(super) courier: Courier,
    /// Its place in the order in which legs began.
    pub(super) number: u64,
    /// The note that commands put in place of the leg's own, in Base64.
    pub(super) note: Option<String>,
    /// Whether a command has taken effect on it.
    pub(super) commanded: bool,
    /// The leg it hears.
    pub(super) partner: Option<String>,
    /// The leg whose transfer made it.
    pub(super) dialled_by: Option<String>,
    pub(super) audio: Option<Audio>,
    pub(super) recording: Option<Running>,
    pub(super) records_on_answer: Option<Shape>,
    /// Whether it stays when its partner leaves.
    pub(super) parks: bool,
    /// Whether a test has this ringing phone in hand.
    pub(super) taken: bool,
}

/// What is played to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audio {
    /// The address, or the name in Telnyx's storage.
    pub(super) name: String,
    pub(super) media_url: Option<String>,
    pub(super) media_name: Option<String>,
    /// Tells one playback from the next.
    pub(super) number: u64,
}

impl Party {
    pub(super) fn is_alive(&self) -> bool {
        self.leg.ended_at.get().is_none()
    }

    pub(super) fn is_answered(&self) -> bool {
        self.leg.answered_at.get().is_some()
    }

    /// An agent's phone that nobody has answered.
    pub(super) fn rings(&self) -> bool {
        self.leg.direction == Direction::Outgoing && self.is_alive() && !self.is_answered()
    }

    /// Its note, in Base64.
    pub(super) fn client_state(&self) -> Option<&str> {
        self.note.as_deref().or(self.leg.client_state.as_deref())
    }
}

impl Switchboard {
    pub(super) fn new(
        settings: ExchangeSettings,
        courier: &Courier,
        address: SocketAddr,
        closed: CancellationToken,
    ) -> Self {
        let (runtime, clock) = (Handle::current(), courier.carrier().clock().clone());
        let post = Post::new(&settings, runtime.clone(), clock.clone(), closed.clone());
        let state = State {
            couriers: vec![courier.clone()],
            parties: HashMap::new(),
            recordings: Vec::new(),
            habits: HashMap::new(),
            commands: HashMap::new(),
            dice: Dice::seeded(settings.seed),
            registered: 0,
        };
        Self {
            settings,
            clock,
            address,
            post: Arc::new(post),
            faults: Faults::new(courier.losses().clone()),
            log: Log::default(),
            closed,
            changed: watch::Sender::new(()),
            runtime,
            state: Mutex::new(state),
        }
    }

    /// Somebody to work the board; others wait until it is dropped.
    pub(super) fn operator(self: &Arc<Self>) -> Operator<'_> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Operator { board: self, state }
    }

    /// Lets something happen later, by the carrier's clock, unless the exchange closes before.
    pub(super) fn later(
        self: &Arc<Self>,
        wait: Duration,
        happens: impl FnOnce(&mut Operator<'_>) + Send + 'static,
    ) {
        let at = self.clock.now().plus_micros(micros(wait));
        let board = Arc::clone(self);
        self.runtime.spawn(async move {
            let due = board.clock.sleep_until(at);
            if board.closed.run_until_cancelled(due).await.is_some() {
                happens(&mut board.operator());
            }
        });
    }
}

/// Whoever works the board: holds its lock, never while waiting.
pub(super) struct Operator<'a> {
    pub(super) board: &'a Arc<Switchboard>,
    pub(super) state: MutexGuard<'a, State>,
}

impl Operator<'_> {
    pub(super) fn party(&self, id: &str) -> Option<&Party> {
        self.state.parties.get(id)
    }

    pub(super) fn party_mut(&mut self, id: &str) -> Option<&mut Party> {
        self.state.parties.get_mut(id)
    }

    pub(super) fn is_alive(&self, id: &str) -> bool {
        self.party(id).is_some_and(Party::is_alive)
    }

    /// Takes a leg in; one that is known stays as it is.
    pub(super) fn registers(&mut self, leg: Arc<Leg>, courier: &Courier, by: Option<&str>) {
        self.forgets();
        let id = leg.call_control_id.clone();
        if self.state.parties.contains_key(&id) {
            return;
        }
        self.state.registered += 1;
        let party = Party {
            leg,
            courier: courier.clone(),
            number: self.state.registered,
            note: None,
            commanded: false,
            partner: None,
            dialled_by: by.map(str::to_owned),
            audio: None,
            recording: None,
            records_on_answer: None,
            parks: false,
            taken: false,
        };
        self.state.parties.insert(id, party);
        self.board.changed.send_replace(());
    }

    /// What is too old to be asked for.
    fn forgets(&mut self) {
        let now = self.board.clock.now();
        let recent = |at: Timestamp, most| now.micros_since(at) < micros(most);
        let state = &mut *self.state;
        state.parties.retain(|_, party| {
            let ended_at = party.leg.ended_at.get();
            ended_at.is_none_or(|at| recent(*at, REMEMBERED))
        });
        state.commands.retain(|_, at| recent(*at, REPEATED_WITHIN));
    }

    /// A leg that can still be asked for.
    pub(super) fn remembered(&mut self, id: &str) -> Option<&Party> {
        self.forgets();
        self.party(id)
    }

    /// Lets something happen to a leg and sends what the carrier says of it.
    pub(super) fn says(&mut self, id: &str, happens: impl FnOnce(&Leg) -> Webhook) {
        self.says_and_tells(id, happens, None);
    }

    pub(super) fn says_and_tells(
        &mut self,
        id: &str,
        happens: impl FnOnce(&Leg) -> Webhook,
        tried: Option<oneshot::Sender<()>>,
    ) {
        let Some(party) = self.party(id) else { return };
        let mut webhook = happens(&party.leg);
        if let Some(note) = &party.note {
            let note = Value::from(note.as_str());
            webhook.payload.insert("client_state".to_owned(), note);
        }
        let session = party.leg.call_session_id;
        self.board
            .post
            .send(session, &party.courier, webhook, tried);
        self.board.changed.send_replace(());
    }

    /// The ids of the legs of which this is true, oldest first.
    pub(super) fn ids(&self, wanted: impl Fn(&Party) -> bool) -> Vec<String> {
        let parties = self.state.parties.values();
        let mut found: Vec<&Party> = parties.filter(|party| wanted(party)).collect();
        found.sort_unstable_by_key(|party| party.number);
        let id = |party: &Party| party.leg.call_control_id.clone();
        found.into_iter().map(id).collect()
    }
}
