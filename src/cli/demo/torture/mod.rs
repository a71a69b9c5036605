//! A server that is killed with -9 every few seconds, under load, and loses nothing.
//!
//! Three witnesses that share nothing with the server: the carrier, which knows what was
//! acknowledged; several boards, which come back with their positions; and in the end the database,
//! read anew after a last kill.

mod chaos;
mod journal;
mod plan;
mod server;
mod verdict;
mod watchers;

pub use verdict::Verdict;

use super::DemoError;
use super::folder::Folder;
use super::identity::Identity;
use super::launch::{carrier, config, database, wanted_port};
use super::links::{address, logins};
use super::numbers::counted;
use super::port::{listen, port_of};
use super::setup;
use crate::cli::args::DemoArgs;
use crate::cli::stop::StopSignals;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{AgencyId, Timestamp};
use crate::simulator::{Acknowledged, Carrier, Dice, Load, RetrySchedule, Totals, Traffic};
use crate::store::Store;
use chaos::Chaos;
use plan::{Acks, Plan};
use server::Server;
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use watchers::Watchers;

/// Load enough that every kill meets webhooks on their way.
const CALLS_PER_MINUTE: u32 = 1_200;
/// Lives of minutes in seconds.
const SPEED: f64 = 20.0;
const CALLS_AT_ONCE: usize = 300;
/// Of a hundred webhooks.
const DUPLICATES: u8 = 10;
const REORDERED: u8 = 10;
/// The carrier's patience: longer than the server is ever away.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the boards may take to hear the last event.
const CATCH_UP: Duration = Duration::from_secs(60);
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);
/// Acknowledgements that may wait to be noted.
const WITNESSED: usize = 1_024;

/// Runs the torture and prints how it goes.
pub(super) async fn run(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let mut torture = Torture::begin(args, around, folder, clock).await?;
    let seed = torture.traffic.seed;
    let seconds = args.seconds;
    say(
        out,
        &format!(
            "torture for {seconds} s with seed {seed}: {}",
            torture.about()
        ),
    )?;

    let mut stop = StopSignals::listen().map_err(DemoError::Signal)?;
    let played = torture.play(seconds, &mut stop, out).await?;
    say(
        out,
        "no more kills: the boards catch up, then all is read anew",
    )?;
    let verdict = torture.judge(played, out).await?;
    say(out, &format!("{verdict}; seed {seed}"))?;
    if verdict.withstood() {
        Ok(())
    } else {
        Err(DemoError::Torture(verdict))
    }
}

fn say(out: &mut (dyn Write + Send), line: &str) -> Result<(), DemoError> {
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(DemoError::Output)
}

struct Torture {
    clock: Clock,
    config: Config,
    agency: AgencyId,
    traffic: Traffic,
    carrier: Arc<Carrier>,
    server: Server,
    watchers: Watchers,
    dice: Dice,
}

/// What the load came to.
struct Played {
    acks: Acks,
    totals: Totals,
    kills: u64,
}

impl Torture {
    /// A server with an agency that has seen nothing, and boards that have seen that.
    async fn begin(
        args: &DemoArgs,
        around: &Config,
        folder: &Folder,
        clock: Clock,
    ) -> Result<Self, DemoError> {
        let file = folder.identity();
        let keys = match Identity::read(&file)? {
            Some(identity) => identity,
            None => {
                let identity = Identity::new();
                identity.write(&file)?;
                identity
            }
        };
        // Only taken to find it free: the server binds it, again after each kill.
        let port = port_of(&listen(wanted_port(args, around, &keys))?)?;
        let identity = keys.with_new_agency();
        let config = config(around, &identity, database(args, folder)?, port)?;
        setup::prepare(&config, &identity, clock.now()).await?;

        let mut server = Server::new(args, folder, &config, &identity)?;
        server.start()?;
        server.comes_up(&clock).await?;
        let logins = logins(&identity, clock.now())?;
        let watchers = Watchers::open(&logins, &address(port), &clock).await?;

        let seed = args.seed.unwrap_or_else(rand::random);
        let schedule = RetrySchedule::until_acknowledged(PATIENCE);
        let carrier = carrier(&identity, port, clock.clone(), schedule)?;
        Ok(Self {
            clock,
            config,
            agency: identity.agency,
            traffic: Traffic {
                calls_per_minute: f64::from(args.calls_per_minute.max(CALLS_PER_MINUTE)),
                seed,
                duplicates: DUPLICATES,
                reorder: REORDERED,
                speed: SPEED,
                calls_at_once: CALLS_AT_ONCE,
                ..Traffic::default()
            },
            carrier: Arc::new(carrier),
            server,
            watchers,
            dice: Dice::seeded(seed).fork(),
        })
    }

