//! A server that is killed with -9 every few seconds, under load, and loses nothing.
//!
//! Witnesses that share nothing with the server: the carrier, which knows what was acknowledged;
//! agents, who answer calls and give them back, and know what they were told is done; several
//! boards, which come back with their positions; and in the end the database, read again after a
//! last kill.

mod chaos;
mod deeds;
mod journal;
mod office;
mod plan;
mod reading;
mod verdict;
mod watchers;

pub(super) use verdict::Verdict;

use super::DemoError;
use super::balancer::{Balancer, balance};
use super::folder::Folder;
use super::identity::Identity;
use super::launch::{carrier, config, database, exchange, local, wanted_port};
use super::links::{address, logins};
use super::nodes::{Cluster, must_be_shared};
use super::numbers::counted;
use super::port::{listen, port_of};
use super::server::{Server, Setting};
use super::setup;
use super::simulation::agents;
use crate::cli::args::DemoArgs;
use crate::cli::stop::StopSignals;
use crate::clock::Clock;
use crate::config::{Config, Recording, Watching};
use crate::domain::{AgencyId, Timestamp};
use crate::store::Store;
use callboard_simulator::{
    Acknowledged, Carrier, Dice, Exchange, ExchangeSettings, Habit, Load, RetrySchedule, Totals,
    Traffic,
};
use chaos::Chaos;
use office::Office;
use plan::{Acks, Plan};
use std::convert::Infallible;
use std::io::Write;
use std::net::TcpListener;
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
const HELD_BACK: Duration = Duration::from_millis(300);
/// After so long a phone is answered.
const PHONE: Duration = Duration::from_millis(400);
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
        Err(DemoError::Torture(verdict.to_string()))
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
    exchange: Exchange,
    office: Office,
    servers: Vec<Server>,
    /// What stands before them, where there are several.
    _balancer: Option<Balancer>,
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
        let database = database(args, folder)?;
        must_be_shared(args, &database)?;
        let listener = listen(wanted_port(args, around, &keys))?;
        let port = port_of(&listener)?;
        let identity = keys.with_new_agency();
        let seed = args.seed.unwrap_or_else(rand::random);
        let schedule = RetrySchedule::until_acknowledged(PATIENCE);
        let carrier = Arc::new(carrier(&identity, port, clock.clone(), schedule)?);
        // Other dice than the traffic's, whose calls would be the same ones.
        let dice = Dice::seeded(!seed);
        let exchange = exchange(&carrier, trouble(&dice))?;
        let api_base = exchange.api_base();
        let mut config = config(around, &identity, database, port, &api_base)?;
        // A command takes a call out of the script that says what must become of it.
        config.calls.recording = Recording::Off;
        // It judges every event, and calls alone.
        config.calls.presence = Watching::Off;
        setup::prepare(&config, &identity, clock.now()).await?;

        let cluster = Cluster {
            args,
            folder,
            config: &config,
            identity: &identity,
        };
        let (mut servers, balancer) = servers(&cluster, listener, &clock)?;
        for server in &mut servers {
            server.start()?;
        }
        for server in &mut servers {
            server.comes_up(&clock).await?;
        }
        let logins = logins(&identity, clock.now())?;
        let watchers = Watchers::open(&logins, &address(port), &clock).await?;
        let agents = agents(&logins, &local(port))?;
        let (carriers, clocks) = (Arc::clone(&carrier), clock.clone());
        let office = Office::new(carriers, exchange.clone(), agents, dice.fork(), clocks);
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
            carrier,
            exchange,
            office,
            servers,
            _balancer: balancer,
            watchers,
            dice,
        })
    }

    fn about(&self) -> String {
        let boards = counted(self.watchers.count(), "board");
        let nodes = counted(u64::try_from(self.servers.len()).unwrap_or(0), "node");
        format!(
            "{} calls a minute, {boards}, {nodes}, {}",
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
        let load = Load::new(Arc::clone(&self.carrier), self.traffic.clone());
        let load = load.on(&self.exchange).witnessed_by(witness);
        let all_said = CancellationToken::new();
        let noted = tokio::spawn(note(acknowledged, self.office.clone(), all_said.clone()));
        let no_more_calls = CancellationToken::new();
        let playing = begin(load.clone(), self.office.clone(), no_more_calls.clone());

        let mut chaos = Chaos::new(&mut self.servers, self.dice.fork(), self.clock.clone());
        let progress = Progress {
            load: &load,
            watchers: &self.watchers,
            office: &self.office,
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
        all_said.cancel();
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
        for server in &mut self.servers {
            server.kill().await?;
        }
        drop(store);

        let store = Store::open(&self.config.database, tokio::runtime::Handle::current()).await?;
        let plan = Plan::replay(&self.carrier, &self.traffic, played.totals.calls);
        let deeds = std::mem::take(&mut *self.office.deeds());
        let mut judge = plan.judge(played.acks, deeds);
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

/// One server on the demo's port, or several behind a balancer that has it; not started yet.
fn servers(
    cluster: &Cluster<'_>,
    listener: TcpListener,
    clock: &Clock,
) -> Result<(Vec<Server>, Option<Balancer>), DemoError> {
    let (args, config) = (cluster.args, cluster.config);
    let port = config.listener.port;
    if args.nodes > 1 {
        let (servers, ports) = cluster.servers()?;
        return Ok((servers, Some(balance(listener, ports, port, clock)?)));
    }
    // Only taken to find it free: the server binds it, again after each kill.
    drop(listener);
    let log = cluster.folder.server_log();
    let setting = Setting { port, log };
    let server = Server::new(args, cluster.folder, config, cluster.identity, setting)?;
    Ok((vec![server], None))
}

/// What the carrier makes worse: phones are answered soon, and webhooks come twice and late.
fn trouble(dice: &Dice) -> ExchangeSettings {
    ExchangeSettings {
        seed: dice.roll(),
        phones: Habit::Answers(PHONE),
        duplicates: DUPLICATES,
        reorder: REORDERED,
        held_back: HELD_BACK,
        ..ExchangeSettings::default()
    }
}

/// Plays until all that occurred has been delivered.
fn begin(load: Load, office: Office, stop: CancellationToken) -> JoinHandle<Totals> {
    tokio::spawn(async move {
        tokio::join!(load.run(stop.clone()), office.run(stop));
        load.totals()
    })
}

/// Notes each acknowledged webhook and when it occurred, until all is said; those of the agents'
/// calls are among the deeds.
async fn note(
    mut acknowledged: mpsc::Receiver<Acknowledged>,
    office: Office,
    all_said: CancellationToken,
) -> Acks {
    let mut acks = Acks::default();
    loop {
        let one = tokio::select! {
            biased;
            one = acknowledged.recv() => one,
            () = all_said.cancelled() => {
                acknowledged.close();
                continue;
            }
        };
        let Some(one) = one else { return acks };
        if let Some(one) = office.deeds().acknowledged(one) {
            acks.insert(one.data_id, one.occurred_at);
        }
    }
}

struct Progress<'a> {
    load: &'a Load,
    watchers: &'a Watchers,
    office: &'a Office,
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
            let clicks = counted(self.office.deeds().clicks(), "click");
            let boards = self.watchers.told();
            say(
                out,
                &format!(
                    "{passed:>4} s  {kills}, {calls}, {acknowledged} deliveries and {clicks} \
                     acknowledged, {boards}"
                ),
            )?;
        }
    }
}
