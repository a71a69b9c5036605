//! A board that stays on the wall: it comes back by itself, from where it was.

use super::{
    Backoff, Browser, BrowserError, BrowserSettings, Checker, Closed, ErrorFrame, Fault, Message,
    Received,
};
use crate::clock::{Clock, Timestamp};
use secrecy::SecretString;
use std::time::Duration;

/// A client that hears nothing for this many half heartbeats takes the connection for dead.
const SILENCE_HALVES: u32 = 5;

/// A board that reconnects with its position as `static/docs/contract.md` asks: after the error frame's
/// `retry_after_ms` where there is one, else with full-jitter back-off, and never after a code of
/// 4500–4999. All that comes passes through its [`Checker`].
#[derive(Debug)]
pub struct ResumingBrowser {
    settings: BrowserSettings,
    clock: Clock,
    backoff: Backoff,
    checker: Checker,
    link: Link,
    /// The last error frame of the present connection.
    error: Option<ErrorFrame>,
}

#[derive(Debug)]
enum Link {
    /// To be connected, not before that moment if there is one.
    Down(Option<Timestamp>),
    /// Connected, and when it was last heard.
    Up(Box<Browser>, Timestamp),
    /// Turned away for good.
    Stopped(Closed, Option<ErrorFrame>),
}

/// What happened to a board.
#[derive(Debug)]
pub enum Step {
    /// A message came, possibly against a promise.
    Received {
        /// The message and its text.
        received: Received,
        /// The promise that it breaks.
        fault: Option<Fault>,
    },
    /// The connection is lost, or could not be made; the next step waits and tries again.
    Lost(Lost),
}

/// A connection that will be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The close frame, if the connection was made and ended with one (or with 1006).
    pub closed: Option<Closed>,
    /// Why, for people.
    pub why: String,
    /// How long the board stays away.
    pub wait: Duration,
}

impl ResumingBrowser {
    /// A board that connects at the first [`next`](Self::next) and waits by `clock`.
    #[must_use]
    pub fn new(settings: BrowserSettings, clock: impl Into<Clock>) -> Self {
        Self {
            settings,
            clock: clock.into(),
            backoff: Backoff::new(),
            checker: Checker::new(),
            link: Link::Down(None),
            error: None,
        }
    }

    /// The same, drawing its waits from `backoff`: for runs that are to be repeated.
    #[must_use]
    pub fn with_backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// What this board knows, and what was wrong with what it was told.
    #[must_use]
    pub const fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Whether the connection stands.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up(..))
    }

    /// The token of the connections to come; a standing connection takes it over as well.
    ///
    /// # Errors
    /// When the standing connection is gone; the next one has the token.
    pub async fn refresh(&mut self, token: SecretString) -> Result<(), BrowserError> {
        self.settings.token = token;
        match &mut self.link {
            Link::Up(browser, _) => browser.refresh(&self.settings.token).await,
            Link::Down(_) | Link::Stopped(..) => Ok(()),
        }
    }

    /// The next thing that happens; connects and waits as needed. Nothing is lost when this is
    /// dropped while it waits.
    ///
    /// # Errors
    /// When coming back would not help: turned away with 4500–4999 or 1009, a wrong address, a
    /// server that does not speak the protocol.
    pub async fn next(&mut self) -> Result<Step, BrowserError> {
        loop {
            match &mut self.link {
                Link::Stopped(closed, error) => {
                    return Err(BrowserError::Closed {
                        closed: closed.clone(),
                        error: error.clone(),
                    });
                }
                Link::Down(until) => {
                    if let Some(moment) = *until {
                        self.clock.sleep_until(moment).await;
                    }
                    if let Some(lost) = self.connect().await? {
                        return Ok(Step::Lost(lost));
                    }
                }
                Link::Up(browser, heard) => {
                    let silence = silence(browser.heartbeat());
                    let deadline = heard.plus_micros(micros(silence));
                    let received = tokio::select! {
                        biased;
                        received = browser.receive() => Some(received),
                        () = self.clock.sleep_until(deadline) => None,
                    };
                    return match received {
                        Some(Ok(received)) => self.received(received),
                        Some(Err(error)) => self.failed(error).map(Step::Lost),
                        None => {
                            let seconds = silence.as_secs_f32();
                            let why = format!("heard nothing for {seconds} s");
                            Ok(Step::Lost(self.lost(None, why)))
                        }
                    };
                }
            }
        }
    }

    /// Says goodbye, and hands over what the board knows.
    pub async fn close(self) -> Checker {
        if let Link::Up(browser, _) = self.link {
            browser.close().await;
        }
        self.checker
    }

    async fn connect(&mut self) -> Result<Option<Lost>, BrowserError> {
        let settings = BrowserSettings {
            position: self.checker.position().cloned(),
            ..self.settings.clone()
        };
        match Browser::connect(settings).await {
            Ok(browser) => {
                self.link = Link::Up(Box::new(browser), self.clock.now());
                Ok(None)
            }
            Err(error) => self.failed(error).map(Some),
        }
    }

    fn received(&mut self, received: Received) -> Result<Step, BrowserError> {
        if let Link::Up(_, heard) = &mut self.link {
            *heard = self.clock.now();
        }
        let fault = self.checker.feed(&received.message);
        match &received.message {
            Message::Closed(closed) => return self.closed(closed.clone()).map(Step::Lost),
            Message::Error(error) => self.error = Some(error.clone()),
            // An answer alone proves little: a server may take each board in, only to drop it.
            Message::Event(_) | Message::Agent(_) | Message::Heartbeat { .. } => {
                self.backoff.reset();
            }
            _ => {}
        }
        Ok(Step::Received { received, fault })
    }

    fn closed(&mut self, closed: Closed) -> Result<Lost, BrowserError> {
        if closed.code.may_reconnect() {
            let why = closed.to_string();
            return Ok(self.lost(Some(closed), why));
        }
        let error = self.error.take();
        self.link = Link::Stopped(closed.clone(), error.clone());
        Err(BrowserError::Closed { closed, error })
    }

    fn failed(&mut self, error: BrowserError) -> Result<Lost, BrowserError> {
        if !error.may_reconnect() {
            self.link = match &error {
                BrowserError::Closed { closed, error } => {
                    Link::Stopped(closed.clone(), error.clone())
                }
                _ => Link::Down(None),
            };
            self.checker.disconnected();
            return Err(error);
        }
        self.error = error.error_frame().cloned();
        let why = error.to_string();
        let closed = match error {
            BrowserError::Closed { closed, .. } => Some(closed),
            _ => None,
        };
        Ok(self.lost(closed, why))
    }

    /// The server's word on when to come back goes before our own: it spreads its clients itself.
    fn lost(&mut self, closed: Option<Closed>, why: String) -> Lost {
        let told = self.error.take().and_then(|error| error.retry_after_ms);
        let wait = told.map_or_else(|| self.backoff.next_wait(), Duration::from_millis);
        let until = self.clock.now().plus_micros(micros(wait));
        self.link = Link::Down(Some(until));
        self.checker.disconnected();
        Lost { closed, why, wait }
    }
}

/// A server that names no heartbeat is still given time to speak.
fn silence(heartbeat: Duration) -> Duration {
    heartbeat.max(Duration::from_secs(1)) * SILENCE_HALVES / 2
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
