//! Faults on demand.

use super::super::losses::{ANY, Losses};
use super::super::webhook::Webhook;
use super::problem::Problem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a faulty request gets instead of its answer.
#[derive(Clone, Debug)]
pub(super) enum Instead {
    /// Its answer after all.
    Nothing,
    /// An error in Telnyx's shape.
    Error(Problem),
    /// The same with `Retry-After`, in seconds.
    TooMany(u64),
    /// 200, and no JSON.
    Garbage,
    /// 502, and the page of a proxy.
    Html,
    /// No answer ever.
    Silence,
    /// A closed connection.
    Hangup,
}

/// One way in which a request goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) instead: Instead,
    pub(super) effect: bool,
    pub(super) after: Duration,
}

impl Fault {
    fn new(instead: Instead, effect: bool) -> Self {
        let after = Duration::ZERO;
        Self {
            instead,
            effect,
            after,
        }
    }

    /// 429 with `Retry-After`.
    #[must_use]
    pub fn too_many_requests(retry_after_secs: u64) -> Self {
        Self::new(Instead::TooMany(retry_after_secs), false)
    }

    /// A status with the error body that usually comes with it: 500, 503.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Instead::Error(Problem::of_status(status)), false)
    }

    /// A refusal, such as 403 `D35` at `/from` or 422 `10016`.
    #[must_use]
    pub fn refusal(status: u16, code: &str, pointer: &str) -> Self {
        let problem = Problem::new(status, code, "Refused", "The request was refused.");
        Self::new(Instead::Error(problem.at(pointer)), false)
    }

    /// 200 with a body that is no JSON; the command is done.
    #[must_use]
    pub fn garbage() -> Self {
        Self::new(Instead::Garbage, true)
    }

    /// 502 with a page, as from a proxy.
    #[must_use]
    pub fn html() -> Self {
        Self::new(Instead::Html, false)
    }

    /// The usual answer, so much later by the carrier's clock; the command is done at once.
    #[must_use]
    pub fn slow(after: Duration) -> Self {
        Self::new(Instead::Nothing, true).after(after)
    }

    /// No answer, until the client gives up.
    #[must_use]
    pub fn hangs() -> Self {
        Self::new(Instead::Silence, false)
    }

    /// The connection closes without an answer.
    #[must_use]
    pub fn drops() -> Self {
        Self::new(Instead::Hangup, false)
    }

    /// The command is done all the same.
    #[must_use]
    pub fn with_effect(mut self) -> Self {
        self.effect = true;
        self
    }

    /// The command is not done.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        self.effect = false;
        self
    }

    /// So much later by the carrier's clock.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }
}

/// The faults that were asked for. Clones are the same. Those asked for first are used up first.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    due: Arc<Mutex<Vec<Due>>>,
    losses: Losses,
}

#[derive(Debug)]
struct Due {
    action: String,
    left: Option<u32>,
    fault: Fault,
}

impl Faults {
    pub(super) fn new(losses: Losses) -> Self {
        let due = Arc::default();
        Self { due, losses }
    }

    /// The next `times` requests of this action, or of [`ANY`], go wrong like this.
    pub fn next(&self, times: u32, action: &str, fault: Fault) {
        self.ask(action, Some(times), fault);
    }

    /// All of them do, until [`Faults::lift`].
    pub fn until_lifted(&self, action: &str, fault: Fault) {
        self.ask(action, None, fault);
    }

    /// The next `times` webhooks of this type, or of [`ANY`], are never sent.
    pub fn loses(&self, event_type: &str, times: u32) {
        self.losses.ask(event_type, Some(times));
    }

    /// None of them is sent until [`Faults::lift`].
    pub fn loses_until_lifted(&self, event_type: &str) {
        self.losses.ask(event_type, None);
    }

    /// What was never sent, in order. A test can still deliver it, late.
    #[must_use]
    pub fn lost(&self) -> Vec<Webhook> {
        self.losses.lost()
    }

    /// From now on nothing goes wrong.
    pub fn lift(&self) {
        self.due().clear();
        self.losses.lift();
    }

    /// The fault of the request that comes now.
    pub(super) fn take(&self, action: &str) -> Option<Fault> {
        let mut due = self.due();
        let wanted =
            |due: &&mut Due| (due.action == action || due.action == ANY) && due.left != Some(0);
        let found = due.iter_mut().find(wanted)?;
        found.left = found.left.map(|left| left - 1);
        Some(found.fault.clone())
    }

    fn ask(&self, action: &str, left: Option<u32>, fault: Fault) {
        let action = action.to_owned();
        self.due().push(Due {
            action,
            left,
            fault,
        });
    }

    fn due(&self) -> MutexGuard<'_, Vec<Due>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
