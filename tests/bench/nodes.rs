//! Several nodes on one PostgreSQL, by each relay: webhooks per second of one, two and four nodes, and how
//! long an event takes from its commit to a board of another node. Then boards that are far behind: how
//! fast the journal is read to them, and what the boards of others feel of it.
//!
//! Nodes, database and boards share this machine. So what is told of more nodes is what they share, not what
//! more machines would give.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[allow(dead_code)]
mod support;

use callboard::clock::Clock;
use callboard::domain::Timestamp;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::client::{Board, Position};
use support::figures::Figures;
use support::must_be_optimised;
use support::nodes::{self, Deployment, Node};
use support::server;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const AGENCIES: usize = 16;
/// Webhooks at once, over all nodes together.
const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
/// Webhooks one by one, for so long, one each so long.
const PACED: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(10);
/// Until the last of them has come, also by the poll.
const LATE: Duration = Duration::from_secs(3);
/// How long events are made that boards then are behind.
const BEHIND: Duration = Duration::from_secs(6);

fn main() {
    must_be_optimised("nodes");
    if let Some(orders) = server::orders() {
        return nodes::serve_orders(&orders);
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            for way in ["off", "postgres", "redis"] {
                let mut alone = None;
                for count in [1, 2, 4] {
                    let rate = together(way, count).await;
                    let alone = *alone.get_or_insert(rate);
                    println!("  that is {:.2} of one node's", rate / alone);
                }
            }
            far_behind().await;
        });
}

/// Webhooks per second over so many nodes.
async fn together(way: &str, count: usize) -> f64 {
    let deployment = Deployment::found(AGENCIES, 1).await;
    let mut all: Vec<Node> = (0..count).map(|_| deployment.node(way)).collect();
    let mut rates = Figures::default();
    for round in 0..=ROUNDS {
        let began = Instant::now();
        for node in &mut all {
            let order = format!("saturate {} {}", ROUND.as_millis(), IN_FLIGHT / count);
            node.server.tell(&order);
        }
        let told = all.iter_mut().map(|node| node.server.hear());
        let told: f64 = told
            .map(|told| told.parse::<f64>().expect("a number"))
            .sum();
        if round > 0 {
            rates.add(told / began.elapsed().as_secs_f64());
        }
    }
    let watching = all[count - 1].addr;
    let mut watched = watch(watching, &deployment.tokens).await;
    let (answers, waits) = paced(&mut all[0], &mut watched).await;
    println!(
        "{count} nodes, relay {way}: {:.0} webhooks/s with {IN_FLIGHT} in flight; {} a second: 200 after \
         {answers} ms (p50, p99); from the commit's begin to a board of {}: p50 {:.2} ms, p99 {:.2} ms",
        rates.median(),
        Duration::from_secs(1).as_millis() / PAUSE.as_millis(),
        if count == 1 {
            "the same node"
        } else {
            "another node"
        },
        waits.median(),
        waits.at(0.99),
    );
    rates.median()
}

/// Boards that tell how long each event took to them, in milliseconds. They are gone when this is dropped.
struct Watched {
    heard: mpsc::UnboundedReceiver<f64>,
    _boards: JoinSet<()>,
}

/// A board of each of these people.
async fn watch(addr: SocketAddr, tokens: &[String]) -> Watched {
    let (say, heard) = mpsc::unbounded_channel();
    let mut boards = JoinSet::new();
    for token in tokens {
        let (mut board, _) = Board::open(addr, token, None).await;
        let say = say.clone();
        boards.spawn(async move {
            let clock = Clock::system();
            loop {
                let event = board.text().await;
                let Some(recorded) = event["recorded_at"].as_str() else {
                    continue;
                };
                let recorded = Timestamp::parse(recorded).expect("a time");
                let took = clock.now().micros_since(recorded);
                let _ = say.send(took as f64 / 1e3);
            }
        });
    }
    Watched {
        heard,
        _boards: boards,
    }
}

/// Webhooks one by one at that node: how long their 200 took, in words, and how long they took to boards.
async fn paced(node: &mut Node, watched: &mut Watched) -> (String, Figures) {
    let order = format!("pace {} {}", PACED.as_millis(), PAUSE.as_millis());
    while watched.heard.try_recv().is_ok() {}
    node.server.tell(&order);
    // Boards are read meanwhile, on this thread.
    tokio::time::sleep(PACED + LATE).await;
    let answers = node.server.hear().replace(' ', ", ");
    let mut waits = Figures::default();
    while let Ok(wait) = watched.heard.try_recv() {
        waits.add(wait);
    }
    (answers, waits)
}

/// Boards that were away for so long that no ring covers it.
async fn far_behind() {
    let deployment = Deployment::found(2, 1).await;
    let mut node = deployment.node("off");
    node.ask(&format!("saturate {} {IN_FLIGHT}", BEHIND.as_millis()));
    let [behind, live] = [0, 1].map(|place| deployment.tokens[place].clone());
    let mut watched = watch(node.addr, &[live]).await;
    let (_, quiet) = paced(&mut node, &mut watched).await;
    for readers in [1, 8, 32] {
        let (addr, token) = (node.addr, behind.clone());
        // On a thread of their own: the live board is not to wait for what they do with what they read.
        let reading = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(read_all(addr, token, readers, PACED))
        });
        let (_, waits) = paced(&mut node, &mut watched).await;
        let rate = reading.join().expect("readers");
        println!(
            "beyond the ring, {readers} at once: {rate:.0} events/s read to them; another agency's board \
             meanwhile: p50 {:.2} ms, p99 {:.2} ms, of {:.2} ms, {:.2} ms while nobody reads",
            waits.median(),
            waits.at(0.99),
            quiet.median(),
            quiet.at(0.99),
        );
    }
}

/// So many boards that are told everything from the start, one after the other in each place: events per
/// second of all together.
async fn read_all(addr: SocketAddr, token: String, readers: usize, time: Duration) -> f64 {
    let began = Instant::now();
    let mut reading = JoinSet::new();
    for _ in 0..readers {
        let token = token.clone();
        reading.spawn(async move {
            let (_, first) = Board::open(addr, &token, None).await;
            let epoch = first["epoch"].as_str().expect("a text").to_owned();
            let (mut events, start) = (0_u64, Position { epoch, seq: 0 });
            while began.elapsed() < time {
                let (mut board, first) = Board::open(addr, &token, Some(&start)).await;
                assert_eq!(first["type"], "resumed", "{first}");
                let until = first["seq"].as_u64().expect("a number");
                let mut seq = 0;
                while seq < until && began.elapsed() < time {
                    let event = board.text().await;
                    assert_eq!(event["seq"], seq + 1, "{event}");
                    seq += 1;
                }
                events += seq;
            }
            events
        });
    }
    let events: u64 = reading.join_all().await.into_iter().sum();
    events as f64 / began.elapsed().as_secs_f64()
}
