//! Three nodes behind a balancer that people use, and nodes that are replaced and killed while calls come
//! in. Everything here is a process of its own, and time is real.

use crate::support::World;
use crate::support::balancer::Balancer;
use crate::support::patience::soon;
use crate::support::process::Process;
use callboard::domain::{Role, User, UserId};
use callboard_simulator::browser::{BrowserSettings, Fault, ResumingBrowser, Step};
use callboard_simulator::{Carrier, CarrierSettings, Life, Load, RetrySchedule, Totals, Traffic};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Boards on the wall; each person has four.
const BOARDS: usize = 60;
const BOARDS_OF_ONE: usize = 4;

/// One story after the other, since each has four programs, sixty sockets and a load.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_come_and_go_and_nobody_misses_anything() {
    each_node_is_replaced_twice(Cluster::start(Balancer::nginx).await).await;
    each_node_is_replaced_twice(Cluster::start(Balancer::haproxy).await).await;
    each_node_is_killed(Cluster::start(Balancer::nginx).await).await;
    a_node_stands_still(Cluster::start(Balancer::nginx).await).await;
}

async fn each_node_is_replaced_twice(mut cluster: Cluster) {
    let day = cluster.day().await;
    for _ in 0..2 {
        for node in 0..3 {
            cluster.nodes[node].is_told_to_stop().await;
            assert!(cluster.nodes[node].ends().await.success());
            cluster.nodes[node].comes_back(&cluster.world).await;
        }
    }
    let evening = day.ends(&cluster).await;
    evening.lost_nothing();
    // Its node goes, and it is at once on another: never two tries for one absence.
    let absences = evening.boards.iter().map(|board| board.absences.len());
    assert!(absences.max() <= Some(6), "{:#?}", evening.boards);
    let tries = evening.boards.iter().map(|board| board.vain).sum::<usize>();
    assert_eq!(tries, 0, "{:#?}", evening.boards);
}

async fn each_node_is_killed(mut cluster: Cluster) {
    let day = cluster.day().await;
    for node in 0..3 {
        day.goes_on_for(KILLED_EVERY).await;
        cluster.nodes[node].dies().await;
        cluster.nodes[node].comes_back(&cluster.world).await;
    }
    day.ends(&cluster).await.lost_nothing();
}

async fn a_node_stands_still(cluster: Cluster) {
    let day = cluster.day().await;
    cluster.nodes[0].freezes().await;
    day.goes_on_for(STANDSTILL).await;
    cluster.nodes[0].goes_on().await;
    day.ends(&cluster).await.lost_nothing();
}

/// So many webhooks later a node's patience with its database and the balancer's with it are over: they
/// come by a dozen a second.
const STANDSTILL: u64 = 240;
/// So many webhooks later the next node is killed.
const KILLED_EVERY: u64 = 30;

struct Cluster {
    world: World,
    nodes: [Process; 3],
    balancer: Balancer,
    people: Vec<UserId>,
}

impl Cluster {
    async fn start(balancer: impl AsyncFnOnce(&[Process; 3]) -> Balancer) -> Self {
        let world = World::on_postgres().await.by_the_machines_clock();
        let mut people = Vec::new();
        for _ in 0..BOARDS / BOARDS_OF_ONE {
            people.push(hired(&world).await);
        }
        let environment = || {
            vec![
                ("CALLBOARD_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
                ("CALLBOARD_DRAIN_DELAY_S", "1".to_owned()),
            ]
        };
        let node = || Process::start_with(&world, environment());
        let nodes = [node().await, node().await, node().await];
        let balancer = balancer(&nodes).await;
        Self {
            nodes,
            balancer,
            people,
            world,
        }
    }

    /// Boards on the wall and calls coming in, until the day is ended.
    async fn day(&self) -> Day {
        let (ended, end) = watch::channel(None);
        let tokens = self.people.iter().cycle().take(BOARDS);
        let boards = tokens
            .map(|person| {
                let settings = BrowserSettings::new(&self.balancer.url, self.world.token(*person));
                let board = ResumingBrowser::new(settings, self.world.clock.clone());
                tokio::spawn(stays(board, end.clone()))
            })
            .collect();
        let stop = CancellationToken::new();
        let load = self.load();
        let (playing, until) = (load.clone(), stop.clone());
        let played = tokio::spawn(async move { playing.run(until).await });
        Day {
            boards,
            load,
            played,
            stop,
            ended,
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
}

impl Day {
    /// So many more webhooks are acknowledged.
    async fn goes_on_for(&self, webhooks: u64) {
        let enough = self.load.totals().acknowledged + webhooks;
        while self.load.totals().acknowledged < enough {
            assert_eq!(self.load.totals().lost, 0);
            tokio::task::yield_now().await;
        }
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
            totals,
            boards: boards.collect(),
        }
    }
}

struct Evening {
    /// Webhooks that the balancer failed.
    failures: Vec<String>,
    totals: Totals,
    boards: Vec<Stay>,
}

impl Evening {
    fn lost_nothing(&self) {
        assert_eq!((self.totals.refused, self.totals.lost), (0, 0));
        assert!(self.failures.is_empty(), "{:?}", self.failures);
        for board in &self.boards {
            assert!(board.faults.is_empty(), "{board:#?}");
        }
        self.told();
    }

    /// How long boards were without a live socket, for whoever asks with `--nocapture`.
    #[allow(clippy::print_stdout)]
    fn told(&self) {
        let mut absences: Vec<_> = (self.boards.iter())
            .flat_map(|board| board.absences.iter().copied())
            .collect();
        absences.sort_unstable();
        let at = |share: usize| absences.get(absences.len() * share / 100);
        let (p50, p99, most) = (at(50), at(99), absences.last());
        let (webhooks, times) = (self.totals.webhooks, absences.len());
        println!("{webhooks} webhooks; {times} absences: p50 {p50:?}, p99 {p99:?}, most {most:?}");
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
async fn stays(mut board: ResumingBrowser, mut end: watch::Receiver<Option<u64>>) -> Stay {
    let mut stay = Stay::default();
    let mut away: Option<Instant> = None;
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
        match step {
            Step::Received { fault, .. } => {
                stay.faults.extend(fault);
                stay.absences
                    .extend(away.take().map(|since| since.elapsed()));
            }
            Step::Lost(lost) => {
                stay.why.push(lost.why);
                stay.vain += usize::from(away.is_some());
                away.get_or_insert_with(Instant::now);
            }
        }
    }
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
