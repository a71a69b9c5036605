//! A Supabase project at which people sign in: which ways it has.

use crate::clock::Tick;
use crate::config::Auth;
use crate::providers::http::{Http, Method, Request};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use url::Url;

/// From the first byte sent to the last received: a page is waiting.
const TIME_OUT: Duration = Duration::from_secs(3);
/// Most of an answer that is read, in bytes; settings are one kilobyte.
const MOST_BYTES: usize = 64 * 1024;
/// How long its ways are taken to be the same.
const FRESH: Duration = Duration::from_secs(300);
/// Between two requests while it is away.
const RETRY: Duration = Duration::from_secs(10);
/// Most providers that are told of; projects have two or three.
const MOST_PROVIDERS: usize = 40;
/// Ways that stand among the providers, and are none to which a browser can be sent.
const NO_PROVIDERS: [&str; 4] = ["email", "phone", "anonymous_users", "web3"];

/// The project. Clones share what is known.
#[derive(Clone)]
pub struct Project(Arc<Inner>);

struct Inner {
    url: Url,
    issuer: String,
    key: String,
    http: Http,
    runtime: Handle,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    ways: Option<(ProjectWays, Tick)>,
    failed: Option<Tick>,
}

/// How people sign in at a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectWays {
    /// By e-mail: a password, or a code that is sent.
    pub email: bool,
    /// By these providers, in the order of their names.
    pub providers: Vec<String>,
}

/// Why the project does not tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// It does not take the key.
    #[error("it does not take SUPABASE_ANON_KEY")]
    Key,
    /// Anything else.
    #[error("{0}")]
    Away(String),
}

#[derive(Deserialize)]
struct Settings {
    external: BTreeMap<String, serde_json::Value>,
}

impl Project {
    /// The project of the settings, if people sign in there on our page. It is asked on `runtime`, the
    /// main one.
    #[must_use]
    pub fn new(settings: &Auth, http: Http, runtime: Handle) -> Option<Self> {
        Some(Self(Arc::new(Inner {
            url: settings.supabase_url.clone()?,
            issuer: settings.project_issuer()?,
            key: settings.project_key.clone()?,
            http,
            runtime,
            known: Mutex::default(),
        })))
    }

    /// Where it is spoken to.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0.issuer
    }

    /// What a page shows to it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The ways that it has, as far as we know: while it is away those that it had, and at first
    /// those by e-mail, which every project begins with.
    pub async fn ways(&self) -> ProjectWays {
        let usual = || ProjectWays {
            email: true,
            providers: Vec::new(),
        };
        // Whoever asks next finds the answer, or waits for it.
        let this = self.clone();
        let asked = self.0.runtime.spawn(async move { this.learned().await });
        asked.await.ok().flatten().unwrap_or_else(usual)
    }

    async fn learned(&self) -> Option<ProjectWays> {
        let mut known = self.0.known.lock().await;
        let now = self.0.http.clock().tick();
        let fresh = known.ways.as_ref().filter(|(_, at)| now.since(*at) < FRESH);
        let waits = known.failed.is_some_and(|at| now.since(at) < RETRY);
        if fresh.is_none() && !waits {
            match self.ask().await {
                Ok(ways) => {
                    *known = Known {
                        ways: Some((ways, self.0.http.clock().tick())),
                        failed: None,
                    };
                }
                // Once for each time that it goes away.
                Err(error) => {
                    if known.failed.replace(self.0.http.clock().tick()).is_none() {
                        tracing::warn!(url = %self.0.url, %error, "The project does not say how people sign in there");
                    }
                }
            }
        }
        known.ways.as_ref().map(|(ways, _)| ways.clone())
    }

    /// Asks it, past what is known.
    ///
    /// # Errors
    /// When it does not tell.
    pub async fn ask(&self) -> Result<ProjectWays, ProjectError> {
        let key = SecretString::from(self.0.key.as_str());
        let request = Request::new(Method::GET, &self.0.url, &["auth", "v1", "settings"])
            .key_header("apikey", &key)
            .once()
            .within(TIME_OUT)
            .reading_at_most(MOST_BYTES);
        let answer = self.0.http.send(&request).await;
        let answer = answer.map_err(|error| ProjectError::Away(error.to_string()))?;
        if matches!(answer.status, 401 | 403) {
            return Err(ProjectError::Key);
        }
        let away = || ProjectError::Away(format!("it answered {}", answer.status));
        let settings = answer.is_success().then(|| answer.json::<Settings>());
        let settings = settings.flatten().ok_or_else(away)?;
        Ok(settings.ways())
    }
}

impl Settings {
    fn ways(self) -> ProjectWays {
        let is_on = |name: &str| self.external.get(name) == Some(&true.into());
        let is_provider = |name: &&String| {
            let mut letters = name.bytes();
            let plain =
                letters.all(|letter| letter.is_ascii_alphanumeric() || b"_-:".contains(&letter));
            let other = NO_PROVIDERS.iter().any(|other| name.starts_with(other));
            plain && !other && (1..=40).contains(&name.len())
        };
        let providers = self.external.keys().filter(|name| is_on(name));
        ProjectWays {
            email: is_on("email"),
            providers: providers
                .filter(is_provider)
                .take(MOST_PROVIDERS)
                .cloned()
                .collect(),
        }
    }
}
