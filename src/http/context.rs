//! What every door of the server needs.

use super::notices::Notices;
use super::refusals::Refusals;
use crate::accounts::{Accounts, Post};
use crate::agencies::Directory;
use crate::auth::oidc::Oidc;
use crate::auth::{Project, Verifier};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::Control;
use crate::duties::Duties;
use crate::fanout::Fanout;
use crate::hub::Hub;
use crate::journal::Journal;
use crate::presence::Presence;
use crate::providers::ultravox::Ultravox;
use crate::relay::Relay;
use crate::store::Store;
use crate::telemetry::Metrics;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The parts of one running server, handed to its handlers.
pub struct Context {
    /// What was configured.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// What operators count.
    pub metrics: Metrics,
    /// The database, for reading.
    pub store: Store,
    /// The only way to change a call.
    pub journal: Journal,
    /// Acting on calls.
    pub control: Control,
    /// Agencies and people.
    pub directory: Directory,
    /// Whose token it is.
    pub verifier: Verifier,
    /// The Supabase project at which people sign in on our page, if there is one.
    pub project: Option<Project>,
    /// Accounts of our own, if there are any.
    pub accounts: Option<Accounts>,
    /// The identity provider at which people sign in, if there is one.
    pub oidc: Option<Oidc>,
    /// Mails, if there is a server for them.
    pub post: Option<Post>,
    /// The boards.
    pub hub: Hub,
    /// The way onto a board.
    pub fanout: Fanout,
    /// Who is there.
    pub presence: Presence,
    /// What other nodes tell, and hear.
    pub relay: Relay,
    /// The maker of voice agents.
    pub ultravox: Ultravox,
    /// The main runtime, where whatever is asked of others runs.
    pub runtime: Handle,
    /// Addresses that were refused often.
    pub refusals: Refusals,
    /// Addresses that try to sign in, whatever comes of it.
    pub sign_ins: Refusals,
    /// What the log says of those who are refused for good.
    pub notices: Notices,
    /// Webhooks need no signature: on loopback, for trying things out.
    pub unsigned_webhooks: bool,
    /// What must go on.
    pub duties: Duties,
    /// Cancelled when the server is told to stop: it says that it is not ready, and serves on.
    pub leaving: CancellationToken,
    /// Cancelled when the server drains.
    pub draining: CancellationToken,
}
