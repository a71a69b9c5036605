//! One call's life: a caller at the simulated carrier, agents at the real routes. A person at a
//! board may take part: a call that somebody has taken is left to whoever it is.

use super::phones::Manner;
use super::schedule::{Course, Fall};
use super::simulation::{Agent, Click, Simulation};
use callboard_simulator::{Caller, Dice, Hears};
use std::time::Duration;

/// Between two looks whether the caller hears somebody.
const LOOK: Duration = Duration::from_millis(100);
/// How long a caller waits for the phone of whoever took the call: longer than it may ring.
const PATIENCE: Duration = Duration::from_secs(35);
/// How long a phone rings that nobody answers, and a little more: the server's choice, at any speed.
const RINGS_OUT: Duration = Duration::from_secs(26);

/// A call being played. Every verb is something that happens; `None` means that the demo ends and
/// nothing more may happen.
pub(super) struct PlayedCall<'a> {
    simulation: &'a Simulation,
    dice: Dice,
    caller: Caller,
}

impl<'a> PlayedCall<'a> {
    /// A call that the dice decide rings.
    pub(super) async fn begin(simulation: &'a Simulation, dice: Dice) -> Self {
        let from = format!("+1555010{:04}", dice.below(9_000));
        let leg = simulation.carrier.new_call_by(dice.fork(), &from);
        let caller = simulation.rings(leg).await;
        Self {
            simulation,
            dice,
            caller,
        }
    }

    /// A call that a former run left open: its caller gives up now that the carrier is back.
    pub(super) async fn end_of(
        simulation: &'a Simulation,
        dice: Dice,
        caller: Caller,
    ) -> Option<()> {
        let books = || simulation.ledger.books();
        books().plays(caller.session(), caller.id());
        let play = Self {
            simulation,
            dice,
            caller,
        };
        play.wait(4_000, 12_000).await?;
        play.caller.hangs_up();
        Some(())
    }

    /// Plays a course to its end. Every call rings for some seconds before an agent of the course
    /// clicks, so that a person can be first.
    pub(super) async fn play(self, course: Course) -> Option<()> {
        match course {
            Course::Abandoned => self.gives_up(14_000, 20_000).await,
            Course::Answered => self.is_answered(false).await,
            Course::HungUp => self.is_answered(true).await,
            Course::Race => self.is_raced_for().await,
            Course::Released(fall) => self.falls_back(fall).await,
        }
    }

    async fn is_answered(&self, agent_hangs_up: bool) -> Option<()> {
        let agent = self.one_agent();
        self.wait(6_000, 9_000).await?;
        self.is_taken_by(&agent, agent_hangs_up).await
    }

    /// Both agents click at once: one has it, and the other is told by whom.
    async fn is_raced_for(&self) -> Option<()> {
        let (first, second) = self.two_agents();
        self.wait(6_000, 8_000).await?;
        if !self.simulation.is_waiting(&self.caller).await {
            return self.talks(None).await;
        }
        let (one, other) = tokio::join!(
            self.simulation.click(&self.caller, &first),
            self.simulation.click(&self.caller, &second)
        );
        let (winner, loser, told) = match (one, other) {
            (Click::Won, Click::Told(name)) => (first, second, name),
            (Click::Told(name), Click::Won) => (second, first, name),
            _ => return self.talks(None).await,
        };
        // The boards speak first.
        self.wait(200, 200).await?;
        let (winner_name, loser_name) = (winner.name(), loser.name());
        let race = format!(
            "race: {winner_name} and {loser_name} clicked at the same moment; {winner_name} has \
             it, {loser_name} was told that {told} has"
        );
        self.simulation.note(&self.caller, &race).await;
        self.talks(None).await
    }

