//! Memory per idle socket: by how much the server process grows over ten thousand signed-in boards
//! that hear nothing but heartbeats.
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
use std::time::{Duration, Instant};
use support::client::{Board, PONG};
use support::cpu::resident;
use support::figures::Target;
use support::server::{self, Server};
use support::world::{Door, World};
use support::{must_be_optimised, must_open};
use tokio::io::AsyncWriteExt;

const AGENCIES: usize = 100;
const PEOPLE: usize = 5;
const SOCKETS_EACH: usize = 20;
/// Opened first and not counted: the code and the caches that any server comes to hold.
const WARM_UP: usize = 200;
/// Until every socket has had a heartbeat, which comes every 15 s.
const BEATS: Duration = Duration::from_secs(20);

fn main() {
    must_be_optimised("memory");
    if server::orders().is_some() {
        return serve();
    }
    must_open((AGENCIES * PEOPLE * SOCKETS_EACH + WARM_UP + 500) as u64);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(measure());
}

fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::start(AGENCIES, PEOPLE, Clock::system()));
    println!("{}", world.door());
    server::obey(|_| String::new());
}

async fn measure() {
    let mut server = Server::start(&["callboard"]);
    let door = Door::read(&server.hear());
    for place in 0..WARM_UP {
        open(&door, place).await;
    }
    let before = resident(server.pid());
    let sockets = door.tokens.len() * SOCKETS_EACH;
    for place in 0..sockets {
        open(&door, WARM_UP + place).await;
    }
    let connected = resident(server.pid());
    let mut most = connected;
    let began = Instant::now();
    while began.elapsed() < BEATS {
        tokio::time::sleep(Duration::from_millis(200)).await;
        most = most.max(resident(server.pid()));
    }
    let each = |after: u64| {
        let grown = u32::try_from(after.saturating_sub(before) / 1024).expect("below 4 TB");
        f64::from(grown) / f64::from(u32::try_from(sockets).expect("few sockets"))
    };
    println!(
        "memory: {:.1} KB per idle socket of {sockets} at most, over one heartbeat each \
         ({:.1} KB when just connected; the server before: {} MB), {}",
        each(most),
        each(connected),
        before / 1024 / 1024,
        Target::AtMost(24.0).judge(each(most)),
    );
}

/// Opens a board that answers whatever it hears with a pong.
async fn open(door: &Door, place: usize) {
    let token = &door.tokens[place % door.tokens.len()];
    let (board, _) = Board::open(door.addr, token, None).await;
    let mut stream = board.stream;
    tokio::spawn(async move {
        while stream.readable().await.is_ok() {
            let mut bytes = [0; 4096];
            match stream.try_read(&mut bytes) {
                Ok(0) => break,
                Ok(_) => stream.write_all(&PONG).await.expect("a server that reads"),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("a socket broke: {error}"),
            }
        }
        // The server goes when the benchmark is over, and not before.
    });
}
