//! What all calls of a demo share: the carrier outside, and the agents at their boards.

mod attend;

pub(super) use attend::attend;

use super::ledger::Ledger;
use super::links::Login;
use super::numbers::caller;
use super::phones::Phones;
use crate::cli::text::plain;
use crate::domain::User;
use callboard_simulator::browser::{Buttons, Pressed};
use callboard_simulator::{Caller, Carrier, Clock, Exchange, Leg, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The outside of a demo, as its calls need it.
pub(super) struct Simulation {
    pub(super) carrier: Arc<Carrier>,
    pub(super) exchange: Exchange,
    /// At least one.
    pub(super) agents: Vec<Agent>,
    pub(super) phones: Phones,
    pub(super) ledger: Arc<Ledger>,
    /// What the player has to say, to be printed.
    pub(super) notes: mpsc::Sender<String>,
    pub(super) speed: f64,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
}

/// Somebody who takes calls, and the buttons of that person's board.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) user: User,
    pub(super) buttons: Buttons,
}

impl Agent {
    /// What colleagues call this person.
    pub(super) fn name(&self) -> &str {
        self.user.name.as_deref().unwrap_or("somebody")
    }
}

/// What an agent's click came to.
#[derive(Debug)]
pub(super) enum Click {
    /// The call is this agent's.
    Won,
    /// Somebody has it, by this name.
    Told(String),
    /// It is over, or the click came to nothing.
    Nothing,
}

impl Simulation {
    /// Waits for a natural time; `None` when the demo ends meanwhile, after which nothing more
    /// must happen.
    pub(super) async fn wait(&self, natural: Duration) -> Option<()> {
        self.wait_exactly(natural.div_f64(self.speed)).await
    }

    /// The same at whatever speed.
    pub(super) async fn wait_exactly(&self, time: Duration) -> Option<()> {
        let waited = self.clock.sleep(time);
        self.stop.run_until_cancelled(waited).await
    }

    /// Says something on the terminal.
    pub(super) async fn note(&self, call: &Caller, text: &str) {
        let number = caller(Some(&call.leg().from));
        // At the end nobody prints any more.
        let _ = self.notes.send(format!("{number} {text}")).await;
    }

    /// Somebody calls.
    pub(super) async fn rings(&self, leg: Leg) -> Caller {
        let books = || self.ledger.books();
        books().plays(leg.call_session_id, &leg.call_control_id);
        self.exchange.begins(leg).await
    }

    /// Whether the call rings on the boards and nobody has it.
    pub(super) async fn is_waiting(&self, call: &Caller) -> bool {
        let Some(agent) = self.agents.first() else {
            return false;
        };
        let waiting = agent.buttons.is_waiting(call.id()).await;
        waiting.unwrap_or_else(|error| {
            tracing::error!("The waiting calls are not known: {error}");
            false
        })
    }

    /// An agent clicks on Answer.
    pub(super) async fn click(&self, call: &Caller, agent: &Agent) -> Click {
        match agent.buttons.answer(call.id()).await {
            Ok(Pressed::Done(Some(told))) => {
                // The event tells of the call as the answer did.
                let changed = told.text("updated_at").and_then(Timestamp::parse);
                if let Some(changed) = changed {
                    let due = (call.id().to_owned(), changed);
                    self.ledger.books().acknowledged(due, self.clock.now());
                }
                Click::Won
            }
            Ok(Pressed::Taken(by)) => {
                Click::Told(by.map_or_else(|| "somebody".to_owned(), |name| plain(&name)))
            }
            other => {
                log("Answer", other);
                Click::Nothing
            }
        }
    }

    /// An agent gives a call back.
    pub(super) async fn give_back(&self, call: &Caller, agent: &Agent) {
        log("Release", agent.buttons.release(call.id()).await);
    }

    /// An agent hangs up.
    pub(super) async fn hang_up(&self, call: &Caller, agent: &Agent) {
        log("End", agent.buttons.end(call.id()).await);
    }
}

/// The agents among these people.
pub(super) fn agents(
    logins: &[Login],
    address: &url::Url,
) -> Result<Vec<Agent>, callboard_simulator::browser::PressError> {
    let agents = logins.iter().filter(|login| login.takes_calls());
    agents
        .map(|login| {
            Ok(Agent {
                user: login.user.clone(),
                buttons: Buttons::new(address.clone(), login.token.clone())?,
            })
        })
        .collect()
}

fn log(what: &str, pressed: Result<Pressed, callboard_simulator::browser::PressError>) {
    match pressed {
        Ok(Pressed::Failed(status, said)) => tracing::error!("{what} failed: {status} {said}"),
        Ok(pressed) => tracing::debug!("{what}: {pressed:?}"),
        Err(error) => tracing::error!("{what}: {error}"),
    }
}
