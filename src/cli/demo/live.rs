//! The demo that runs until somebody stops it.

use super::DemoError;
use super::account::Account;
use super::boards::{Boards, Heard, What};
use super::folder::Folder;
use super::launch::{Launched, launch};
use super::links::{Login, Welcome, address, logins};
use super::numbers::counted;
use super::playbook::Playbook;
use super::screen::Screen;
use super::stage::Stage;
use super::story::Play;
use crate::cli::args::DemoArgs;
use crate::cli::stop::StopSignals;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Call, Timestamp};
use crate::simulator::Dice;
use crate::simulator::browser::Message;
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
/// What the director may have to say before it is printed.
const NOTES: usize = 64;

/// Serves, plays and prints until ctrl-c.
pub(super) async fn run(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let mut stop = StopSignals::listen().map_err(DemoError::Signal)?;
    let launched = launch(args, around, folder, clock.clone()).await?;
    let logins = logins(&launched.identity, clock.now())?;
    let account = Arc::new(Account::default());
    let mut screen = Screen::new(out, &logins, Arc::clone(&account));
    screen.print(&welcome(&launched, &logins, folder))?;

    let boards = Boards::open(&logins, &address(launched.port), &clock);
    let show = Show {
        boards,
        curtain: CancellationToken::new(),
        clock,
    };
    show.run(args, launched, account, &mut screen, &mut stop)
        .await
}

fn welcome(launched: &Launched, logins: &[Login], folder: &Folder) -> String {
    let welcome = Welcome {
        wanted_port: launched.wanted_port,
        port: launched.port,
        logins,
        folder,
        process: std::process::id(),
        events_before: launched.events_before,
    };
    welcome.text()
}

struct Show {
    boards: Boards,
    /// Cancelled when nothing more may happen.
    curtain: CancellationToken,
    clock: Clock,
}

impl Show {
    async fn run(
        mut self,
        args: &DemoArgs,
        launched: Launched,
        account: Arc<Account>,
        screen: &mut Screen<'_>,
        stop: &mut StopSignals,
    ) -> Result<(), DemoError> {
        let (note, mut notes) = mpsc::channel(NOTES);
        let dice = args.seed.map_or_else(Dice::by_chance, Dice::seeded);
        let playbook = Playbook::new(dice.fork(), args.calls_per_minute);
        let stage = Arc::new(Stage {
            carrier: launched.carrier()?,
            journal: launched.app.journal.clone(),
            agency: launched.identity.agency,
            agents: launched.identity.agents(),
            account,
            notes: note,
            speed: playbook.speed(),
            clock: self.clock.clone(),
            stop: self.curtain.clone(),
        });
        // Before a board is open an event would be in nobody's sight, and seem lost.
        let played = tokio::select! {
            opened = self.first_board(screen) => {
                opened?;
                let director = direct(stage, playbook, dice, launched.open_calls);
                self.print_until(stop.next(), director, &mut notes, screen).await
            }
            _ = stop.next() => Ok(()),
        };
        self.end(launched.app, screen, stop).await?;
        played
    }

    async fn first_board(&mut self, screen: &mut Screen<'_>) -> Result<(), DemoError> {
        while let Some(heard) = self.boards.heard.recv().await {
            let opened = opened(&heard);
            screen.heard(heard)?;
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
        mut director: JoinHandle<()>,
        notes: &mut mpsc::Receiver<String>,
        screen: &mut Screen<'_>,
    ) -> Result<(), DemoError> {
        tokio::select! {
            biased;
            _ = asked => {}
            Err(error) = self.print(notes, screen) => return Err(error),
        }
        screen.print("\nStopping: the calls break off, the boards are told, the log is closed.")?;
        self.curtain.cancel();
        let clock = self.clock.clone();
        let last_words = async {
            // What was acknowledged last is on its way to the boards.
            let _ = (&mut director).await;
            clock.sleep(ON_THE_WAY).await;
        };
        tokio::select! {
            biased;
            Err(error) = self.print(notes, screen) => Err(error),
            () = last_words => Ok(()),
            () = clock.sleep(LAST_WORDS) => Ok(()),
        }
    }

    /// Prints what happens, without an end of its own but an error.
    async fn print(
        &mut self,
        notes: &mut mpsc::Receiver<String>,
        screen: &mut Screen<'_>,
    ) -> Result<std::convert::Infallible, DemoError> {
        let clock = self.clock.clone();
        let mut totals = clock.now().plus_seconds(TOTALS_SECONDS);
        let mut look = clock.now().plus_seconds(LOOK_SECONDS);
        loop {
            tokio::select! {
                biased;
                Some(heard) = self.boards.heard.recv() => screen.heard(heard)?,
                Some(note) = notes.recv() => screen.print(&note)?,
                () = clock.sleep_until(look.min(totals)) => {
                    let now = clock.now();
                    if now >= look {
                        screen.look(now)?;
                        look = now.plus_seconds(LOOK_SECONDS);
                    }
                    if now >= totals {
                        screen.totals(now)?;
                        totals = next(totals, now);
                    }
                }
            }
        }
    }

    /// Hears the last events, drains, and prints the last totals.
    async fn end(
        mut self,
        app: crate::app::App,
        screen: &mut Screen<'_>,
        stop: &mut StopSignals,
    ) -> Result<(), DemoError> {
        self.curtain.cancel();
        while let Ok(heard) = self.boards.heard.try_recv() {
            screen.heard(heard)?;
        }
        self.boards.close().await;
        tokio::select! {
            () = app.drain() => {}
            _ = stop.next() => {}
        }
        let now = self.clock.now();
        screen.totals(now)?;
        match screen.sums(now).lost {
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

/// Plays stories until the curtain, never more than a few at once.
fn direct(
    stage: Arc<Stage>,
    mut playbook: Playbook,
    dice: Dice,
    left_open: Vec<Call>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut plays = JoinSet::new();
        if !left_open.is_empty() {
            let calls = counted(u64::try_from(left_open.len()).unwrap_or(0), "call");
            let _ = stage
                .notes
                .send(format!(
                    "{calls} of the run before: the callers hang up soon"
                ))
                .await;
        }
        for call in left_open {
            let (stage, dice) = (Arc::clone(&stage), dice.fork());
            plays.spawn(async move { Play::end_of(&stage, dice, &call).await });
        }
        let places = Arc::new(Semaphore::new(OPEN_CALLS));
        let clock = stage.clock.clone();
        let mut due = clock.now();
        loop {
            let cue = playbook.next();
            let after = i64::try_from(cue.after.as_micros()).unwrap_or(i64::MAX);
            // A call that had to wait for a place does not hurry those after it.
            due = due.plus_micros(after).max(clock.now());
            let turn = async {
                clock.sleep_until(due).await;
                Arc::clone(&places).acquire_owned().await
            };
            let Some(Ok(place)) = stage.stop.run_until_cancelled(turn).await else {
                break;
            };
            while plays.try_join_next().is_some() {}
            let (stage, dice) = (Arc::clone(&stage), dice.fork());
            plays.spawn(async move {
                let played = Play::new(&stage, dice).play(cue.story).await;
                drop(place);
                played
            });
        }
        while plays.join_next().await.is_some() {}
    })
}
