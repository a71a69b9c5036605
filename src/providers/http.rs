//! One place from which requests to providers go out: time-outs, tries and their pauses.

mod answer;
mod error;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use answer::Answer;
pub(crate) use error::HttpError;
pub(crate) use request::Request;
/// How a request begins.
pub(crate) use reqwest::Method;

use crate::clock::{Clock, Tick};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// A request in all, its tries and pauses included.
    total: Duration,
    /// One try of several, so that a try that hangs leaves room for another.
    one_try: Duration,
    /// The least that a try is begun with.
    least: Duration,
    /// The first pause, before jitter; each is twice the one before.
    pause: Duration,
}

impl Limits {
    const USUAL: Self = Self {
        total: Duration::from_secs(10),
        one_try: Duration::from_secs(4),
        least: Duration::from_millis(250),
        pause: Duration::from_millis(200),
    };
    const CONNECT: Duration = Duration::from_secs(2);
    const MOST_RETRIES: usize = 3;

    fn pauses(self) -> impl Iterator<Item = Duration> {
        ExponentialBuilder::new()
            .with_min_delay(self.pause)
            .with_max_times(Self::MOST_RETRIES)
            .with_jitter()
            .build()
    }
}

/// Sends requests to providers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    clock: Clock,
    limits: Limits,
}

/// The client could not be made; the system's certificates are the likely cause.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be made for the providers: {0}")]
pub struct StartError(#[from] reqwest::Error);

impl Http {
    /// Makes the client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(clock: Clock) -> Result<Self, StartError> {
        Self::within(clock, Limits::USUAL)
    }

    /// As usual, but without pauses to speak of, which nobody would wind the clock through.
    #[cfg(test)]
    pub(crate) fn without_pauses(clock: Clock) -> Self {
        let limits = Limits {
            pause: Duration::ZERO,
            ..Limits::USUAL
        };
        Self::within(clock, limits).unwrap()
    }

    /// No redirect is followed: the key goes to the configured address and nowhere else. What is
    /// tried again is decided here alone, so the client's own retries are off.
    fn within(clock: Clock, limits: Limits) -> Result<Self, StartError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Limits::CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            clock,
            limits,
        })
    }

    /// The clock by which pauses are made.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends the request and waits for the answer, whatever its status, for 10 s at most. One that
    /// may be repeated is tried again, three times at most, after 408, 425, 429, 5xx, a success
    /// that cannot be read, and when there was no answer; `Retry-After` is honoured as long as it
    /// leaves time for another try.
    ///
    /// The budget and the pauses go by the [`Clock`]; a try's own time-out goes by the machine's
    /// time, since a network cannot be wound by hand.
    ///
    /// # Errors
    /// When the last try had no answer.
    pub async fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let total = request.total.unwrap_or(self.limits.total);
        let deadline = self.clock.tick().plus(total.min(self.limits.total));
        let mut pauses = self.limits.pauses();
        let mut in_doubt = false;
        loop {
            let outcome = self.attempt(request, self.left(deadline)).await;
            let pause = match &outcome {
                Ok(answer) if answer.is_passing() => pauses.next().map(|usual| {
                    let asked = answer.retry_after.unwrap_or(usual);
                    asked.max(usual)
                }),
                Err(error) if error.is_passing() => pauses.next(),
                _ => None,
            };
            let in_time = pause.filter(|pause| {
                request.repeatable && *pause + self.limits.least <= self.left(deadline)
            });
            let Some(pause) = in_time else {
                return concluded(outcome, in_doubt);
            };
            in_doubt |= match &outcome {
                Ok(answer) => answer.in_doubt,
                Err(error) => error.in_doubt(),
            };
            tracing::debug!("{request:?} is tried again in {pause:?}");
            self.clock.sleep(pause).await;
        }
    }

    async fn attempt(&self, request: &Request, left: Duration) -> Result<Answer, HttpError> {
        let host = request.host();
        let url = request.url.clone().ok_or(HttpError::Unsendable(
            "a part of its address is empty or leads elsewhere",
        ))?;
        let one_try = if request.repeatable {
            self.limits.one_try.min(left)
        } else {
            left
        };
        let mut sending = self.client.request(request.method.clone(), url);
        if let Some((name, value)) = request.header()? {
            sending = sending.header(name, value);
        }
        if let Some(body) = &request.body {
            sending = sending.json(body);
        }
        if let Some(form) = &request.form {
            sending = sending
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.as_str().to_owned());
        }
        let answer = sending.timeout(one_try).send().await;
        let answer = answer.map_err(|error| HttpError::of(error, &host))?;
        answer::read(answer, &host, request.most_bytes, self.clock.now()).await
    }

    fn left(&self, deadline: Tick) -> Duration {
        deadline.since(self.clock.tick())
    }
}

/// The last outcome, with the doubt that earlier tries left.
fn concluded(outcome: Result<Answer, HttpError>, in_doubt: bool) -> Result<Answer, HttpError> {
    match outcome {
        Ok(answer) => Ok(Answer {
            in_doubt: (answer.in_doubt || in_doubt) && !answer.is_success(),
            ..answer
        }),
        Err(error) if in_doubt => Err(error.after_doubt()),
        error => error,
    }
}