    /// One agent takes it and does not get it; the other one answers.
    async fn falls_back(&self, fall: Fall) -> Option<()> {
        let (first, second) = self.two_agents();
        self.wait(5_000, 7_000).await?;
        if !self.simulation.is_waiting(&self.caller).await {
            return self.talks(None).await;
        }
        let manner = match fall {
            Fall::Busy => Manner::IsBusy,
            Fall::RingsOut | Fall::GivenBack => Manner::LetsRing,
        };
        self.simulation.phones.expect(&self.caller, manner);
        let click = self.simulation.click(&self.caller, &first).await;
        if let Click::Told(_) | Click::Nothing = click {
            self.simulation.phones.forget(&self.caller);
            return self.talks(None).await;
        }
        match fall {
            Fall::Busy => self.wait(1_500, 2_000).await?,
            Fall::RingsOut => self.simulation.wait_exactly(RINGS_OUT).await?,
            Fall::GivenBack => {
                self.wait(2_000, 3_000).await?;
                self.simulation.give_back(&self.caller, &first).await;
            }
        }
        self.simulation.phones.forget(&self.caller);
        self.wait(4_000, 6_000).await?;
        self.is_taken_by(&second, false).await
    }

    /// An agent clicks, unless somebody has it already.
    async fn is_taken_by(&self, agent: &Agent, hangs_up: bool) -> Option<()> {
        if !self.simulation.is_waiting(&self.caller).await {
            return self.talks(None).await;
        }
        match self.simulation.click(&self.caller, agent).await {
            Click::Won => self.talks(hangs_up.then_some(agent)).await,
            Click::Told(_) => self.talks(None).await,
            Click::Nothing => self.gives_up(3_000, 6_000).await,
        }
    }

    /// Somebody has the call. They talk once the phone is answered, and then the caller hangs up,
    /// or this agent does.
    async fn talks(&self, agent: Option<&Agent>) -> Option<()> {
        let until = self.simulation.clock.now();
        let patience = PATIENCE.div_f64(self.simulation.speed);
        let until = until.plus_micros(i64::try_from(patience.as_micros()).unwrap_or(i64::MAX));
        while !matches!(self.caller.hears(), Hears::Party(_)) {
            if !self.caller.is_alive() || self.simulation.clock.now() > until {
                self.caller.hangs_up();
                return Some(());
            }
            self.simulation.wait_exactly(LOOK).await?;
        }
        self.wait(6_000, 18_000).await?;
        match agent {
            Some(agent) if self.caller.is_alive() => {
                self.simulation.hang_up(&self.caller, agent).await;
            }
            _ => self.caller.hangs_up(),
        }
        Some(())
    }

    /// The caller loses patience, unless somebody has taken the call meanwhile.
    async fn gives_up(&self, shortest_ms: u64, longest_ms: u64) -> Option<()> {
        self.wait(shortest_ms, longest_ms).await?;
        if self.caller.is_alive() && !self.simulation.is_waiting(&self.caller).await {
            return self.talks(None).await;
        }
        self.caller.hangs_up();
        Some(())
    }

    async fn wait(&self, shortest_ms: u64, longest_ms: u64) -> Option<()> {
        let (shortest, longest) = (
            Duration::from_millis(shortest_ms),
            Duration::from_millis(longest_ms),
        );
        self.simulation
            .wait(self.dice.between(shortest, longest))
            .await
    }

    fn two_agents(&self) -> (Agent, Agent) {
        let one = self.one_agent();
        let mut others = self.simulation.agents.iter();
        let other = others.find(|agent| agent.user.id != one.user.id);
        let other = other.unwrap_or(&one).clone();
        (one, other)
    }

    fn one_agent(&self) -> Agent {
        let agents = &self.simulation.agents;
        let many = u64::try_from(agents.len()).unwrap_or(1);
        let place = usize::try_from(self.dice.below(many)).unwrap_or(0);
        #[allow(clippy::expect_used)] // The demo's cast has two, and the dice keep below that.
        agents.get(place).expect("a demo has agents").clone()
    }
}
