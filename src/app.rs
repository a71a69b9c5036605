//! The composition root: builds everything from the configuration, wires the flow, serves, drains.

mod accounts;
mod background;
mod descriptors;
mod drain;
mod health;
mod routes;
mod serve;
mod server;
mod wire;

pub(crate) use accounts::open_post;
pub use descriptors::raise_limit;
pub use health::Health;
#[cfg(feature = "proving")]
pub use routes::all as all_routes;

use crate::accounts::Post;
use crate::agencies::Directory;
use crate::agencies::seal::Keyring;
use crate::auth::{Project, Verifier};
use crate::carriers::Carriers;
use crate::carriers::telnyx::Telnyx;
use crate::clock::Clock;
use crate::config::{Config, Watching};
use crate::control::{Control, Parts};
use crate::duties::Duties;
use crate::fanout::Fanout;
use crate::http::{Context, Notices, Refusals};
use crate::hub::{Caps, Endings, Hub};
use crate::ingest::Retake;
use crate::journal::{Journal, Retention, Writer};
use crate::presence::{self, Presence};
use crate::providers::breaker::Breakers;
use crate::providers::http::Http;
use crate::providers::ultravox::Ultravox;
use crate::relay::{self, Relay};
use crate::store::{Store, StoreError};
use crate::telemetry::{Duty, Metrics, Provider};
use crate::ws::Close;
use actix_web::web;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running server. Two of them fit in one process.
pub struct App {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where its metrics are served, if they are.
    pub metrics_addr: Option<SocketAddr>,
    /// The way into its journal.
    #[cfg(feature = "proving")]
    pub journal: Journal,
    /// Its database.
    #[cfg(feature = "proving")]
    pub store: Store,
    /// Its boards.
    #[cfg(feature = "proving")]
    pub hub: Hub,
    pub metrics: Metrics,
    pub clock: Clock,
    context: web::Data<Context>,
    servers: serve::Servers,
    /// Ends the tasks that only keep things true.
    background: CancellationToken,
    background_tasks: TaskTracker,
    /// Ends the journal, which first commits what waits.
    flush: CancellationToken,
    writer: JoinHandle<()>,
    fanout: JoinHandle<()>,
    duties: Duties,
    /// Cancelled when the servers are to end.
    over: CancellationToken,
}

/// Where a server listens: bound by the caller, so that a taken port is the caller's to handle.
#[derive(Debug)]
pub struct Listeners {
    /// For everyone.
    pub public: TcpListener,
    /// For Prometheus alone.
    pub metrics: Option<TcpListener>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting that cannot work, in a sentence that says how to mend it.
    #[error("{0}")]
    Setting(String),
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
}

impl App {
    /// Whether it relies on the relay, as after an hour in which nothing was amiss.
    #[cfg(feature = "proving")]
    #[must_use]
    pub fn relies_on_the_relay(&self) -> bool {
        self.context.relay.is_calm()
    }

    /// As if that hour had passed.
    #[cfg(feature = "proving")]
    pub fn begins_to_rely_on_the_relay(&self) {
        self.context.relay.was_never_amiss();
    }

