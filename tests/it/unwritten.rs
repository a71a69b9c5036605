//! A log that cannot be written costs lines and nothing else.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::database::Database;
use crate::support::patience::soon;
use crate::support::process::Process;
use callboard_simulator::Outcome;
use callboard_simulator::browser::BrowserSettings;
use futures_util::future::join_all;
use std::fs::OpenOptions;
use std::net::TcpListener;
use std::process::Stdio;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_on_a_full_disk_stops_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full");
    goes_on_without_its_log(full.expect("/dev/full").into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_reader_is_gone_stops_nothing() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    goes_on_without_its_log(writer.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_stops_nothing_and_does_not_keep_the_process_from_ending() {
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    goes_on_without_its_log(writer.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_cannot_start_ends_also_where_nobody_reads_why() {
    use std::io::Write;
    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(&[b'-'; 65_536]).expect("a full pipe");
    let world = World::in_real_time(Database::migrated_sqlite().await).await;
    let mut process = Process::launch(&world, |command| {
        command
            .env("DATABASE_URL", "sqlite:///no/such/folder/callboard.db")
            .stderr(writer);
    });
    assert_eq!(process.ends().await.code(), Some(1));
}

/// Everything is logged, and none of it arrives.
async fn goes_on_without_its_log(log: Stdio) {
    let world = World::in_real_time(Database::migrated_sqlite().await).await;
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let metrics = free.local_addr().expect("an address").to_string();
    drop(free);
    let mut process = Process::launch(&world, |command| {
        command
            .env("RUST_LOG", "trace")
            .env("CALLBOARD_METRICS_ADDR", &metrics)
            .stderr(log);
    });
    process.is_ready().await;
    let settings = BrowserSettings::new(&process.url, world.token(world.anna));
    let mut board = Board::open(settings).await;
    let carrier = process.carrier(&world, &world.acme);

    let client = crate::support::node::client();
    let ask = async || {
        let page = client.get(format!("http://{metrics}/metrics")).send().await;
        let page = page.expect("an answer").text().await.expect("text");
        let lost = page
            .lines()
            .find_map(|line| line.strip_prefix("callboard_log_lines_lost_total "));
        lost.expect("the metric") != "0"
    };
    let lost = async {
        // Each answer is some lines of those that may wait; one by one they would take long.
        while !join_all((0..32).map(|_| ask())).await.contains(&true) {}
    };
    // By then nobody could have been waiting for the log without anyone noticing.
    soon("lines to be lost", lost).await;
    for number in ["+15550100", "+15550101", "+15550102"] {
        let told = carrier.deliver(&carrier.new_call(number).initiated()).await;
        assert_eq!(told.outcome, Outcome::Acknowledged, "{told:?}");
        assert!(board.hears_words(1).await[0].contains(number));
    }
    process.is_ready().await;
    process.is_told_to_stop().await;
    assert!(process.ends().await.success());
}
