//! Agents who take calls and give them back over the API while the server is killed.

use super::deeds::Deeds;
use crate::cli::demo::simulation::Agent;
use crate::clock::Clock;
use callboard_simulator::browser::{PressError, Pressed};
use callboard_simulator::{Caller, Carrier, Dice, Exchange};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two calls.
const EVERY: Duration = Duration::from_millis(150);
/// The agents' calls open at once.
const CALLS_AT_ONCE: usize = 40;
/// How often an agent clicks who gets no answer, and the pause between: longer than the server is
/// ever away.
const CLICKS: usize = 40;
const PAUSE: Duration = Duration::from_millis(200);

/// The agents and their calls. Clones are the same.
#[derive(Clone)]
pub(super) struct Office(Arc<Inner>);

struct Inner {
    carrier: Arc<Carrier>,
    exchange: Exchange,
    agents: Vec<Agent>,
    dice: Dice,
    clock: Clock,
    deeds: Mutex<Deeds>,
}

impl Office {
    /// An office that has not opened. The dice decide what the agents do.
    pub(super) fn new(
        carrier: Arc<Carrier>,
        exchange: Exchange,
        agents: Vec<Agent>,
        dice: Dice,
        clock: Clock,
    ) -> Self {
        let deeds = Mutex::default();
        Self(Arc::new(Inner {
            carrier,
            exchange,
            agents,
            dice,
            clock,
            deeds,
        }))
    }

    /// What was done so far.
    pub(super) fn deeds(&self) -> MutexGuard<'_, Deeds> {
        let deeds = &self.0.deeds;
        deeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes calls until stopped; then those that are open come to their end, and all that the
    /// carrier has to say of them is said.
    pub(super) async fn run(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CALLS_AT_ONCE));
        let mut calls = JoinSet::new();
        loop {
            let turn = async {
                self.0.clock.sleep(EVERY).await;
                Arc::clone(&places).acquire_owned().await
            };
            let Some(Ok(place)) = stop.run_until_cancelled(turn).await else {
                break;
            };
            while calls.try_join_next().is_some() {}
            let (office, dice) = (self.clone(), self.0.dice.fork());
            calls.spawn(async move {
                office.call(&dice).await;
                drop(place);
            });
        }
        while calls.join_next().await.is_some() {}
        self.0.exchange.settled().await;
    }

    /// One call: raced for, given back and taken again, or simply answered; it ends by the caller
    /// or by an agent.
    async fn call(&self, dice: &Dice) {
        let from = format!("+1555010{:04}", dice.below(9_000));
        let leg = self.0.carrier.new_call_by(dice.fork(), &from);
        self.deeds()
            .plays(leg.call_session_id, &leg.call_control_id);
        let caller = self.0.exchange.begins(leg).await;
        let [one, other] = self.two(dice);
        self.pause(dice, 50, 600).await;
        match dice.below(3) {
            0 => {
                tokio::join!(self.answers(&caller, one), self.answers(&caller, other));
            }
            1 => {
                self.answers(&caller, one).await;
                self.pause(dice, 20, 300).await;
                self.gives_back(&caller, one).await;
                self.answers(&caller, other).await;
            }
            _ => self.answers(&caller, one).await,
        }
        self.pause(dice, 300, 2_500).await;
        if dice.percent(30) {
            let _ = one.buttons.end(caller.id()).await;
        }
        caller.hangs_up();
    }

    fn two(&self, dice: &Dice) -> [&Agent; 2] {
        let agents = &self.0.agents;
        #[allow(clippy::expect_used)] // The demo's cast has two.
        let (first, last) = (agents.first().zip(agents.last())).expect("agents");
        if dice.percent(50) {
            [first, last]
        } else {
            [last, first]
        }
    }

    async fn answers(&self, caller: &Caller, agent: &Agent) {
        let pressed = self.until_told(caller, || agent.buttons.answer(caller.id()));
        if let Some(Pressed::Done(call)) = pressed.await {
            let (id, call) = (agent.user.id.to_string(), call.as_deref());
            self.deeds().answered(caller.id(), &id, call);
        }
    }

    async fn gives_back(&self, caller: &Caller, agent: &Agent) {
        let pressed = self.until_told(caller, || agent.buttons.release(caller.id()));
        if let Some(Pressed::Done(_)) = pressed.await {
            let id = agent.user.id.to_string();
            self.deeds().released(caller.id(), &id);
        }
    }

    /// Clicks until there is an answer, as somebody does whose server is being killed: what became
    /// of a click without one is not known. A server that has not heard of the call yet is asked
    /// again.
    async fn until_told<F>(&self, caller: &Caller, click: impl Fn() -> F) -> Option<Pressed>
    where
        F: Future<Output = Result<Pressed, PressError>>,
    {
        for _ in 0..CLICKS {
            match click().await {
                Err(_) | Ok(Pressed::Gone | Pressed::Failed(..)) if caller.is_alive() => {
                    self.0.clock.sleep(PAUSE).await;
                }
                pressed => return pressed.ok(),
            }
        }
        None
    }

    async fn pause(&self, dice: &Dice, shortest_ms: u64, longest_ms: u64) {
        let (shortest, longest) = (
            Duration::from_millis(shortest_ms),
            Duration::from_millis(longest_ms),
        );
        self.0.clock.sleep(dice.between(shortest, longest)).await;
    }
}
