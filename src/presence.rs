//! Who is there: which people have sockets on this node, told to the database, and what follows for
//! those of whom no node says so any more.
//!
//! A person costs a row when their first socket here opens and when their last one closes, whole rounds
//! of them in one statement; a node costs a row every five seconds, however many sockets it has. One
//! node at a time (by a lease) looks for agents who are not as the rest of the database says. Whatever
//! is found is looked at again inside the journal's transaction, which alone decides.

mod rounds;

use crate::agencies::Directory;
use crate::clock::Clock;
use crate::domain::{AgencyId, Agent, Choice, UserId};
use crate::hub::Hub;
use crate::journal::{AgentAppend, Answer, Append, AppendError, Journal};
use crate::store::Store;
use crate::store::batch::AgentKey;
use rounds::Rounds;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The time between two rounds, where nobody comes.
const ROUND: Duration = Duration::from_secs(1);

/// Who is there, on this node. Clones are the same one.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    store: Store,
    journal: Journal,
    hub: Hub,
    directory: Directory,
    clock: Clock,
    is_on: bool,
    nudged: Notify,
}

/// What presence works with.
pub struct Parts {
    /// Where who has sockets where is written.
    pub store: Store,
    /// The only way to change an agent.
    pub journal: Journal,
    /// Whose sockets are here.
    pub hub: Hub,
    /// Who hears of changes of people.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Whether anybody is watched.
    pub is_on: bool,
}

impl Presence {
    /// Presence over these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            journal: parts.journal,
            hub: parts.hub,
            directory: parts.directory,
            clock: parts.clock,
            is_on: parts.is_on,
            nudged: Notify::new(),
        }))
    }

    /// Whether anybody is watched.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_on
    }

    /// A socket has opened: a round comes at once.
    pub fn somebody_came(&self) {
        self.0.nudged.notify_one();
    }

    /// Somebody says what they want to be; the agent as it is then. None of whoever takes no calls.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub async fn choose(
        &self,
        agency: AgencyId,
        user: UserId,
        choice: Choice,
    ) -> Result<Option<Box<Agent>>, AppendError> {
        let append = Append::Agent(AgentAppend {
            agency_id: agency,
            user_id: user,
            choice: Some(choice),
            is_here: self.0.hub.has(agency, user),
            at: self.0.clock.now(),
        });
        let first = self.0.journal.append(append.clone()).await;
        let answer = match first {
            // To choose the same thing twice is to choose it once.
            Err(AppendError::Late | AppendError::Unavailable(_)) => {
                self.0.journal.append(append).await?
            }
            other => other?,
        };
        Ok(match answer {
            Answer::Agent(agent) => agent,
            _ => None,
        })
    }

    /// Goes its rounds until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        if !self.0.is_on {
            return self.see_nobody(stop).await;
        }
        // What an earlier turn wrote ends by itself, as if its node had died.
        let mut rounds = Rounds::begin(self.clone());
        let mut changes = self.0.directory.changes();
        loop {
            if let Err(error) = rounds.go().await {
                tracing::warn!("Who is there is not looked at, again in a second: {error}");
                rounds.fail();
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.clock.sleep(ROUND) => {}
                () = self.0.nudged.notified() => {}
                Ok(()) = changes.changed() => {}
            }
        }
    }

    /// What was known of people before presence was switched off goes.
    async fn see_nobody(&self, stop: CancellationToken) {
        while let Err(error) = self.0.store.clear_agents().await {
            tracing::warn!("Who was there is not removed yet: {error}");
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.clock.sleep(ROUND) => {}
            }
        }
        stop.cancelled().await;
    }

    /// Has the journal look at these.
    async fn look_at(&self, agents: Vec<AgentKey>) {
        let looks = agents.into_iter().map(|(agency_id, user_id)| {
            self.0.journal.append(Append::Agent(AgentAppend {
                agency_id,
                user_id,
                choice: None,
                is_here: false,
                at: self.0.clock.now(),
            }))
        });
        for looked in futures_util::future::join_all(looks).await {
            // The next sweep finds them again.
            if let Err(error) = looked {
                tracing::debug!("An agent is not looked at: {error}");
            }
        }
    }
}
