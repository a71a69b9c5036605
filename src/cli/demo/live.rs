//! The demo that runs until somebody stops it.

use super::DemoError;
use super::boards::{Boards, Heard, What};
use super::course::PlayedCall;
use super::folder::Folder;
use super::keys::Keys;
use super::launch::{Launched, launch, local};
use super::ledger::Ledger;
use super::links::{Login, Welcome, address, logins};
use super::numbers::counted;
use super::phones::Phones;
use super::schedule::Schedule;
use super::served::Served;
use super::simulation::{Simulation, agents, attend};
use super::terminal::Terminal;
use crate::cli::args::DemoArgs;
use crate::cli::stop::StopSignals;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::User;
use callboard_simulator::browser::Message;
use callboard_simulator::{
    self as simulator, Acknowledged, Caller, Dice, ExchangeSettings, Timestamp,
};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Calls open at once: as many as a person can follow.
const OPEN_CALLS: usize = 6;
/// Between two lines of totals.
const TOTALS_SECONDS: i64 = 10;
/// Between two looks whether the boards are silent.
const LOOK_SECONDS: i64 = 1;
/// How long the end waits for webhooks on their way and for their events.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long an event may be on its way to the boards, generously.
const ON_THE_WAY: Duration = Duration::from_millis(300);
/// What the player may have to say before it is printed.
const NOTES: usize = 64;
/// Acknowledgements that may wait to be noted; while there are so many the carrier waits.
const WITNESSED: usize = 1_024;
/// How many webhooks of a hundred come twice.
const TWICE: u8 = 25;
/// How many of a hundred are overtaken by the next one, where one follows at once.
const OVERTAKEN: u8 = 30;

/// Serves, plays and prints until ctrl-c.
pub(super) async fn run(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let mut stop = StopSignals::listen().map_err(DemoError::Signal)?;
    let dice = args.seed.map_or_else(Dice::by_chance, Dice::seeded);
    let launched = launch(args, around, folder, clock.clone(), trouble(&dice)).await?;
    let logins = logins(&launched.identity, clock.now())?;
    let clock = simulator::Clock::from(clock);
    let ledger = Arc::new(Ledger::default());
    let exchange = launched.exchange.clone();
    let counted = move || exchange.totals();
    let mut terminal = Terminal::new(out, &logins, Arc::clone(&ledger), counted);
    let keys = Some(args.nodes).filter(|nodes| *nodes > 1);
    let keys = keys.and_then(|_| Keys::listen());
    terminal.print(&welcome(&launched, &logins, folder, keys.is_some()))?;

    let boards = Boards::open(&logins, &address(launched.port), &clock);
    let (notes, said) = mpsc::channel(NOTES);
    let (witness, acknowledged) = mpsc::channel(WITNESSED);
    let schedule = Schedule::new(dice.fork(), args.calls_per_minute);
    let simulation = Simulation {
        carrier: Arc::clone(&launched.carrier),
        exchange: launched.exchange.clone().witnessed_by(witness),
        agents: agents(&logins, &local(launched.port))?,
        phones: Phones::default(),
        ledger: Arc::clone(&ledger),
        notes,
        speed: schedule.speed(),
        clock: clock.clone(),
        stop: CancellationToken::new(),
    };
    let served = launched.served;
    let served = served.kept(keys, simulation.notes.clone(), simulation.stop.clone());
    let running = Running {
        boards,
        said,
        acknowledged,
        ledger,
        over: simulation.stop.clone(),
        clock,
    };
    let scenario = Scenario {
        simulation: Arc::new(simulation),
        schedule,
        dice,
        people: launched.identity.people.clone(),
        left: launched.left,
    };
    running
        .run(scenario, served, &mut terminal, &mut stop)
        .await
}

/// A carrier that repeats itself and lets what happens at once arrive in any order.
fn trouble(dice: &Dice) -> ExchangeSettings {
    ExchangeSettings {
        seed: dice.roll(),
        duplicates: TWICE,
        reorder: OVERTAKEN,
        held_back: Duration::ZERO,
        ..ExchangeSettings::default()
    }
}

fn welcome(launched: &Launched, logins: &[Login], folder: &Folder, keys: bool) -> String {
    let welcome = Welcome {
        wanted_port: launched.wanted_port,
        port: launched.port,
        logins,
        folder,
        processes: launched.served.processes(),
        keys,
        events_before: launched.events_before,
    };
    welcome.text()
}

/// What is played, and with whom.
struct Scenario {
    simulation: Arc<Simulation>,
    schedule: Schedule,
    dice: Dice,
    people: Vec<User>,
    /// Callers whom a former run left on the line.
    left: Vec<Caller>,
}

struct Running {
    boards: Boards,
    /// What the player has to say.
    said: mpsc::Receiver<String>,
    /// Webhooks that the server has taken.
    acknowledged: mpsc::Receiver<Acknowledged>,
    ledger: Arc<Ledger>,
    /// Cancelled when nothing more may happen.
    over: CancellationToken,
    clock: simulator::Clock,
}

impl Running {
    async fn run(
        mut self,
        scenario: Scenario,
        served: Served,
        terminal: &mut Terminal<'_>,
        stop: &mut StopSignals,
    ) -> Result<(), DemoError> {
        // Before a board is open an event would be in nobody's sight, and seem lost.
        let played = tokio::select! {
            opened = self.first_board(terminal) => {
                opened?;
                let player = play_all(scenario);
                self.print_until(stop.next(), player, terminal).await
            }
            _ = stop.next() => Ok(()),
        };
        self.end(served, terminal, stop).await?;
        played
    }