    /// Resolves, with its name, when something that the server lives by has died for good: the
    /// process should end.
    pub async fn given_up(&self) -> &'static str {
        self.duties.given_up().await
    }

    /// The link by which the first owner sets the house up, while nobody can sign in.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn setup_link(&self) -> Result<Option<String>, AppError> {
        accounts::setup_link(&self.context).await
    }

    /// Starts a server: opens and migrates the database, and answers from when this returns. Must
    /// be called on a multi-thread runtime, which becomes the main one.
    ///
    /// # Errors
    /// When it cannot start; the text says why and how to mend it.
    pub async fn start(
        config: Config,
        clock: Clock,
        listeners: Listeners,
        unsigned_webhooks: bool,
    ) -> Result<Self, AppError> {
        let runtime = Handle::current();
        let metrics = Metrics::new();
        let store = Store::open(&config.database, runtime.clone()).await?;
        store.migrate().await?;
        let directory = open_directory(&config, &store, &clock, unsigned_webhooks).await?;
        for doubt in directory.doubts() {
            tracing::warn!("{doubt}");
        }
        let verifier = open_verifier(&config, &clock, &metrics, &runtime)?;
        let accounts = accounts::open(&config, &store, &clock, &runtime).await?;
        if let Some(accounts) = &accounts {
            verifier.believe(accounts);
        }
        let post = accounts::open_post(&config, &store, &clock)?;
        let caps = Caps {
            per_user: usize_of(config.limits.sockets_per_user),
            per_agency: usize_of(config.limits.sockets_per_agency),
        };
        let endings = Endings {
            slow: Close::Slow.ending(),
            renewed: Close::Renewed.ending(),
        };
        let hub = Hub::new(caps, endings);
        let (journal, writer, recorded) =
            Journal::open(store.clone(), clock.clone(), metrics.clone());
        let parts = relay::Parts {
            store: store.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let (relay, heard) = Relay::open(&config, parts).await?;
        let fanout = Fanout::new(
            hub.clone(),
            store.clone(),
            clock.clone(),
            metrics.clone(),
            runtime.clone(),
            relay.clone(),
            directory.clone(),
        );

        let http =
            Http::new(clock.clone()).map_err(|error| AppError::Setting(error.to_string()))?;
        let project = Project::new(&config.auth, http.clone(), runtime.clone());
        let oidc = accounts::open_oidc(&config, &http, &metrics, &runtime);
        let telnyx = Telnyx::new(
            config.providers.telnyx_api_base.clone(),
            http,
            Breakers::new(Provider::Telnyx, clock.clone(), metrics.clone()),
        );
        let parts = Parts {
            store: store.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            relay: relay.clone(),
            carriers: Carriers::new(telnyx, config.providers.sip_server.clone()),
            clock: clock.clone(),
            metrics: metrics.clone(),
            runtime: runtime.clone(),
        };
        let control = Control::new(parts, &config);

        let background = CancellationToken::new();
        let background_tasks = TaskTracker::new();
        let flush = CancellationToken::new();
        let retention =
            Retention::new(store.clone(), clock.clone(), metrics.clone(), config.limits);
        let duties = Duties::new(clock.clone(), metrics.clone());
        let writer = runtime.spawn(keep_writing(duties.clone(), writer, flush.clone()));
        let recorded = Arc::new(Mutex::new(recorded));
        let delivering = fanout.clone();
        let deliver = move || delivering.clone().run(Arc::clone(&recorded));
        let kept = duties.clone().keep(Duty::Fanout, flush.clone(), deliver);
        let delivering = runtime.spawn(kept);
        let keep = background::Background {
            duties: duties.clone(),
            stop: background.clone(),
            tasks: background_tasks.clone(),
        };
        keep.going(Duty::Relay, &relay, Relay::run);
        keep.listening(&fanout, heard);
        keep.going(Duty::HeadPoll, &fanout, Fanout::poll_heads);
        keep.going(Duty::Warmth, &fanout, Fanout::keep_warm);
        keep.going(Duty::Directory, &directory, Directory::keep_true);
        keep.going(Duty::KeyUses, &directory, Directory::note_uses);
        keep.going(Duty::Retention, &retention, Retention::run);
        let retake = Retake::new(
            store.clone(),
            journal.clone(),
            directory.clone(),
            clock.clone(),
        );
        keep.going(Duty::Retake, &retake, Retake::run);
        keep.going(Duty::Time, &control, Control::keep_time);
        keep.going(Duty::Errands, &control, Control::run_errands);
        let presence = Presence::new(presence::Parts {
            store: store.clone(),
            journal: journal.clone(),
            hub: hub.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            is_on: config.calls.presence == Watching::On,
        });
        keep.going(Duty::Presence, &presence, Presence::watch);
        keep.going(Duty::CarryOver, &store, Store::carry_over);
        if let Some(post) = &post {
            keep.going(Duty::Post, post, Post::deliver);
        }
        background_tasks.close();

        let ultravox = open_ultravox(&config, &clock, &metrics)?;
        let refusals = Refusals::new(config.access.trusted_proxies.clone());
        let sign_ins = Refusals::of_sign_ins(config.access.trusted_proxies.clone());
        let context = web::Data::new(Context {
            config,
            clock: clock.clone(),
            metrics: metrics.clone(),
            store: store.clone(),
            journal: journal.clone(),
            control,
            directory,
            verifier,
            project,
            accounts,
            oidc,
            post,
            hub: hub.clone(),
            fanout,
            presence,
            relay,
            ultravox,
            runtime,
            refusals,
            sign_ins,
            notices: Notices::new(clock.clone(), metrics.clone()),
            unsigned_webhooks,
            leaving: CancellationToken::new(),
            draining: CancellationToken::new(),
            duties: duties.clone(),
        });
        let addr = listeners.public.local_addr()?;
        let metrics_addr = match &listeners.metrics {
            Some(listener) => Some(listener.local_addr()?),
            None => None,
        };
        let over = CancellationToken::new();
        let servers = serve::start(listeners, &context, &over)?;
        Ok(Self {
            addr,
            metrics_addr,
            #[cfg(feature = "proving")]
            journal,
            #[cfg(feature = "proving")]
            store,
            #[cfg(feature = "proving")]
            hub,
            metrics,
            clock,
            context,
            servers,
            background,
            background_tasks,
            flush,
            writer,
            fanout: delivering,
            duties,
            over,
        })
    }
}

