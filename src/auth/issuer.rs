//! The issuer and its keys, as far as we know them.
//!
//! At most one request is on its way; everybody who needs its answer waits for that one. It runs
//! on the main runtime: asked for from a server worker, it must outlive the worker and the agent
//! who closed the tab.

use super::error::{AuthError, Refusal};
use super::fetch::{self, FetchError};
use super::jwks::KeySet;
use crate::clock::Tick;
use crate::providers::http::Http;
use crate::telemetry::{KeyFetch, Metrics};
use jsonwebtoken::Algorithm;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use url::Url;

/// How long keys are used without asking again. With the issuer's own caches in front of it a
/// revoked key is gone after twice that.
const FRESH: Duration = Duration::from_secs(600);
/// How long keys are used while the issuer is away.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Between two requests that only an unknown key id is the reason for: forged ones cost no more.
const UNKNOWN_KEY: Duration = Duration::from_secs(30);
/// Between two requests while the issuer is away.
const RETRY: Duration = Duration::from_secs(2);

/// The issuer of tokens. Clones share what is known.
#[derive(Clone)]
pub(super) struct Issuer(Arc<Inner>);

struct Inner {
    url: Url,
    http: Http,
    metrics: Metrics,
    runtime: Handle,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<Fetched>,
    /// When keys were last asked for, although fresh ones were at hand.
    asked_for_unknown: Option<Tick>,
    /// When the last request failed; `None` once one has succeeded.
    failed: Option<Tick>,
    /// Closed when the request on its way has been dealt with.
    on_its_way: Option<watch::Receiver<()>>,
}

struct Fetched {
    set: Arc<KeySet>,
    at: Tick,
}

/// What can be done for a token without waiting.
enum Look {
    Found(Arc<KeySet>),
    Wait(watch::Receiver<()>),
    NothingToWaitFor,
}

impl Issuer {
    pub(super) fn new(url: Url, http: Http, metrics: Metrics, runtime: Handle) -> Self {
        let known = Mutex::default();
        Self(Arc::new(Inner {
            url,
            http,
            metrics,
            runtime,
            known,
        }))
    }

    /// The keys, with at least one among them that matches.
    pub(super) async fn keys_for(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<Arc<KeySet>, AuthError> {
        let fits = |set: &KeySet| set.matching(algorithm, kid).next().is_some();
        match self.0.look(fits) {
            Look::Found(set) => return Ok(set),
            Look::Wait(on_its_way) => settled(on_its_way).await,
            Look::NothingToWaitFor => {}
        }
        self.0.look_again(fits)
    }

    /// Asks the issuer unless its keys are at hand, and says how many there are.
    pub(super) async fn key_count(&self) -> Result<usize, AuthError> {
        match self.0.look(|_| true) {
            Look::Found(set) => return Ok(set.len()),
            Look::Wait(on_its_way) => settled(on_its_way).await,
            Look::NothingToWaitFor => {}
        }
        self.0.look_again(|_| true).map(|set| set.len())
    }
}

/// Waits until the request has been dealt with, which is when its sender is gone: also when the
/// task that made it did not come to its end.
async fn settled(mut on_its_way: watch::Receiver<()>) {
    while on_its_way.changed().await.is_ok() {}
}

impl Inner {
    fn look(self: &Arc<Self>, fits: impl Fn(&KeySet) -> bool) -> Look {
        let now = self.http.clock().tick();
        let mut known = self.known();
        let found = known.usable(now).filter(|set| fits(set));
        if let Some(set) = &found
            && known.is_fresh(now)
        {
            return Look::Found(Arc::clone(set));
        }
        let request = self.request(&mut known, now);
        match (found, request) {
            // While the issuer is away nobody with a known key is made to wait for its time-out.
            (Some(set), _) if known.failed.is_some() => Look::Found(set),
            (_, Some(on_its_way)) => Look::Wait(on_its_way),
            (Some(set), None) => Look::Found(set),
            (None, None) => Look::NothingToWaitFor,
        }
    }

    fn look_again(&self, fits: impl Fn(&KeySet) -> bool) -> Result<Arc<KeySet>, AuthError> {
        let known = self.known();
        match known.usable(self.http.clock().tick()) {
            Some(set) if fits(&set) => Ok(set),
            // Had the issuer answered, it might have published this very key.
            _ if known.failed.is_some() => Err(AuthError::Unavailable),
            Some(_) => Err(Refusal::UnknownKey.into()),
            None => Err(AuthError::Unavailable),
        }
    }

    /// Joins the request on its way, or makes one if one is due.
    fn request(self: &Arc<Self>, known: &mut Known, now: Tick) -> Option<watch::Receiver<()>> {
        if let Some(on_its_way) = &known.on_its_way
            && on_its_way.has_changed().is_ok()
        {
            return Some(on_its_way.clone());
        }
        if !known.is_request_due(now) {
            return None;
        }
        if known.is_fresh(now) {
            known.asked_for_unknown = Some(now);
        }
        let (done, on_its_way) = watch::channel(());
        known.on_its_way = Some(on_its_way.clone());
        let this = Arc::clone(self);
        self.runtime.spawn(async move {
            let answer = fetch::key_set(&this.http, &this.url).await;
            this.learn(answer);
            drop(done);
        });
        Some(on_its_way)
    }

    fn learn(&self, answer: Result<KeySet, FetchError>) {
        let at = self.http.clock().tick();
        let mut known = self.known();
        known.on_its_way = None;
        match answer {
            Ok(set) => {
                if known.failed.take().is_some() {
                    tracing::info!(url = %self.url, "The token issuer answers again");
                }
                let is_as_before = known
                    .keys
                    .as_ref()
                    .is_some_and(|keys| keys.set.names_the_same(&set));
                self.metrics.keys_fetched(if is_as_before {
                    KeyFetch::Unchanged
                } else {
                    KeyFetch::Fetched
                });
                let set = Arc::new(set);
                known.keys = Some(Fetched { set, at });
            }
            // Once for each time that it goes away, not for each try.
            Err(error) => {
                self.metrics.keys_fetched(KeyFetch::Failed);
                if known.failed.replace(at).is_none() {
                    tracing::warn!(url = %self.url, %error, "The token issuer's keys cannot be fetched");
                }
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is complete by itself, so that a panic elsewhere leaves nothing half done.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn usable(&self, now: Tick) -> Option<Arc<KeySet>> {
        let keys = self.keys.as_ref()?;
        (now.since(keys.at) < STALE).then(|| Arc::clone(&keys.set))
    }

    fn is_fresh(&self, now: Tick) -> bool {
        let at = self.keys.as_ref().map(|keys| keys.at);
        at.is_some_and(|at| now.since(at) < FRESH)
    }

    fn is_request_due(&self, now: Tick) -> bool {
        let (last, pause) = if self.is_fresh(now) {
            (self.asked_for_unknown, UNKNOWN_KEY)
        } else {
            (self.failed, RETRY)
        };
        last.is_none_or(|last| now.since(last) >= pause)
    }
}
