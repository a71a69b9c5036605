//! A storm: five thousand boards that were cut off come back at once, each with its position, and
//! hear what they missed. The ring covers it, so the database is not read at all.
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
use std::time::{Duration, Instant};
use support::client::{Board, Position};
use support::cpu::CpuTime;
use support::figures::{Figures, Target};
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

fn main() {
    must_be_optimised("storm");
    if let Some(orders) = server::orders() {
        return serve(orders[0] == "standing");
    }
    must_open((AGENCIES * PEOPLE * SOCKETS_EACH + 500) as u64);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            // Where the clock stands nothing is polled, so every query is the storm's.
            storm("standing", 1).await;
            storm("running", ROUNDS).await;
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
    // The first time all are new.
    all_come(&door, &mut positions).await;
    let (mut seconds, mut cpu) = (Figures::default(), Figures::default());
    for _ in 0..rounds {
        server.ask("miss");
        let queries = queries_at_rest(&mut server).await;
        let before = CpuTime::of(server.pid());
        let began = Instant::now();
        all_come(&door, &mut positions).await;
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

/// All sockets connect at once, hear what they missed, and are cut off again.
async fn all_come(door: &Door, positions: &mut [Option<Position>]) {
    let mut coming = tokio::task::JoinSet::new();
    for (place, position) in positions.iter().enumerate() {
        let token = door.tokens[place / SOCKETS_EACH].clone();
        let (addr, position) = (door.addr, position.clone());
        coming.spawn(async move {
            let (mut board, first) = Board::open(addr, &token, position.as_ref()).await;
            let seq = first["seq"].as_u64().expect("a number");
            if let Some(position) = position {
                assert_eq!(first["type"], "resumed", "{first}");
                assert_eq!(seq, position.seq + MISSED as u64, "what was missed");
                for expected in position.seq + 1..=seq {
                    let event = board.text().await;
                    assert_eq!(event["seq"], expected, "{event}");
                }
            }
            let epoch = first["epoch"].as_str().expect("a text").to_owned();
            (place, Position { epoch, seq }, board)
        });
    }
    // Held until all are caught up.
    let mut boards = Vec::new();
    while let Some(came) = coming.join_next().await {
        let (place, position, board) = came.expect("a board that caught up");
        positions[place] = Some(position);
        boards.push(board);
    }
}
