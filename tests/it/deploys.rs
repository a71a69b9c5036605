//! A server that is told to stop: load balancers notice first, boards are sent elsewhere one after
//! the other, and systemd is told of all of it.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::database::Database;
use crate::support::http::reply;
use crate::support::node::{Node, client};
use crate::support::patience::{look_again, soon};
use crate::support::process::Process;
use callboard::telemetry::Metrics;
use callboard_simulator::browser::{BrowserSettings, Message};
use serde_json::Value;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::UnixDatagram;

/// Longer than a commit speaks for the database.
const LATER: Duration = Duration::from_secs(6);
/// Boards of one story, fewer than there are pauses in a drain.
const BOARDS: u32 = 10;
/// The pause between two boards: the drain's ten seconds are theirs.
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_are_sent_elsewhere_one_after_the_other_and_come_back_soon() {
    let world = World::on_sqlite().await;
    let node = world.node().await;
    let mut boards = Vec::new();
    for _ in 0..BOARDS {
        boards.push(node.board(&world, world.anna).await);
    }
    let page = format!("http://{}/metrics", node.app.metrics_addr.unwrap());
    let Node { app, .. } = node;
    let metrics = app.metrics.clone();
    let drained = tokio::spawn(app.drain());

    let mut told = Vec::new();
    for sent in 1..=BOARDS {
        soon("the next board to be closed", closes(&metrics, sent)).await;
        boards = still_served(boards, &mut told).await;
        assert_eq!(
            (boards.len(), told.len()),
            ((BOARDS - sent) as usize, sent as usize)
        );
        // Whoever watches sees it, until the last one is told and the server ends.
        for shown in ["draining 1".into(), format!("sockets {}", BOARDS - sent)] {
            if sent < BOARDS {
                soon(&shown, shows(&page, &format!("callboard_{shown}"))).await;
            }
        }
        world.clock.advance(PAUSE);
    }

    soon("the end", drained).await.unwrap();
    assert!(told.iter().all(|ms| (50..500).contains(ms)), "{told:?}");
}

/// Resolves when so many sockets were closed because the server goes away.
async fn closes(metrics: &Metrics, count: u32) {
    let line = format!("callboard_socket_closes_total{{code=\"1001\"}} {count}");
    while !metrics.encode().unwrap().lines().any(|shown| shown == line) {
        look_again().await;
    }
}

/// Resolves when that page has this line.
async fn shows(page: &str, line: &str) {
    loop {
        let answer = client().get(page).send().await.expect("an answer");
        let shown = answer.text().await.expect("text");
        if shown.lines().any(|shown| shown == line) {
            return;
        }
        look_again().await;
    }
}

/// Those that are answered; of the others, after how many milliseconds they are to come back.
async fn still_served(boards: Vec<Board>, told: &mut Vec<u64>) -> Vec<Board> {
    let mut served = Vec::new();
    'boards: for mut board in boards {
        // One that is closed already hears why all the same.
        let _ = board.browser().ping().await;
        loop {
            match board.any().await {
                Message::Pong => break,
                Message::Error(error) => told.extend(error.retry_after_ms),
                Message::Closed(_) => continue 'boards,
                _ => {}
            }
        }
        served.push(board);
    }
    served
}

async fn load_balancers_notice_while_everyone_is_still_served(world: World) {
    let world = world.by_the_machines_clock();
    let delay = |command: &mut tokio::process::Command| {
        command.env("CALLBOARD_DRAIN_DELAY_S", "600");
    };
    let mut server = Process::launch(&world, delay);
    server.is_ready().await;
    let mut before = open(&world, &server).await;

    server.is_told_to_stop().await;
    soon("the load balancer to notice", leaves(&server)).await;

    // Whoever was there stays, whoever comes is taken in, and calls ring.
    let mut after = open(&world, &server).await;
    let carrier = server.carrier(&world, &world.acme);
    let rings = carrier
        .deliver(&carrier.new_call("+15550100").initiated())
        .await;
    assert_eq!(rings.status, Some(200));
    for board in [&mut before, &mut after] {
        let rings = ["1 call.incoming +15550100 incoming"];
        assert_eq!(board.hears_words(1).await, rings);
    }

    server.is_told_to_stop().await;
    assert_eq!(before.closes().await.code.0, 1001);
    assert_eq!(after.closes().await.code.0, 1001);
    assert!(server.ends().await.success());
}

async fn a_database_that_takes_nothing_is_no_reason_to_end_the_process(world: World) {
    let node = world.node().await;
    world.refuses("INSERT", "pulse").await;
    world.clock.advance(LATER);
    let ready = reply(node.ask("GET", "/readyz")).await;
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert_eq!(node.app.health().look().await, Ok(()));
}

on_each_database!(
    load_balancers_notice_while_everyone_is_still_served,
    a_database_that_takes_nothing_is_no_reason_to_end_the_process,
);

async fn open(world: &World, server: &Process) -> Board {
    Board::open(BrowserSettings::new(&server.url, world.token(world.anna))).await
}

/// Resolves when it says that it is not ready, and why.
async fn leaves(server: &Process) {
    loop {
        let asked = client().get(format!("{}/readyz", server.url)).send().await;
        let answer = asked.expect("an answer");
        let status = answer.status().as_u16();
        let ready: Value = answer.json().await.expect("JSON");
        if status == 503 {
            assert_eq!(ready["missing"], serde_json::json!(["draining"]));
            return;
        }
        look_again().await;
    }
}

/// Where systemd listens.
struct Systemd {
    heard: UnixDatagram,
    folder: TempDir,
}

impl Systemd {
    fn listens() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { heard, folder }
    }

    /// Starts a server as a service that must give a sign of life each second.
    fn starts(&self, world: &World) -> Process {
        Process::launch(world, |command| {
            command
                .env("NOTIFY_SOCKET", self.folder.path().join("notify"))
                .env("WATCHDOG_USEC", "1000000");
        })
    }

    /// The next that it is told.
    async fn hears(&self) -> Vec<String> {
        let mut told = vec![0; 4096];
        let read = soon("a word to systemd", self.heard.recv(&mut told)).await;
        let text = std::str::from_utf8(&told[..read.unwrap()]).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_is_told_that_it_serves_that_it_lives_and_that_it_stops() {
    let world = World::in_real_time(Database::migrated_sqlite().await).await;
    let systemd = Systemd::listens();
    let mut server = systemd.starts(&world);

    let first = systemd.hears().await;
    assert_eq!(first[0], "READY=1");
    assert_eq!(first[1], format!("STATUS=Serving on {}", server.url));
    let answer = client().get(format!("{}/readyz", server.url)).send().await;
    assert_eq!(answer.unwrap().status(), 200, "told only when it serves");
    for _ in 0..3 {
        assert_eq!(systemd.hears().await, ["WATCHDOG=1"]);
    }

    server.is_told_to_stop().await;
    let stops = loop {
        let told = systemd.hears().await;
        if told != ["WATCHDOG=1"] {
            break told;
        }
    };
    assert_eq!(stops[0], "STOPPING=1");
    assert!(
        stops[1].starts_with("EXTEND_TIMEOUT_USEC=") && stops[2].starts_with("STATUS=Draining")
    );
    assert!(server.ends().await.success());
}