    fn about(&self) -> String {
        let boards = counted(self.watchers.count(), "board");
        format!(
            "{} calls a minute, {boards}, {}",
            self.traffic.calls_per_minute, self.config.database
        )
    }

    /// Load and kills, until the time is over or somebody asks for the end; then load alone, until
    /// all that occurred has been delivered.
    async fn play(
        &mut self,
        seconds: u64,
        stop: &mut StopSignals,
        out: &mut (dyn Write + Send),
    ) -> Result<Played, DemoError> {
        let (witness, acknowledged) = mpsc::channel(WITNESSED);
        let load = Load::new(Arc::clone(&self.carrier), self.traffic.clone()).witnessed_by(witness);
        let noted = tokio::spawn(note(acknowledged));
        let no_more_calls = CancellationToken::new();
        let playing = begin(load.clone(), no_more_calls.clone());

        let mut chaos = Chaos::new(&mut self.server, self.dice.fork(), self.clock.clone());
        let progress = Progress {
            load: &load,
            watchers: &self.watchers,
            clock: &self.clock,
            began: self.clock.now(),
        };
        let kills = chaos.kills();
        tokio::select! {
            Err(error) = chaos.reigns() => return Err(error),
            Err(error) = progress.tell(&kills, out) => return Err(error),
            () = self.clock.sleep(Duration::from_secs(seconds)) => {}
            _ = stop.next() => {}
        }
        chaos.ends().await?;
        no_more_calls.cancel();
        let totals = tokio::select! {
            totals = playing => totals.unwrap_or_default(),
            Err(error) = progress.tell(&kills, out) => return Err(error),
        };
        // The witness hears the end once nobody can tell it anything more.
        drop(load);
        Ok(Played {
            acks: noted.await.unwrap_or_default(),
            totals,
            kills: kills.get(),
        })
    }

    /// Waits for the boards, kills a last time, and compares what all the witnesses know.
    async fn judge(
        mut self,
        played: Played,
        out: &mut (dyn Write + Send),
    ) -> Result<Verdict, DemoError> {
        let store = Store::open(&self.config.database, tokio::runtime::Handle::current()).await?;
        let head = journal::head(&store, self.agency).await?;
        self.watchers.reach(head, CATCH_UP, &self.clock).await;
        let seen = self.watchers.close().await;
        self.server.kill().await?;
        drop(store);

        let store = Store::open(&self.config.database, tokio::runtime::Handle::current()).await?;
        let plan = Plan::replay(&self.carrier, &self.traffic, played.totals.calls);
        let mut judge = plan.judge(played.acks);
        let reading = journal::read(&store, self.agency, &mut judge).await?;
        let mut verdict = judge.verdict();
        verdict.kills = played.kills;
        verdict.not_taken = played.totals.refused + played.totals.lost;
        for (name, board) in &seen {
            if let Some(wrong) = verdict.add_board(board, &reading) {
                say(out, &format!("WRONG on {name}'s board: {wrong}"))?;
            }
        }
        for wrong in judge.examples() {
            say(out, &format!("WRONG: {wrong}"))?;
        }
        Ok(verdict)
    }
}

fn begin(load: Load, stop: CancellationToken) -> JoinHandle<Totals> {
    tokio::spawn(async move { load.run(stop).await })
}

/// Notes each acknowledged webhook and when it occurred.
async fn note(mut acknowledged: mpsc::Receiver<Acknowledged>) -> Acks {
    let mut acks = Acks::default();
    while let Some(one) = acknowledged.recv().await {
        acks.insert(one.data_id, one.occurred_at);
    }
    acks
}

struct Progress<'a> {
    load: &'a Load,
    watchers: &'a Watchers,
    clock: &'a Clock,
    began: Timestamp,
}

impl Progress<'_> {
    /// A line every few seconds, without an end of its own but an error.
    async fn tell(
        &self,
        kills: &chaos::Kills,
        out: &mut (dyn Write + Send),
    ) -> Result<Infallible, DemoError> {
        loop {
            self.clock.sleep(PROGRESS).await;
            let passed = self.clock.now().micros_since(self.began) / 1_000_000;
            let totals = self.load.totals();
            let kills = counted(kills.get(), "kill");
            let calls = counted(totals.calls, "call");
            let acknowledged = totals.acknowledged;
            let boards = self.watchers.told();
            say(
                out,
                &format!(
                    "{passed:>4} s  {kills}, {calls}, {acknowledged} deliveries acknowledged, {boards}"
                ),
            )?;
        }
    }
}
