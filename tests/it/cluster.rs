//! Three nodes behind a balancer that people use, which are replaced, killed and stopped, and whose Redis
//! fails, while calls come in. Everything here is a process of its own, and time is real.
//!
//! By hand with more boards and another build, and a row for each story:
//!
//! ```sh
//! CALLBOARD_CLUSTER_BOARDS=300 CALLBOARD_CLUSTER_BINARY=target/release/callboard \
//!   cargo test --features proving --test it -- cluster:: --nocapture --test-threads 1
//! ```

mod deploys;
mod redis;
mod releases;

use crate::support::World;
use crate::support::balancer::Balancer;
use crate::support::patience::{look_again, soon};
use crate::support::process::{BINARY, Process};
use callboard::clock::Clock;
use callboard::domain::{Role, User, UserId};
use callboard_simulator::browser::{BrowserSettings, Fault, Message, ResumingBrowser, Step};
use callboard_simulator::{
    Carrier, CarrierSettings, Life, Load, RetrySchedule, Timestamp, Totals, Traffic,
};
use futures_util::future::join_all;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One cluster after the other: each has four programs, its boards and a load. With two at once, stories
/// beside them waited more than a second for the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_come_and_go_and_nobody_misses_anything() {
    deploys::behind_nginx_nodes_come_and_go_and_nobody_misses_anything().await;
    deploys::behind_haproxy_nodes_come_and_go_and_nobody_misses_anything().await;
    deploys::a_node_stands_still_and_nobody_misses_anything().await;
    redis::whatever_becomes_of_redis_boards_hear_everything_once_and_soon().await;
}

/// Boards on the wall; each person has four. Few, since other stories go on beside them.
const BOARDS: usize = 32;
const BOARDS_OF_ONE: usize = 4;

struct Cluster {
    world: World,
    binary: PathBuf,
    nodes: [Process; 3],
    balancer: Balancer,
    people: Vec<UserId>,
    /// Webhooks that were there before.
    former: u64,
}

impl Cluster {
    async fn start(balancer: impl AsyncFnOnce(&[Process; 3]) -> Balancer) -> Self {
        Self::start_with(balancer, Vec::new()).await
    }

