//! Fan-out from the hub to the sockets: server CPU per delivery, over that of a bare loop that
//! writes the same finished bytes to as many sockets.
//!
//! Both are processes of their own. Saturated means that several events are under way at once, as
//! under load: what waits for one socket then leaves in one write, which is what an outbox is for. In
//! lockstep the next event is published when everyone has the last one, and no write carries two:
//! that is the price of one delivery by itself, and is told beside it.
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

use bytes::Bytes;
use callboard::clock::Clock;
use callboard::domain::{AgencyId, CallId, Timestamp};
use callboard::hub::{Change, Delivery, Frame, Hub, PerAudience, RowKey, Went};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::client::{Board, dial};
use support::cpu::CpuTime;
use support::figures::{Figures, Target, tell_ratio};
use support::server::{self, Server};
use support::world::{Door, World};
use support::{must_be_optimised, must_open};
use tokio::sync::Notify;
use uuid::Uuid;

/// The text of an event.
const EVENT_BYTES: usize = 350;
/// Rounds of each server, alternating; one more of each comes first and is not counted.
const ROUNDS: usize = 9;
/// How long a round of a steady load takes.
const STEADY: Duration = Duration::from_secs(4);

/// How sockets are spread, and how events come.
#[derive(Clone, Copy)]
struct Load {
    channels: usize,
    sockets_each: usize,
    pace: Pace,
}

#[derive(Clone, Copy)]
enum Pace {
    /// So many events under way at once.
    Saturated(u32),
    /// Deliveries per second.
    Steady(u32),
}

impl Pace {
    fn in_words(self) -> String {
        match self {
            Self::Saturated(1) => "in lockstep".to_owned(),
            Self::Saturated(under_way) => format!("saturated, {under_way} events under way"),
            Self::Steady(per_second) => format!("at {per_second} deliveries/s"),
        }
    }
}

const fn load(channels: usize, sockets_each: usize, pace: Pace) -> Load {
    Load {
        channels,
        sockets_each,
        pace,
    }
}

const LOADS: [Load; 5] = [
    load(1, 1000, Pace::Saturated(8)),
    load(100, 10, Pace::Saturated(8)),
    load(10, 100, Pace::Steady(5000)),
    load(1, 1000, Pace::Saturated(1)),
    load(100, 10, Pace::Saturated(1)),
];

