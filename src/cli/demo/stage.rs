//! What the stories are played with: the carrier outside, the journal inside, and the agents.

use super::account::{Account, Due};
use super::numbers::caller;
use crate::cli::words::plain;
use crate::clock::Clock;
use crate::domain::{AgencyId, Call, ClaimId, ReleaseReason, User};
use crate::journal::{
    Answer, Append, AppendError, ClaimAnswer, ClaimAppend, Journal, ReleaseAppend,
};
use crate::simulator::{Carrier, Dice, Leg, Outcome, Webhook};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many webhooks of a hundred come twice.
const TWICE: u8 = 25;

/// Shared by all stories of a demo.
pub(super) struct Stage {
    pub(super) carrier: Carrier,
    pub(super) journal: Journal,
    pub(super) agency: AgencyId,
    /// At least one.
    pub(super) agents: Vec<User>,
    pub(super) account: Arc<Account>,
    /// What the director has to say, to be printed.
    pub(super) notes: mpsc::Sender<String>,
    pub(super) speed: f64,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
}

/// What an agent's click came to.
#[derive(Debug)]
pub(super) enum Click {
    /// The call is this agent's.
    Won(ClaimId),
    /// Somebody has it, by this name.
    Told(String),
    /// It is over, or the click was not recorded.
    Nothing,
}

impl Stage {
    /// Waits for a natural time; `None` when the demo ends meanwhile, after which nothing more
    /// must happen.
    pub(super) async fn wait(&self, natural: Duration) -> Option<()> {
        let wait = natural.div_f64(self.speed);
        let waited = self.clock.sleep(wait);
        self.stop.run_until_cancelled(waited).await
    }

    /// Says something on the terminal.
    pub(super) async fn note(&self, call: &Leg, text: &str) {
        let number = caller(Some(&call.from));
        // At the end nobody prints any more.
        let _ = self.notes.send(format!("{number} {text}")).await;
    }

    /// Delivers a webhook, sometimes twice. `due` is what must then show on the boards.
    pub(super) async fn deliver(&self, webhook: &Webhook, due: Option<Due>, dice: &Dice) {
        if let Some(due) = due.clone() {
            self.account.books().expect(due);
        }
        let twice = dice.percent(TWICE);
        let at_once = dice.percent(50);
        if twice && at_once {
            tokio::join!(
                self.deliver_once(webhook, due.as_ref(), false),
                self.deliver_once(webhook, None, true)
            );
            return;
        }
        self.deliver_once(webhook, due.as_ref(), false).await;
        if twice {
            self.deliver_once(webhook, None, true).await;
        }
    }

    async fn deliver_once(&self, webhook: &Webhook, due: Option<&Due>, repeat: bool) {
        let delivery = self.carrier.deliver(webhook).await;
        let now = self.clock.now();
        let mut books = self.account.books();
        if delivery.outcome == Outcome::Acknowledged {
            books.delivered(repeat);
            if let Some(due) = due {
                books.acknowledged(due, now);
            }
            return;
        }
        books.refused();
        if let Some(due) = due {
            books.not_taken(due);
        }
        let (status, attempts) = (delivery.status, delivery.attempts);
        let event = &webhook.event_type;
        tracing::error!(%event, id = %webhook.id, status, attempts, "Webhook not taken");
    }

    /// An agent clicks on a call: what the answer route does, short of the transfer.
    pub(super) async fn click(&self, call: &Leg, agent: &User) -> Click {
        let at = self.clock.now();
        let due = (call.call_control_id.clone(), at);
        self.account.books().expect(due.clone());
        let claim = ClaimAppend {
            agency_id: self.agency,
            call_control_id: call.call_control_id.clone(),
            claim_id: ClaimId(Uuid::new_v4()),
            user_id: agent.id,
            user_name: agent.name.clone(),
            at,
            most: None,
            driven_until: at.plus_seconds(60),
        };
        let answer = self.journal.append(Append::Claim(claim)).await;
        let now = self.clock.now();
        let mut books = self.account.books();
        match answer {
            Ok(Answer::Claim(ClaimAnswer::Won { claim_id, .. })) => {
                books.acknowledged(&due, now);
                Click::Won(claim_id)
            }
            Ok(Answer::Claim(ClaimAnswer::Taken { call })) => {
                books.not_taken(&due);
                Click::Told(holder(&call))
            }
            other => {
                books.not_taken(&due);
                log_failure("Claim", other);
                Click::Nothing
            }
        }
    }

    /// An agent gives a call back.
    pub(super) async fn give_back(&self, call: &Leg, claim: ClaimId, agent: &User) {
        let at = self.clock.now();
        let due = (call.call_control_id.clone(), at);
        self.account.books().expect(due.clone());
        let release = ReleaseAppend {
            agency_id: self.agency,
            claim_id: claim,
            reason: ReleaseReason::Cancelled,
            by: Some(agent.id),
            at,
        };
        let answer = self.journal.append(Append::Release(release)).await;
        let now = self.clock.now();
        let mut books = self.account.books();
        if let Ok(Answer::Done(true)) = answer {
            books.acknowledged(&due, now);
        } else {
            books.not_taken(&due);
            log_failure("Release", answer);
        }
    }
}

fn holder(call: &Call) -> String {
    let name = call.answered_by_name.as_deref();
    name.map_or_else(|| "somebody".to_owned(), plain)
}

fn log_failure(what: &str, answer: Result<Answer, AppendError>) {
    match answer {
        Ok(answer) => tracing::debug!("{what} came to nothing: {answer:?}"),
        Err(error) => tracing::error!("{what} not recorded: {error}"),
    }
}
