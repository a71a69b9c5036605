//! A storm: five thousand boards that were cut off come back at once, each with its position, and
//! hear what they missed. The ring covers it, so the database is not read at all. Then ten thousand boards
//! of a node that is killed come to two others, which never had a socket of theirs.
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
use callboard::domain::{AgencyId, Timestamp};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::client::{Board, Position};
use support::cpu::CpuTime;
use support::figures::{Figures, Target};
use support::nodes::{self, Deployment};
use support::server::{self, Server};
use support::webhooks::Calls;
use support::world::{Door, World};
use support::{must_be_optimised, must_open};
use tokio::runtime::Runtime;

const AGENCIES: usize = 25;
const PEOPLE: usize = 10;
const SOCKETS_EACH: usize = 20;
/// Events of each agency that its boards miss.
const MISSED: usize = 20;
const ROUNDS: usize = 5;
/// The same of a node that is killed.
const ITS_AGENCIES: usize = 1000;
const ITS_PEOPLE: usize = 10;
const ITS_MISSED: usize = 10;
/// How long the others are watched at rest.
const REST: Duration = Duration::from_secs(5);

fn main() {
    must_be_optimised("storm");
    if let Some(orders) = server::orders() {
        return match orders[0].as_str() {
            clock @ ("standing" | "running") => serve(clock == "standing"),
            _ => nodes::serve_orders(&orders),
        };
    }
    must_open((ITS_AGENCIES * ITS_PEOPLE + 500) as u64);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            // Where the clock stands nothing is polled, so every query is the storm's. `-- killed` leaves
            // these out.
            if !std::env::args().any(|argument| argument == "killed") {
                storm("standing", 1).await;
                storm("running", ROUNDS).await;
            }
            for way in ["redis", "postgres", "off"] {
                a_node_is_killed(way).await;
            }
        });
}