fn keyring(config: &Config) -> Result<Option<Keyring>, AppError> {
    let keys = config.encryption_key.as_ref().map(Keyring::parse);
    keys.transpose()
        .map_err(|error| AppError::Setting(format!("CALLBOARD_ENCRYPTION_KEY: {error}")))
}

async fn open_directory(
    config: &Config,
    store: &Store,
    clock: &Clock,
    unsigned_webhooks: bool,
) -> Result<Directory, AppError> {
    let keyring = keyring(config)?;
    // The guide's curl line needs an agency to ring at, so unsigned webhooks make one too.
    let make_default = config.agency_defaults.any_set() || unsigned_webhooks;
    Ok(Directory::open(
        store.clone(),
        clock.clone(),
        keyring,
        config.agency_defaults.clone(),
        make_default,
    )
    .await?)
}

fn open_verifier(
    config: &Config,
    clock: &Clock,
    metrics: &Metrics,
    runtime: &Handle,
) -> Result<Verifier, AppError> {
    Verifier::new(
        &config.auth,
        clock.clone(),
        metrics.clone(),
        runtime.clone(),
    )
    .map_err(|error| AppError::Setting(error.to_string()))
}

fn open_ultravox(config: &Config, clock: &Clock, metrics: &Metrics) -> Result<Ultravox, AppError> {
    let http = Http::new(clock.clone()).map_err(|error| AppError::Setting(error.to_string()))?;
    let breakers = Breakers::new(Provider::Ultravox, clock.clone(), metrics.clone());
    let base = config.providers.ultravox_api_base.clone();
    let endpoint = config.providers.ultravox_endpoint;
    Ok(Ultravox::new(base, endpoint, http, breakers))
}

/// Keeps the one writer of this node going; it outlives a panic with its queue.
async fn keep_writing(duties: Duties, writer: Writer, flush: CancellationToken) {
    let writer = Arc::new(Mutex::new(writer));
    let stop = flush.clone();
    let write = move || {
        let (writer, stop) = (Arc::clone(&writer), stop.clone());
        async move { writer.lock().await.write_until(stop).await }
    };
    duties.keep(Duty::Journal, flush, write).await;
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
