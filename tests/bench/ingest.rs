//! Durable ingest: what batches are worth. Webhooks per second at 64 in flight through the journal,
//! over one transaction per webhook through the same pool; and what one webhook alone waits, over
//! a bare insert and commit.
//!
//! One transaction per webhook is what 64 journals do, each with one webhook in flight.
#![allow(
    missing_docs,
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
use callboard::config::DatabaseUrl;
use callboard::domain::AgencyId;
use callboard::journal::Journal;
use callboard::store::Store;
use callboard::store::batch::{BatchKeys, WebhookOutcome, Writes};
use callboard::telemetry::Metrics;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::figures::{Figures, Target, tell_ratio};
use support::must_be_optimised;
use support::webhooks::Calls;
use support::world::{add_agencies, open};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const IN_FLIGHT: usize = 64;
/// Rounds of each, alternating; one more of each comes first and is not counted.
const ROUNDS: usize = 7;
/// How long a round takes.
const ROUND: Duration = Duration::from_millis(1500);
/// Webhooks, and bare commits, whose median is taken in a round.
const ALONE: usize = 100;

fn main() {
    must_be_optimised("ingest");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("callboard.db");
    runtime.block_on(measure("SQLite", DatabaseUrl::Sqlite { path }));
    let server = Postgres::find();
    runtime.block_on(async {
        let url = server.new_database().await;
        measure("PostgreSQL", url).await;
    });
}

async fn measure(database: &str, url: DatabaseUrl) {
    let store = open(&url).await;
    let clock = Clock::system();
    for count in [1, 16] {
        let agencies = add_agencies(&store, count, &clock).await;
        let together = Writers::start(&store, &clock, 1);
        let one_by_one = Writers::start(&store, &clock, IN_FLIGHT);
        let (mut batched, mut single) = (Figures::default(), Figures::default());
        for round in 0..=ROUNDS {
            let one = together.rate(&agencies, &clock).await;
            let other = one_by_one.rate(&agencies, &clock).await;
            if round > 0 {
                batched.add(one);
                single.add(other);
            }
        }
        let what = format!("ingest on {database}, {IN_FLIGHT} in flight at {count} agencies");
        let details = format!(
            "{:.0} webhooks/s, one transaction each {:.0}",
            batched.median(),
            single.median()
        );
        tell_ratio(
            &what,
            &details,
            &batched.over(&single),
            Target::AtLeast(4.0),
        );
    }
    alone(database, &store, &clock).await;
}

/// Journals over one pool, with their writers.
struct Writers {
    journals: Vec<Journal>,
    stop: CancellationToken,
}

impl Writers {
    fn start(store: &Store, clock: &Clock, count: usize) -> Self {
        let stop = CancellationToken::new();
        let journals = (0..count).map(|_| {
            let (journal, writer, mut recorded) =
                Journal::open(store.clone(), clock.clone(), Metrics::new());
            tokio::spawn(writer.run(stop.clone()));
            tokio::spawn(async move { while recorded.recv().await.is_some() {} });
            journal
        });
        Self {
            journals: journals.collect(),
            stop,
        }
    }

    /// Webhooks per second.
    async fn rate(&self, agencies: &[AgencyId], clock: &Clock) -> f64 {
        let began = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..IN_FLIGHT {
            let journal = self.journals[sender % self.journals.len()].clone();
            let mut calls = Calls::new(agencies[sender % agencies.len()], clock);
            senders.spawn(async move {
                let mut sent = 0_u32;
                while began.elapsed() < ROUND {
                    // One by one, some wait too long for each other: what was refused does not count.
                    sent += u32::from(journal.append(calls.next()).await.is_ok());
                }
                sent
            });
        }
        let sent: u32 = senders.join_all().await.into_iter().sum();
        f64::from(sent) / began.elapsed().as_secs_f64()
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One webhook at a time, and between them one bare commit at a time.
async fn alone(database: &str, store: &Store, clock: &Clock) {
    let agency = add_agencies(store, 1, clock).await[0];
    let writers = Writers::start(store, clock, 1);
    let mut calls = Calls::new(agency, clock);
    let mut ratios = Figures::default();
    let (mut ours, mut theirs) = (Figures::default(), Figures::default());
    for round in 0..=ROUNDS {
        let (mut appends, mut commits) = (Figures::default(), Figures::default());
        for _ in 0..ALONE {
            let append = calls.next();
            let began = Instant::now();
            let answer = writers.journals[0].append(append).await;
            appends.add(began.elapsed().as_secs_f64() * 1e3);
            answer.expect("an answer");

            let webhook = calls.webhook("call.initiated");
            let began = Instant::now();
            let bare = store.commit(BatchKeys::default(), clock.now(), |_| {
                let writes = Writes {
                    webhooks: vec![(webhook, WebhookOutcome::Ignored)],
                    ..Writes::default()
                };
                Ok((writes, ()))
            });
            bare.await.expect("a commit");
            commits.add(began.elapsed().as_secs_f64() * 1e3);
        }
        if round > 0 {
            ratios.add(appends.median() / commits.median());
            ours.add(appends.median());
            theirs.add(commits.median());
        }
    }
    let details = format!(
        "p50 {:.2} ms, bare commit {:.2} ms",
        ours.median(),
        theirs.median()
    );
    let what = format!("ingest on {database}, one in flight");
    tell_ratio(&what, &details, &ratios, Target::AtMost(1.5));
}

/// A PostgreSQL server: the one that is named, or one of our own.
struct Postgres {
    url: String,
    own: Option<TempDir>,
}

impl Postgres {
    fn find() -> Self {
        if let Ok(url) = std::env::var("CALLBOARD_TEST_POSTGRES") {
            return Self { url, own: None };
        }
        let folder = tempfile::tempdir().expect("a folder");
        run("start", folder.path());
        let url = run("url", folder.path());
        Self {
            url: url.trim().to_owned(),
            own: Some(folder),
        }
    }

    async fn new_database(&self) -> DatabaseUrl {
        let name = format!("bench_{}", Uuid::new_v4().simple());
        let connected = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the PostgreSQL server");
        tokio::spawn(connection);
        let create = format!("CREATE DATABASE {name}");
        client.batch_execute(&create).await.expect("a database");
        let (base, _) = self.url.rsplit_once('/').expect("a URL with a database");
        DatabaseUrl::parse(&format!("{base}/{name}")).expect("a URL")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            run("stop", folder.path());
        }
    }
}

fn run(command: &str, folder: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
    let output = Command::new(script).arg(command).arg(folder).output();
    let output = output.expect("tests/postgres");
    assert!(
        output.status.success(),
        "tests/postgres {command}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("text")
}