fn main() {
    must_be_optimised("fanout");
    match server::orders().as_deref() {
        Some([kind, channels, sockets]) => {
            let (channels, sockets) = (number(channels), number(sockets));
            match kind.as_str() {
                "callboard" => serve(channels),
                _ => serve_bare(channels, sockets),
            }
        }
        Some(_) => unreachable!("a server has three arguments"),
        None => {
            must_open(4096);
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(measure());
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// The finished frame of an event.
fn frame() -> Bytes {
    Frame::text(&"e".repeat(EVENT_BYTES))
}

/// The real server; `all` and numbers publish on all channels or on that one.
fn serve(channels: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // The clock stands, so that every byte is an event's: no heartbeats.
    let clock = Clock::by_hand(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
    let world = runtime.block_on(World::start(channels, 1, clock));
    println!("{}", world.door());
    let mut publisher = Publisher {
        hub: world.app.hub.clone(),
        agencies: world.agencies.clone(),
        epochs: vec![None; channels],
        seqs: vec![0; channels],
        calls: (0..50).map(|_| CallId(Uuid::new_v4())).collect(),
        frame: frame(),
        at: world.app.clock.now(),
    };
    server::obey(|order| {
        match order {
            "all" => (0..channels).for_each(|channel| publisher.publish(channel)),
            channel => publisher.publish(number(channel)),
        }
        String::new()
    });
}

struct Publisher {
    hub: Hub,
    agencies: Vec<AgencyId>,
    epochs: Vec<Option<String>>,
    seqs: Vec<i64>,
    calls: Vec<CallId>,
    frame: Bytes,
    at: Timestamp,
}

impl Publisher {
    fn publish(&mut self, channel: usize) {
        let seq = self.seqs[channel] + 1;
        self.seqs[channel] = seq;
        let place = usize::try_from(seq).expect("a number") % self.calls.len();
        // Known once somebody watches.
        let epoch = self.epochs[channel].get_or_insert_with(|| {
            let head = self.hub.seq(self.agencies[channel]);
            head.expect("a board").0
        });
        let delivery = Delivery {
            seq,
            epoch: epoch.clone(),
            frame: Arc::new(PerAudience::new(self.frame.clone(), Clone::clone)),
            change: Change::Puts(
                RowKey::Call(self.at, self.calls[place]),
                Arc::new(PerAudience::new(self.frame.slice(50..), Clone::clone)),
            ),
            recorded_at: self.at,
        };
        let went = self.hub.publish(self.agencies[channel], delivery);
        assert_eq!(went, Went::Out, "events wait for others");
    }
}

/// The bare loop: one thread, one write per socket.
fn serve_bare(channels: usize, sockets: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let mut all: Vec<Vec<TcpStream>> = (0..channels)
        .map(|_| (0..sockets).map(|_| accept(&listener)).collect())
        .collect();
    let frame = frame();
    server::obey(|order| {
        match order {
            "all" => all.iter_mut().for_each(|channel| write(channel, &frame)),
            channel => write(&mut all[number(channel)], &frame),
        }
        String::new()
    });
}

/// A socket tuned as the real server's are.
fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let socket = socket2::SockRef::from(&stream);
    socket.set_send_buffer_size(64 * 1024).expect("a socket");
    stream
}

fn write(sockets: &mut [TcpStream], frame: &[u8]) {
    for socket in sockets {
        socket.write_all(frame).expect("a client that reads");
    }
}

async fn measure() {
    for load in LOADS {
        let mut ours = Side::callboard(load).await;
        let mut bare = Side::bare(load).await;
        let (mut our_cost, mut bare_cost) = (Figures::default(), Figures::default());
        for round in 0..=ROUNDS {
            let (one, other) = (ours.round(load).await, bare.round(load).await);
            if round > 0 {
                our_cost.add(one);
                bare_cost.add(other);
            }
        }
        let pace = load.pace.in_words();
        let what = format!("fanout {} x {} {pace}", load.channels, load.sockets_each);
        let details = format!(
            "server CPU per delivery {:.2} µs, bare {:.2} µs",
            our_cost.median(),
            bare_cost.median()
        );
        tell_ratio(
            &what,
            &details,
            &our_cost.over(&bare_cost),
            Target::AtMost(1.5),
        );
    }
}

/// Counts what all sockets of a server have received.
#[derive(Default)]
struct Tally {
    bytes: AtomicU64,
    awaited: AtomicU64,
    reached: Notify,
}

impl Tally {
    fn add(&self, bytes: usize) {
        let sum = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if sum >= self.awaited.load(Ordering::Relaxed) {
            self.reached.notify_one();
        }
    }

    async fn reach(&self, bytes: u64) {
        self.awaited.store(bytes, Ordering::Relaxed);
        while self.bytes.load(Ordering::Relaxed) < bytes {
            self.reached.notified().await;
        }
    }
}

/// One server and its clients.
struct Side {
    server: Server,
    tally: Arc<Tally>,
    /// Bytes that it was told to send.
    ordered: u64,
}

impl Side {
    async fn callboard(load: Load) -> Self {
        let (channels, sockets) = (load.channels.to_string(), load.sockets_each.to_string());
        let mut server = Server::start(&["callboard", &channels, &sockets]);
        let door = Door::read(&server.hear());
        let tally = Arc::default();
        for token in &door.tokens {
            for _ in 0..load.sockets_each {
                let (board, _) = Board::open(door.addr, token, None).await;
                drain(board.stream, &tally);
            }
        }
        Self {
            server,
            tally,
            ordered: 0,
        }
    }

    async fn bare(load: Load) -> Self {
        let (channels, sockets) = (load.channels.to_string(), load.sockets_each.to_string());
        let mut server = Server::start(&["bare", &channels, &sockets]);
        let addr = server.hear().parse().expect("an address");
        let tally = Arc::default();
        for _ in 0..load.channels * load.sockets_each {
            drain(dial(addr).await, &tally);
        }
        Self {
            server,
            tally,
            ordered: 0,
        }
    }

    /// The server's CPU per delivery, in microseconds.
    async fn round(&mut self, load: Load) -> f64 {
        let (before, ordered) = (CpuTime::of(self.server.pid()), self.ordered);
        match load.pace {
            Pace::Saturated(under_way) => {
                for _ in 0..104 / under_way {
                    self.publish("all", load.channels * load.sockets_each, under_way)
                        .await;
                }
            }
            Pace::Steady(per_second) => self.steadily(load, per_second).await,
        }
        let used = CpuTime::of(self.server.pid()).since(&before);
        let deliveries = (self.ordered - ordered) / frame().len() as u64;
        Duration::from_nanos(used).as_secs_f64() * 1e6
            / f64::from(u32::try_from(deliveries).expect("few"))
    }

    async fn steadily(&mut self, load: Load, per_second: u32) {
        let each = u32::try_from(load.sockets_each).expect("few sockets");
        let mut pace = tokio::time::interval(Duration::from_secs(1) * each / per_second);
        let began = Instant::now();
        for channel in (0..load.channels).cycle() {
            if began.elapsed() > STEADY {
                return;
            }
            pace.tick().await;
            self.publish(&channel.to_string(), load.sockets_each, 1)
                .await;
        }
    }

    /// Has so many events published at once and waits until everyone has them.
    async fn publish(&mut self, order: &str, deliveries: usize, events: u32) {
        for _ in 0..events {
            self.server.tell(order);
            self.ordered += (deliveries * frame().len()) as u64;
        }
        self.tally.reach(self.ordered).await;
    }
}

/// Reads a socket to its end and counts.
fn drain(stream: tokio::net::TcpStream, tally: &Arc<Tally>) {
    let tally = Arc::clone(tally);
    tokio::spawn(async move {
        while stream.readable().await.is_ok() {
            let mut bytes = [0; 4096];
            match stream.try_read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => tally.add(count),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    });
}