    async fn first_board(&mut self, terminal: &mut Terminal<'_>) -> Result<(), DemoError> {
        while let Some(heard) = self.boards.heard.recv().await {
            let opened = opened(&heard);
            terminal.heard(heard)?;
            if opened {
                break;
            }
        }
        Ok(())
    }

    /// Prints what happens until the end is asked for; then lets what is on its way arrive.
    async fn print_until(
        &mut self,
        asked: impl Future<Output = &'static str>,
        mut player: JoinHandle<()>,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), DemoError> {
        tokio::select! {
            biased;
            _ = asked => {}
            Err(error) = self.print(terminal) => return Err(error),
        }
        terminal
            .print("\nStopping: the calls break off, the boards are told, the log is closed.")?;
        self.over.cancel();
        // What the carrier still says is not waited for.
        self.acknowledged.close();
        let clock = self.clock.clone();
        let last_words = async {
            // What was acknowledged last is on its way to the boards.
            let _ = (&mut player).await;
            clock.sleep(ON_THE_WAY).await;
        };
        tokio::select! {
            biased;
            Err(error) = self.print(terminal) => Err(error),
            () = last_words => Ok(()),
            () = clock.sleep(LAST_WORDS) => Ok(()),
        }
    }

    /// Prints what happens, without an end of its own but an error.
    async fn print(
        &mut self,
        terminal: &mut Terminal<'_>,
    ) -> Result<std::convert::Infallible, DemoError> {
        let clock = self.clock.clone();
        let mut totals = clock.now().plus_seconds(TOTALS_SECONDS);
        let mut look = clock.now().plus_seconds(LOOK_SECONDS);
        loop {
            tokio::select! {
                biased;
                Some(heard) = self.boards.heard.recv() => terminal.heard(heard)?,
                Some(webhook) = self.acknowledged.recv() => {
                    self.ledger.books().taken(&webhook, clock.now());
                }
                Some(note) = self.said.recv() => terminal.print(&note)?,
                () = clock.sleep_until(look.min(totals)) => {
                    let now = clock.now();
                    if now >= look {
                        terminal.look(now)?;
                        look = now.plus_seconds(LOOK_SECONDS);
                    }
                    if now >= totals {
                        terminal.totals(now)?;
                        totals = next(totals, now);
                    }
                }
            }
        }
    }

    /// Hears the last events, drains, and prints the last totals.
    async fn end(
        mut self,
        served: Served,
        terminal: &mut Terminal<'_>,
        stop: &mut StopSignals,
    ) -> Result<(), DemoError> {
        self.over.cancel();
        while let Ok(heard) = self.boards.heard.try_recv() {
            terminal.heard(heard)?;
        }
        self.boards.close().await;
        tokio::select! {
            () = served.end() => {}
            _ = stop.next() => {}
        }
        let now = self.clock.now();
        terminal.totals(now)?;
        match terminal.sums(now).lost {
            0 => Ok(()),
            lost => Err(DemoError::Lost(lost)),
        }
    }
}

fn opened(heard: &Heard) -> bool {
    match &heard.what {
        What::Message(message, _) => {
            matches!(**message, Message::Snapshot(_) | Message::Resumed(_))
        }
        What::Lost(_) | What::Gone(_) => false,
    }
}

/// On the beat, however long printing took; beats that were missed are not made up for.
fn next(due: Timestamp, now: Timestamp) -> Timestamp {
    let next = due.plus_seconds(TOTALS_SECONDS);
    if next > now {
        next
    } else {
        now.plus_seconds(TOTALS_SECONDS)
    }
}

/// Plays calls until the end, never more than a few at once.
fn play_all(scenario: Scenario) -> JoinHandle<()> {
    let Scenario {
        simulation,
        mut schedule,
        dice,
        people,
        left,
    } = scenario;
    tokio::spawn(async move {
        let mut calls = JoinSet::new();
        for person in people {
            let simulation = Arc::clone(&simulation);
            calls.spawn(async move {
                attend(simulation, person).await;
                Some(())
            });
        }
        if !left.is_empty() {
            let calls = counted(u64::try_from(left.len()).unwrap_or(0), "call");
            let told = format!("{calls} of the run before: the callers hang up soon");
            let _ = simulation.notes.send(told).await;
        }
        for caller in left {
            let (simulation, dice) = (Arc::clone(&simulation), dice.fork());
            calls.spawn(async move { PlayedCall::end_of(&simulation, dice, caller).await });
        }
        let places = Arc::new(Semaphore::new(OPEN_CALLS));
        let clock = simulation.clock.clone();
        let mut due = clock.now();
        loop {
            let scheduled = schedule.next();
            let after = i64::try_from(scheduled.after.as_micros()).unwrap_or(i64::MAX);
            // A call that had to wait for a place does not hurry those after it.
            due = due.plus_micros(after).max(clock.now());
            let turn = async {
                clock.sleep_until(due).await;
                Arc::clone(&places).acquire_owned().await
            };
            let Some(Ok(place)) = simulation.stop.run_until_cancelled(turn).await else {
                break;
            };
            while calls.try_join_next().is_some() {}
            let (simulation, dice) = (Arc::clone(&simulation), dice.fork());
            calls.spawn(async move {
                let played = PlayedCall::begin(&simulation, dice)
                    .await
                    .play(scheduled.course)
                    .await;
                drop(place);
                played
            });
        }
        while calls.join_next().await.is_some() {}
    })
}
