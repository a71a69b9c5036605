//! Acting on calls: who gets one, what the carrier is asked for, and what becomes of it. No HTTP.
//!
//! | file | noun |
//! |---|---|
//! | `answer` | an agent takes a call |
//! | `drive` | a claim, brought to a definite outcome at the carrier |
//! | `end` | a call, given back or hung up |
//! | `errands` | what is owed to the carrier, taken up when it is due |
//! | `housekeeping` | hanging up, recording and ringing: errands with one command each |
//! | `recording_link` | a recording, for somebody who wants to hear it |
//! | `reconcile` | calls of which nothing was heard for long |
//! | `account` | an agency's account with the carrier, and the addresses of its agents |
//!
//! What happens joins the journal like everything else. Work runs on the main runtime, so that an
//! agent who closes the tab cannot cut it in two; what a lost process leaves undone is an errand in
//! the database, which any node takes up.

mod account;
mod answer;
mod drive;
mod end;
mod errands;
mod error;
mod housekeeping;
mod reconcile;
mod recording_link;

pub(crate) use end::Ended;
pub(crate) use error::ControlError;

use crate::agencies::Directory;
use crate::carriers::Carriers;
use crate::clock::Clock;
use crate::config::{Calls, Config};
use crate::domain::{AgencyId, Call, CallId, LegHandle, Timestamp, User};
use crate::journal::{Answer, Append, AppendError, Journal, OverAppend};
use crate::relay::Relay;
use crate::store::Store;
use crate::telemetry::Metrics;
use std::sync::Arc;
use tokio::runtime::Handle;

/// How long whoever takes up an errand has it to itself, in seconds: longer than the carrier may
/// take to answer.
const LEASE_S: i64 = 15;

/// The policy of acting on calls. Clones are the same one.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    store: Store,
    journal: Journal,
    directory: Directory,
    relay: Relay,
    carriers: Carriers,
    clock: Clock,
    metrics: Metrics,
    runtime: Handle,
    calls: Calls,
}

/// What control works with.
pub struct Parts {
    /// For reading, and for errands.
    pub store: Store,
    /// The only way to change a call.
    pub journal: Journal,
    /// Whose credentials.
    pub directory: Directory,
    /// Who tells what other nodes have written down.
    pub relay: Relay,
    /// Whom to ask about legs.
    pub carriers: Carriers,
    /// Time.
    pub clock: Clock,
    /// Where errands are counted.
    pub metrics: Metrics,
    /// The main runtime.
    pub runtime: Handle,
}

/// A call that somebody means.
#[derive(Clone, Debug)]
pub enum Which {
    /// The call of that id.
    Call(CallId),
    /// The call whose caller's leg that is.
    CallOf(LegHandle),
}

/// A person who acts, and on whose behalf.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The person.
    pub user: User,
    /// The person's agency.
    pub agency: AgencyId,
}

impl Control {
    /// Control over these parts, by the rules of `config`.
    #[must_use]
    pub fn new(parts: Parts, config: &Config) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            journal: parts.journal,
            directory: parts.directory,
            relay: parts.relay,
            carriers: parts.carriers,
            clock: parts.clock,
            metrics: parts.metrics,
            runtime: parts.runtime,
            calls: config.calls,
        }))
    }

    /// The call that is meant, if it is the agency's.
    async fn call_to_act_on(&self, agent: &Agent, which: Which) -> Result<Call, ControlError> {
        let (store, agency) = (&self.0.store, agent.agency);
        let call = match which {
            Which::Call(id) => store.call(agency, id).await?,
            Which::CallOf(leg) => store.call_of_leg(agency, leg).await?,
        };
        call.ok_or(ControlError::NotFound)
    }

    /// Runs `work` on the main runtime to its end, even if whoever waits for it goes away.
    async fn see_through<R: Send + 'static>(
        &self,
        work: impl Future<Output = Result<R, ControlError>> + Send + 'static,
    ) -> Result<R, ControlError> {
        let spawned = self.0.runtime.spawn(work).await;
        spawned.unwrap_or(Err(ControlError::Unavailable))
    }

    /// Appends, once more if the outcome of the first try is not known: everything that control
    /// appends may be said twice.
    async fn append(&self, append: Append) -> Result<Answer, ControlError> {
        let first = self.0.journal.append(append.clone()).await;
        let answer = match first {
            Err(AppendError::Late | AppendError::Unavailable(_)) => {
                self.0.journal.append(append).await
            }
            other => other,
        };
        answer.map_err(|error| match error {
            AppendError::NoAgency => ControlError::NotFound,
            error => {
                tracing::warn!("Command not recorded: {error}");
                ControlError::Unavailable
            }
        })
    }

    /// The same for appends that either change something or not.
    async fn record(&self, append: Append) -> Result<bool, ControlError> {
        Ok(matches!(self.append(append).await?, Answer::Done(true)))
    }

    /// A call ends here though its hangup has not come.
    async fn settle_as_over(
        &self,
        agency_id: AgencyId,
        handle: &LegHandle,
        over: Over,
    ) -> Result<(), ControlError> {
        let at = self.0.clock.now();
        let (since, presumed) = match over {
            Over::Said(since) => (since.unwrap_or(at), false),
            Over::Presumed => (at, true),
        };
        let append = OverAppend {
            agency_id,
            handle: handle.clone(),
            since,
            presumed,
            at,
        };
        if self.record(Append::Over(append)).await? {
            let how = if presumed { "presumed" } else { "settled as" };
            tracing::info!("A call ended without a hangup from the carrier: {how} over");
        }
        Ok(())
    }
}

/// Why a call is over whose hangup has not come.
enum Over {
    /// The carrier says so, perhaps with since when.
    Said(Option<Timestamp>),
    /// It cannot be asked.
    Presumed,
}

/// A call as logs name it.
fn named(call: CallId) -> String {
    format!("Call {call}")
}
