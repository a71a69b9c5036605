//! PostgreSQL fails over to its standby while calls come in: webhooks of these seconds come again, and
//! everything goes on without anybody's doing.

use crate::outage::{cut_all_connections, not_ready, refused_in_time};
use crate::support::World;
use crate::support::browser::Board;
use crate::support::command::callboard;
use crate::support::database::Database;
use crate::support::exchange::Line;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::postgres::OwnPostgres;
use crate::support::process::{address, url_of};
use crate::support::retelling::tell;
use callboard::config::{DatabaseUrl, Relay};
use callboard_simulator::{Carrier, Leg};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Calls of a story, of which some come before, some during and some after.
const CALLS: usize = 60;
/// So many are told when the primary goes.
const BEFORE: usize = 10;
/// An errand that was cut off is taken up when its lease is over.
const LEASE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_costs_retries_and_the_promoted_standby_has_everything() {
    let (primary, standby) = primary_and_standby();
    // Whoever took the first that answers would be on the standby.
    let agency = Agency::on(&[&standby, &primary], "").await;
    let mut boards = agency.boards().await;
    let load = agency.load();
    load.has_told(BEFORE).await;

    primary.crash();
    for carrier in &agency.carriers {
        refused_in_time(carrier, &agency.calls[CALLS - 1].initiated()).await;
    }
    for node in agency.nodes() {
        not_ready(node).await;
    }
    let url = url_of(&agency.line.world);
    let nobody = callboard(&["migrate"], &url).await;
    assert!(nobody.said.contains("takes no writes"), "{}", nobody.said);
    standby.promote();

    agency.goes_on(load, &mut boards).await;
    let doctor = callboard(&["doctor"], &url).await.said;
    assert!(doctor.contains("it can be written to"), "{doctor}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_is_left_for_the_promoted_standby() {
    let (primary, standby) = primary_and_standby();
    let asked = "?target_session_attrs=read-write";
    let agency = Agency::on(&[&primary, &standby], asked).await;
    let mut boards = agency.boards().await;
    let load = agency.load();
    load.has_told(BEFORE).await;

    // Reads at once, so that the pools hold many connections to it.
    for node in agency.nodes() {
        join_all((0..12).map(|_| node.bare_rows(&agency.line.world, agency.line.world.anna))).await;
    }
    // It takes connections still, and says nothing on them.
    primary.stall();
    for carrier in &agency.carriers {
        refused_in_time(carrier, &agency.calls[CALLS - 1].initiated()).await;
    }
    standby.promote();

    agency.goes_on(load, &mut boards).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_may_only_read_is_not_kept() {
    let world = World::in_real_time(Database::migrated_postgres().await).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let DatabaseUrl::Postgres(url) = &world.database.url else {
        panic!("a database on PostgreSQL")
    };
    let name = url.config.get_dbname().expect("a name");
    let alter = async |what: &str| {
        let sql = format!("BEGIN READ WRITE; ALTER DATABASE {name} {what}; COMMIT");
        world.database.execute(&sql).await;
    };

    alter("SET default_transaction_read_only = on").await;
    cut_all_connections(&world).await;
    let call = carrier.new_call("+15550100");
    for _ in 0..3 {
        refused_in_time(&carrier, &call.initiated()).await;
    }
    not_ready(&node).await;
    alter("RESET default_transaction_read_only").await;

    tell(&carrier, [&call.initiated()]).await;
    soon("the node to be ready", is_ready(&node)).await;
}

fn primary_and_standby() -> (OwnPostgres, OwnPostgres) {
    let primary = OwnPostgres::start();
    let standby = OwnPostgres::standby_of(&primary);
    (primary, standby)
}

/// Two nodes that hear each other by notices, and the calls of one agency.
struct Agency {
    line: Line,
    other: Node,
    carriers: [Arc<Carrier>; 2],
    calls: Arc<Vec<Leg>>,
}

impl Agency {
    /// On the first of these servers that takes writes.
    async fn on(servers: &[&OwnPostgres], asked: &str) -> Self {
        let server = OwnPostgres::address_of(servers);
        let mut database = Database::postgres_on(&server).await;
        let url = address(&database) + asked;
        database.url = DatabaseUrl::parse(&url).expect("a URL");
        let world = World::in_real_time(database).await;
        let line = world.configured(|config| config.relay = Relay::Postgres);
        let line = line.line().await;
        let other = Node::start(&line.world).await;
        let acme = &line.world.acme;
        let carriers = [&line.node, &other].map(|node| Arc::new(node.patient_carrier(acme)));
        let numbers = (0..CALLS).map(|number| format!("+155501{number:05}"));
        let calls = numbers.map(|number| carriers[0].new_call(&number));
        let calls = Arc::new(calls.collect());
        let agency = Self {
            line,
            other,
            carriers,
            calls,
        };
        agency.hears_itself().await;
        agency
    }

    fn nodes(&self) -> [&Node; 2] {
        [&self.line.node, &self.other]
    }

    /// A board on each node.
    async fn boards(&self) -> [Board; 2] {
        let world = &self.line.world;
        let anna = self.line.node.board(world, world.anna).await;
        [anna, self.other.board(world, world.ben).await]
    }

    /// Each call rings and is answered, a few at a time, by one node and by the other.
    fn load(&self) -> Load {
        let told = Arc::new(AtomicUsize::new(0));
        let (count, calls) = (Arc::clone(&told), Arc::clone(&self.calls));
        let carriers = self.carriers.clone();
        let telling = tokio::spawn(async move {
            stream::iter(0..calls.len())
                .for_each_concurrent(8, |index| {
                    let (count, call) = (&count, &calls[index]);
                    let (here, there) = (&carriers[index % 2], &carriers[(index + 1) % 2]);
                    async move {
                        tell(here, [&call.initiated()]).await;
                        tell(there, [&call.answered()]).await;
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .await;
        });
        Load { told, telling }
    }

    /// All that was told is on the boards, in its order; nodes, relay and errands have come back.
    async fn goes_on(&self, load: Load, boards: &mut [Board; 2]) {
        for node in self.nodes() {
            soon("a node to be ready", is_ready(node)).await;
        }
        soon("the load", load.telling).await.expect("the load");
        let world = &self.line.world;
        // A new board finds the primary too.
        self.boards().await;
        for node in self.nodes() {
            assert_eq!(node.bare_rows(world, world.anna).await.len(), CALLS);
        }
        for board in boards {
            let lives = self.lives_on(board).await;
            assert!(
                lives
                    .values()
                    .all(|life| life == &["call.incoming", "call.answered"])
            );
        }
        self.hears_itself().await;
        let recorded = tokio::time::timeout(2 * LEASE, self.records_each()).await;
        recorded.expect("a recording of each call");
    }

    /// What happens to each call on a board, which has stayed open: no number is missing or comes twice.
    async fn lives_on(&self, board: &mut Board) -> BTreeMap<String, Vec<String>> {
        let mut lives: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let whole = |lives: &BTreeMap<String, Vec<String>>| {
            lives.len() == CALLS && lives.values().all(|life| life.len() == 2)
        };
        while !whole(&lives) {
            let event = board.hears().await;
            if matches!(event.kind.as_str(), "call.incoming" | "call.answered") {
                let from = event.call.text("from_number").expect("a number");
                lives.entry(from.to_owned()).or_default().push(event.kind);
            }
        }
        lives
    }

    async fn hears_itself(&self) {
        for node in self.nodes() {
            node.shows_metric("callboard_relay_up 1").await;
        }
    }

    async fn records_each(&self) {
        loop {
            let asked = self.line.asked("record_start").into_iter();
            let legs: BTreeSet<_> = asked.filter_map(|request| request.leg).collect();
            if legs.len() == CALLS {
                return;
            }
            look_again().await;
        }
    }
}

struct Load {
    told: Arc<AtomicUsize>,
    telling: JoinHandle<()>,
}

impl Load {
    async fn has_told(&self, calls: usize) {
        soon("some calls", async {
            while self.told.load(Ordering::Relaxed) < calls {
                look_again().await;
            }
        })
        .await;
    }
}

async fn is_ready(node: &Node) {
    loop {
        let asked = node.http.get(format!("{}/readyz", node.url)).send().await;
        if asked.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        look_again().await;
    }
}