/// The real server; `miss` makes events, `queries` counts what the database was asked.
fn serve(standing: bool) {
    let runtime = Runtime::new().expect("a runtime");
    let clock = if standing {
        Clock::by_hand(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"))
    } else {
        Clock::system()
    };
    let world = runtime.block_on(World::start(AGENCIES, PEOPLE, clock));
    println!("{}", world.door());
    server::obey(|order| match order {
        "miss" => {
            for agency in &world.agencies {
                runtime.block_on(record(&world, *agency));
            }
            "missed".to_owned()
        }
        _ => (world.app.store.reads() + world.app.store.writes()).to_string(),
    });
}

/// Records events and waits until they are out.
async fn record(world: &World, agency: AgencyId) {
    let app = &world.app;
    let (_, before) = app.hub.seq(agency).expect("a channel that is watched");
    let mut calls = Calls::new(agency, &app.clock);
    for _ in 0..MISSED {
        app.journal.append(calls.next()).await.expect("an answer");
    }
    let until = before + i64::try_from(MISSED).expect("few events");
    while app.hub.seq(agency).is_none_or(|(_, seq)| seq < until) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn storm(clock: &str, rounds: usize) {
    let mut server = Server::start(&[clock]);
    let door = Door::read(&server.hear());
    let mut positions = vec![None; door.tokens.len() * SOCKETS_EACH];
    let place = |place: usize| (door.addr, door.tokens[place / SOCKETS_EACH].clone());
    // The first time all are new.
    all_come(place, &mut positions, MISSED).await;
    let (mut seconds, mut cpu) = (Figures::default(), Figures::default());
    for _ in 0..rounds {
        server.ask("miss");
        let queries = queries_at_rest(&mut server).await;
        let before = CpuTime::of(server.pid());
        let began = Instant::now();
        all_come(place, &mut positions, MISSED).await;
        seconds.add(began.elapsed().as_secs_f64());
        let used = CpuTime::of(server.pid()).since(&before);
        cpu.add(Duration::from_nanos(used).as_secs_f64());
        if clock == "standing" {
            let asked = self::queries(&mut server) - queries;
            println!(
                "storm: {asked} database queries while {} sockets resumed, target 0: {}",
                positions.len(),
                if asked == 0 { "met" } else { "MISSED" },
            );
            return;
        }
    }
    let (least, most) = seconds.spread();
    println!(
        "storm: {} sockets back with {MISSED} missed events each in {:.2} s ({least:.2} to {most:.2}), \
         of at most 5 s: ratio {:.2}, {}; server CPU {:.2} s",
        positions.len(),
        seconds.median(),
        seconds.median() / 5.0,
        Target::AtMost(1.0).judge(most / 5.0),
        cpu.median(),
    );
}

/// The same once what the events themselves led to has been seen to.
async fn queries_at_rest(server: &mut Server) -> u64 {
    let mut last = queries(server);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        match queries(server) {
            same if same == last => return same,
            more => last = more,
        }
    }
}

fn queries(server: &mut Server) -> u64 {
    server.ask("queries").parse().expect("a number")
}

/// Ten thousand sockets of one node come to two others, all at once.
async fn a_node_is_killed(way: &str) {
    let deployment = Deployment::found(ITS_AGENCIES, ITS_PEOPLE).await;
    let tokens = &deployment.tokens;
    let mut first = deployment.node(way);
    let mut others = [deployment.node(way), deployment.node(way)];
    let mut positions = vec![None; tokens.len()];
    let there = |place: usize| (first.addr, tokens[place].clone());
    let boards = all_come(there, &mut positions, 0).await;
    let began = Instant::now();
    if way != "off" {
        for other in &mut others {
            other.comes_to("boards", ITS_AGENCIES as u64).await;
        }
    }
    let warm = began.elapsed().as_secs_f64();
    first.ask(&format!("record {ITS_MISSED}"));
    let numbers = (ITS_AGENCIES * ITS_MISSED) as u64;
    if way != "off" {
        for other in &mut others {
            other.comes_to("numbers", numbers).await;
        }
    }
    let at_rest = deployment.transactions().await;
    let (rest, rested) = (asked(&mut others), Instant::now());
    tokio::time::sleep(REST).await;
    let rest = (asked(&mut others) - rest) as f64 / rested.elapsed().as_secs_f64();
    let transactions = deployment.transactions().await;
    let at_rest = transactions - at_rest;

    let (queries, began) = (asked(&mut others), Instant::now());
    first.server.kill();
    drop(boards);
    let addrs = others.each_ref().map(|other| other.addr);
    let elsewhere = |place: usize| (addrs[place % 2], tokens[place].clone());
    let boards = all_come(elsewhere, &mut positions, ITS_MISSED).await;
    let took = began.elapsed().as_secs_f64();
    let queries = asked(&mut others) - queries;
    let transactions = deployment.transactions().await - transactions;
    println!(
        "storm of a killed node, relay {way}: {} sockets of {ITS_AGENCIES} agencies on two others with \
         {ITS_MISSED} missed events each in {took:.2} s, of at most 5 s: {}; {queries} queries of theirs \
         meanwhile, {rest:.1}/s at rest; {transactions} transactions within {:.1} s, {at_rest} at rest \
         within {:.1} s; boards ready after {warm:.1} s",
        boards.len(),
        Target::AtMost(5.0).judge(took),
        took + 1.5,
        REST.as_secs_f64() + 1.5,
    );
}

/// How many queries they have begun.
fn asked(nodes: &mut [nodes::Node]) -> u64 {
    nodes.iter_mut().map(|node| node.ask("queries")).sum()
}

/// All sockets connect at once, where and as whom `place` says, and hear what they missed. They are cut
/// off again when what is returned is dropped.
async fn all_come(
    place: impl Fn(usize) -> (SocketAddr, String),
    positions: &mut [Option<Position>],
    missed: usize,
) -> Vec<Board> {
    let mut coming = tokio::task::JoinSet::new();
    for (number, position) in positions.iter().enumerate() {
        let (addr, token) = place(number);
        let position = position.clone();
        coming.spawn(async move {
            let (mut board, first) = Board::open(addr, &token, position.as_ref()).await;
            let seq = first["seq"].as_u64().expect("a number");
            if let Some(position) = position {
                assert_eq!(first["type"], "resumed", "{first}");
                assert_eq!(seq, position.seq + missed as u64, "what was missed");
                for expected in position.seq + 1..=seq {
                    let event = board.text().await;
                    assert_eq!(event["seq"], expected, "{event}");
                }
            }
            let epoch = first["epoch"].as_str().expect("a text").to_owned();
            (number, Position { epoch, seq }, board)
        });
    }
    // Held until all are caught up.
    let mut boards = Vec::new();
    while let Some(came) = coming.join_next().await {
        let (number, position, board) = came.expect("a board that caught up");
        positions[number] = Some(position);
        boards.push(board);
    }
    boards
}
