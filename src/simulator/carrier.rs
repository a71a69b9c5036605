//! The carrier: whose webhooks go where, and how.

use super::dice::Dice;
use super::key::SigningKey;
use super::leg::{Leg, Line};
use super::schedule::RetrySchedule;
use crate::clock::Clock;
use reqwest::redirect::Policy;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Requests in flight at once; more wait their turn. Below the 1024 file descriptors that a
/// process usually may open, so that a server that hangs cannot take them all.
const REQUESTS_AT_ONCE: usize = 256;

/// An idle connection is not used again after this long: less than servers keep one open, or a
/// request would sometimes meet a connection that is just being closed.
const IDLE: Duration = Duration::from_secs(2);

/// Whose webhooks go where, and how.
#[derive(Clone, Debug)]
pub struct CarrierSettings {
    /// Where webhooks go: the application's `webhook_event_url`.
    pub webhook_url: Url,
    /// Where they go after two failures in a row, if anywhere: `webhook_event_failover_url`.
    pub failover_url: Option<Url>,
    /// Signs them.
    pub key: SigningKey,
    /// The application's id; payloads leave it out when absent.
    pub connection_id: Option<String>,
    /// The number that callers dial.
    pub number: String,
    /// Tells when events occur and are signed, and waits between attempts. What each attempt may
    /// take is measured by the machine's own clock.
    pub clock: Clock,
    /// When to try again.
    pub schedule: RetrySchedule,
}

impl CarrierSettings {
    /// Settings with the voice schedule, no failover, no connection id, and a number of the range
    /// that is kept for fiction.
    #[must_use]
    pub fn new(webhook_url: Url, key: SigningKey, clock: impl Into<Clock>) -> Self {
        Self {
            webhook_url,
            failover_url: None,
            key,
            connection_id: None,
            number: "+15550109999".to_owned(),
            clock: clock.into(),
            schedule: RetrySchedule::voice(),
        }
    }
}

/// Why there is no carrier.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// An address is of another kind.
    #[error("The webhook URL must begin with http:// or https://, not `{0}:`")]
    NotHttp(String),
    /// The HTTP client did not start.
    #[error("The HTTP client could not be set up: {0}")]
    Http(#[from] reqwest::Error),
}

/// A simulated Telnyx, seen from the webhook's end. Make it on the runtime that will use it.
#[derive(Debug)]
pub struct Carrier {
    pub(super) settings: CarrierSettings,
    pub(super) http: reqwest::Client,
    pub(super) room: Semaphore,
}

impl Carrier {
    /// A carrier with these settings.
    ///
    /// # Errors
    /// When an address is not HTTP, or the HTTP client cannot start (no TLS roots, for one).
    pub fn new(settings: CarrierSettings) -> Result<Self, CarrierError> {
        for url in [Some(&settings.webhook_url), settings.failover_url.as_ref()] {
            if let Some(other) = url.filter(|url| !matches!(url.scheme(), "http" | "https")) {
                return Err(CarrierError::NotHttp(other.scheme().to_owned()));
            }
        }
        let most = settings.schedule.redirects();
        let http = reqwest::Client::builder()
            .user_agent("telnyx-webhooks")
            .timeout(settings.schedule.timeout())
            .pool_idle_timeout(IDLE)
            // What is not followed any further is an answer like another.
            .redirect(Policy::custom(move |hop| {
                if hop.previous().len() > most {
                    hop.stop()
                } else {
                    hop.follow()
                }
            }))
            // A carrier reaches its customers directly; settings of the machine are not asked.
            .no_proxy()
            .build()?;
        let room = Semaphore::new(REQUESTS_AT_ONCE);
        Ok(Self {
            settings,
            http,
            room,
        })
    }

    /// A new caller's leg, which begins now. Nothing is sent before it is told to
    /// [`Leg::initiated`] and that is delivered.
    #[must_use]
    pub fn new_call(&self, from: &str) -> Leg {
        self.new_call_by(Dice::by_chance(), from)
    }

    /// The same with ids that the dice decide, for calls that can be made again.
    #[must_use]
    pub fn new_call_by(&self, dice: Dice, from: &str) -> Leg {
        let line = Line {
            clock: self.settings.clock.clone(),
            connection_id: self.settings.connection_id.clone(),
            number: self.settings.number.clone(),
        };
        Leg::incoming(line, dice, from)
    }

    /// The clock that the carrier goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.settings.clock
    }

    /// Where an attempt goes.
    pub(super) fn address(&self, attempt: u32) -> &Url {
        let failover = self.settings.failover_url.as_ref();
        let due = |_: &&Url| RetrySchedule::fails_over(attempt);
        failover.filter(due).unwrap_or(&self.settings.webhook_url)
    }
}

#[cfg(test)]
mod tests {
    use super::{Carrier, CarrierSettings};
    use crate::SigningKey;
    use crate::hands::system;

    #[test]
    fn an_address_that_is_not_http_is_refused() {
        let key = SigningKey::from_seed([7; 32]).unwrap();
        let url = "ftp://example.com/".parse().unwrap();
        let error = Carrier::new(CarrierSettings::new(url, key, system())).unwrap_err();
        assert!(error.to_string().contains("not `ftp:`"), "{error}");
    }
}