    /// With more of an environment for each node.
    async fn start_with(
        balancer: impl AsyncFnOnce(&[Process; 3]) -> Balancer,
        more: Vec<(&'static str, String)>,
    ) -> Self {
        let world = World::on_postgres().await.by_the_machines_clock();
        let binary = asked("CALLBOARD_CLUSTER_BINARY").unwrap_or_else(|| BINARY.into());
        Self::of(world, binary.into(), balancer, more).await
    }

    async fn of(
        world: World,
        binary: PathBuf,
        balancer: impl AsyncFnOnce(&[Process; 3]) -> Balancer,
        more: Vec<(&'static str, String)>,
    ) -> Self {
        let mut people = Vec::new();
        for _ in 0..boards().div_ceil(BOARDS_OF_ONE) {
            people.push(hired(&world).await);
        }
        let usual = [
            ("CALLBOARD_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("CALLBOARD_DRAIN_DELAY_S", "1".to_owned()),
        ];
        let environment: Vec<_> = usual.into_iter().chain(more).collect();
        let node = || Process::start_as(&binary, &world, environment.clone());
        let nodes = [node().await, node().await, node().await];
        let balancer = balancer(&nodes).await;
        Self {
            former: webhooks(&world).await,
            binary,
            nodes,
            balancer,
            people,
            world,
        }
    }

    /// A node of the same build takes the place of one that has ended.
    async fn comes_back(&mut self, node: usize) {
        let (binary, world) = (&self.binary, &self.world);
        self.nodes[node].comes_back_as(binary, world).await;
    }

    /// Told to stop, it ends as a deploy has it end.
    async fn is_stopped(&mut self, node: usize) {
        self.nodes[node].is_told_to_stop().await;
        assert!(self.nodes[node].ends().await.success());
    }

    /// Every board on the wall and calls coming in, until the day is ended.
    async fn day(&self) -> Day {
        let (ended, end) = watch::channel(None);
        let late = Arc::new(AtomicI64::new(0));
        let (on_the_wall, mut there) = watch::channel(0);
        let people = self.people.iter().cycle().take(boards());
        let stay = people
            .map(|person| {
                let settings = BrowserSettings::new(&self.balancer.url, self.world.token(*person));
                let board = ResumingBrowser::new(settings, self.world.clock.clone());
                let clock = self.world.clock.clone();
                let there = on_the_wall.clone();
                tokio::spawn(stays(board, clock, end.clone(), there, Arc::clone(&late)))
            })
            .collect();
        let all = there.wait_for(|there| *there == boards());
        soon("every board", all).await.expect("boards");
        let stop = CancellationToken::new();
        let load = self.load();
        let (playing, until) = (load.clone(), stop.clone());
        let played = tokio::spawn(async move { playing.run(until).await });
        Day {
            boards: stay,
            load,
            played,
            stop,
            ended,
            late,
        }
    }

    fn load(&self) -> Load {
        let url = format!("{}/api/telnyx/webhook", self.balancer.url);
        let acme = &self.world.acme;
        let mut carrier = CarrierSettings::new(
            url.parse().expect("a URL"),
            acme.key.clone(),
            self.world.clock.clone(),
        );
        carrier.connection_id = Some(acme.connection.clone());
        carrier.schedule = RetrySchedule::until_acknowledged(Duration::from_secs(60));
        let traffic = Traffic {
            calls_per_minute: 300.0,
            seed: 11,
            duplicates: 10,
            speed: f64::INFINITY,
            lives: vec![(Life::Abandoned, 1), (Life::Answered, 1)],
            ..Traffic::default()
        };
        Load::new(Arc::new(Carrier::new(carrier).expect("a carrier")), traffic)
    }
}

struct Day {
    boards: Vec<JoinHandle<Stay>>,
    load: Load,
    played: JoinHandle<Totals>,
    stop: CancellationToken,
    /// The last number, which each board still hears.
    ended: watch::Sender<Option<u64>>,
    /// The longest, in microseconds, from a commit to a board that was there all the time.
    late: Arc<AtomicI64>,
}

impl Day {
    /// So many more webhooks are acknowledged.
    async fn goes_on_for(&self, webhooks: u64) {
        let enough = self.load.totals().acknowledged + webhooks;
        while self.load.totals().acknowledged < enough {
            assert_eq!(self.load.totals().lost, 0);
            look_again().await;
        }
    }

    /// The longest since the last time one asked.
    fn longest(&self) -> Duration {
        let late = self.late.swap(0, Ordering::SeqCst);
        Duration::from_micros(late.unsigned_abs())
    }

    async fn ends(self, cluster: &Cluster) -> Evening {
        self.stop.cancel();
        let totals = soon("the load to end", self.played)
            .await
            .expect("the load");
        let head = cluster.world.last_seq(&cluster.world.acme).await;
        self.ended.send(Some(head)).expect("boards");
        let boards = soon("every board to hear the last event", join_all(self.boards)).await;
        let boards = boards.into_iter().map(|board| board.expect("a board"));
        Evening {
            failures: cluster.balancer.failures(),
            kept: webhooks(&cluster.world).await - cluster.former,
            totals,
            boards: boards.collect(),
        }
    }
}

struct Evening {
    /// Webhooks that the balancer failed.
    failures: Vec<String>,
    totals: Totals,
    /// Webhooks in the database.
    kept: u64,
    boards: Vec<Stay>,
}

impl Evening {
    fn lost_nothing(&self, what: &str) {
        self.told(what);
        let Totals { refused, lost, .. } = self.totals;
        assert_eq!((refused, lost), (0, 0));
        assert!(self.failures.is_empty(), "{:?}", self.failures);
        assert_eq!(self.kept, self.totals.webhooks - self.totals.repeats);
        for board in &self.boards {
            assert!(board.faults.is_empty(), "{board:#?}");
        }
    }

    /// How often each board was away at most.
    fn most_absences(&self) -> usize {
        let absences = self.boards.iter().map(|board| board.absences.len());
        absences.max().unwrap_or(0)
    }

    /// A row of the table, for whoever asks with `--nocapture`.
    #[allow(clippy::print_stdout)]
    fn told(&self, what: &str) {
        let boards = &self.boards;
        let mut absences: Vec<_> = (boards.iter())
            .flat_map(|board| board.absences.iter().copied())
            .collect();
        absences.sort_unstable();
        let at = |share: usize| absences.get(absences.len() * share / 100);
        let seconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64);
        let Totals {
            refused,
            lost,
            webhooks,
            ..
        } = self.totals;
        println!(
            "| {what} | {}, {refused}, {lost} of {webhooks} | {} | {} boards, {} times away (at most {} each, \
             {} vain tries): {:.2} s, {:.2} s, {:.2} s |",
            self.failures.len(),
            boards.iter().map(|board| board.faults.len()).sum::<usize>(),
            boards.len(),
            absences.len(),
            self.most_absences(),
            boards.iter().map(|board| board.vain).sum::<usize>(),
            seconds(at(50)),
            seconds(at(99)),
            seconds(absences.last()),
        );
    }
}

/// What a board went through.
#[derive(Debug, Default)]
struct Stay {
    faults: Vec<Fault>,
    /// How long each time it had no live socket.
    absences: Vec<Duration>,
    /// Tries that did not end one.
    vain: usize,
    /// Why the sockets ended.
    why: Vec<String>,
}

/// Stays on the wall until it has heard the last number.
async fn stays(
    mut board: ResumingBrowser,
    clock: Clock,
    mut end: watch::Receiver<Option<u64>>,
    there: watch::Sender<usize>,
    late: Arc<AtomicI64>,
) -> Stay {
    let mut stay = Stay::default();
    let mut away: Option<Instant> = None;
    // What was committed before it came is no measure of how soon it hears.
    let mut here = Timestamp::default();
    loop {
        let last = *end.borrow_and_update();
        let heard = board.checker().position().map(|position| position.seq);
        if last.is_some_and(|last| heard.is_some_and(|heard| heard >= last)) && away.is_none() {
            board.close().await;
            return stay;
        }
        let step = tokio::select! {
            step = board.next() => step.expect("a board that may come back"),
            _ = end.changed(), if last.is_none() => continue,
        };
        let now = Timestamp::from_micros(clock.now().micros());
        match step {
            Step::Received { received, fault } => {
                stay.faults.extend(fault);
                stay.absences
                    .extend(away.take().map(|since| since.elapsed()));
                match received.message {
                    Message::Event(event) if event.recorded_at > here => {
                        late.fetch_max(event.latency(now).recorded_to_here, Ordering::SeqCst);
                    }
                    Message::Snapshot(_) | Message::Resumed(_) => {
                        if here == Timestamp::default() {
                            there.send_modify(|there| *there += 1);
                        }
                        here = now;
                    }
                    _ => {}
                }
            }
            Step::Lost(lost) => {
                stay.why.push(lost.why);
                stay.vain += usize::from(away.is_some());
                away.get_or_insert_with(Instant::now);
            }
        }
    }
}

/// What somebody wants otherwise, by hand.
fn asked(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|asked| !asked.is_empty())
}

fn boards() -> usize {
    let asked = asked("CALLBOARD_CLUSTER_BOARDS");
    asked.map_or(BOARDS, |boards| boards.parse().expect("a number of boards"))
}

/// How many webhooks of Acme are in the database.
async fn webhooks(world: &World) -> u64 {
    let sql = format!(
        "SELECT count(*)::text FROM webhook_events WHERE agency_id = '{}'",
        world.acme.id
    );
    world.database.texts(&sql).await[0]
        .parse()
        .expect("a number")
}

/// One more who takes calls at Acme.
async fn hired(world: &World) -> UserId {
    let user = User {
        id: UserId(Uuid::new_v4()),
        agency_id: Some(world.acme.id),
        role: Some(Role::Member),
        name: Some("Cleo".into()),
        email: None,
        sip_username: None,
    };
    let id = user.id;
    world
        .store
        .put_user(user, world.clock.now())
        .await
        .expect("a user");
    id
}
