//! Several nodes on one PostgreSQL, each a process of its own that does what it is told.

use super::figures::Figures;
use super::postgres::{Postgres, Redis};
use super::server::{self, Server};
use super::webhooks::Calls;
use super::world::{config, open, populate, serve};
use callboard::app::App;
use callboard::clock::Clock;
use callboard::config::{DatabaseUrl, RedisUrl, Relay};
use callboard::domain::AgencyId;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

/// 32 bytes in base64: without a key events do not go whole.
const ENCRYPTION_KEY: &str = "YmVuY2htYXJrcy1iZW5jaG1hcmtzLWJlbmNobWFyay0=";

/// A database with agencies and people, for nodes.
pub struct Deployment {
    postgres: Postgres,
    name: String,
    redis: Redis,
    pub agencies: Vec<AgencyId>,
    /// A token of each person, agency by agency.
    pub tokens: Vec<String>,
}

/// A node, and where it listens.
pub struct Node {
    pub server: Server,
    pub addr: SocketAddr,
}

impl Deployment {
    pub async fn found(agencies: usize, people: usize) -> Self {
        let postgres = Postgres::find();
        let (name, url) = postgres.new_database().await;
        // Migrations want a runtime of many threads; whoever measures has one of a single thread.
        let founding = std::thread::spawn(move || {
            Runtime::new().expect("a runtime").block_on(async {
                let store = open(&url).await;
                populate(&store, agencies, people, &Clock::system()).await
            })
        });
        let (agencies, tokens) = founding.join().expect("agencies");
        // As autovacuum does within its first minute.
        postgres.run(&name, "ANALYZE").await;
        Self {
            postgres,
            name,
            redis: Redis::start(),
            agencies,
            tokens,
        }
    }

    /// One that relays that way: `postgres`, `redis` or `off`.
    pub fn node(&self, way: &str) -> Node {
        let relay = match way {
            "redis" => self.redis.url(),
            way => way.to_owned(),
        };
        let mut server = Server::start(&[&self.postgres.url_of(&self.name), &relay]);
        let addr = server.hear().parse().expect("an address");
        Node { server, addr }
    }

    /// Transactions of this database so far. PostgreSQL counts those of a connection that is at rest
    /// within a second.
    pub async fn transactions(&self) -> i64 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let url = self.postgres.url_of(&self.name);
        let (client, connection) = tokio_postgres::connect(&url, NoTls)
            .await
            .expect("PostgreSQL");
        tokio::spawn(connection);
        let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database \
             WHERE datname = current_database()";
        let row = client.query_one(sql, &[]).await;
        row.expect("a count").get(0)
    }
}

impl Node {
    /// A number that it answers with.
    pub fn ask(&mut self, order: &str) -> u64 {
        self.server.ask(order).parse().expect("a number")
    }

    /// Waits until what it answers is that much.
    pub async fn comes_to(&mut self, order: &str, number: u64) {
        while self.ask(order) < number {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A node, told by its arguments on which database and by which relay.
pub fn serve_orders(orders: &[String]) {
    let runtime = Runtime::new().expect("a runtime");
    let clock = Clock::system();
    let mut config = config(DatabaseUrl::parse(&orders[0]).expect("a URL"));
    config.encryption_key = Some(ENCRYPTION_KEY.into());
    config.relay = match orders[1].as_str() {
        "off" => Relay::Off,
        "postgres" => Relay::Postgres,
        url => Relay::Redis(RedisUrl::parse(url).expect("a URL")),
    };
    let (app, agencies) = runtime.block_on(async {
        let app = serve(config, clock.clone()).await;
        let heads = app.store.all_heads().await.expect("heads");
        (
            app,
            heads
                .into_iter()
                .map(|(agency, _)| agency)
                .collect::<Vec<_>>(),
        )
    });
    println!("{}", app.addr);
    server::obey(|order| {
        let mut words = order.split(' ');
        let what = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        match what {
            "boards" => app.hub.size().to_string(),
            "numbers" => numbers(&app).to_string(),
            "queries" => (app.store.reads() + app.store.writes()).to_string(),
            // So many events of each agency.
            "record" => runtime
                .block_on(record(&app, &agencies, number()))
                .to_string(),
            // For so many milliseconds, so many at once.
            "saturate" => {
                let millis = Duration::from_millis(number());
                runtime
                    .block_on(saturate(&app, &agencies, millis, number()))
                    .to_string()
            }
            // For so many milliseconds, one each so many milliseconds.
            "pace" => {
                let (time, pause) = (number(), number());
                let (time, pause) = (Duration::from_millis(time), Duration::from_millis(pause));
                runtime.block_on(pace(&app, &agencies, time, pause))
            }
            order => panic!("{order}: not known"),
        }
    });
}

/// The sum of the numbers that have gone out here.
fn numbers(app: &App) -> i64 {
    let agencies = app.hub.agencies().into_iter();
    agencies
        .filter_map(|agency| Some(app.hub.seq(agency)?.1))
        .sum()
}

/// New calls, each at an agency of its own in turn.
async fn record(app: &App, agencies: &[AgencyId], each: u64) -> u64 {
    for _ in 0..each {
        for some in agencies.chunks(128) {
            let mut told = JoinSet::new();
            for agency in some {
                let (journal, append) =
                    (app.journal.clone(), Calls::new(*agency, &app.clock).next());
                told.spawn(async move { journal.append(append).await });
            }
            for answer in told.join_all().await {
                answer.expect("an answer");
            }
        }
    }
    each
}

/// How many were acknowledged.
async fn saturate(app: &App, agencies: &[AgencyId], time: Duration, at_once: u64) -> u64 {
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..at_once {
        let place = usize::try_from(sender).expect("few") % agencies.len();
        let (journal, mut calls) = (app.journal.clone(), Calls::new(agencies[place], &app.clock));
        senders.spawn(async move {
            let mut sent = 0;
            while began.elapsed() < time {
                sent += u64::from(journal.append(calls.next()).await.is_ok());
            }
            sent
        });
    }
    senders.join_all().await.into_iter().sum()
}

/// The median and the 99th percentile of what a webhook waits for its 200, in milliseconds.
async fn pace(app: &App, agencies: &[AgencyId], time: Duration, pause: Duration) -> String {
    let began = Instant::now();
    let mut calls: Vec<Calls> = agencies
        .iter()
        .map(|agency| Calls::new(*agency, &app.clock))
        .collect();
    let mut tick = tokio::time::interval(pause);
    let mut waiting = JoinSet::new();
    let count = calls.len();
    for place in (0..count).cycle() {
        tick.tick().await;
        if began.elapsed() > time {
            break;
        }
        let (journal, append) = (app.journal.clone(), calls[place].next());
        waiting.spawn(async move {
            let began = Instant::now();
            journal.append(append).await.expect("an answer");
            began.elapsed().as_secs_f64() * 1e3
        });
    }
    let mut waits = Figures::default();
    for wait in waiting.join_all().await {
        waits.add(wait);
    }
    format!("{:.2} {:.2}", waits.median(), waits.at(0.99))
}
