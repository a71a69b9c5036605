//! Durable ingest: what batches are worth. Webhooks per second at 64 in flight through the journal,
//! over one transaction per webhook through the same pool; and what a new call's webhook alone
//! waits, over a bare commit of the rows that it leads to: no queue, no lock, nothing looked up.
//!
//! One transaction per webhook is what 64 journals do, each with one webhook in flight.
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
use callboard::config::DatabaseUrl;
use callboard::domain::AgencyId;
use callboard::journal::Journal;
use callboard::store::Store;
use callboard::store::batch::{BatchKeys, WebhookOutcome, Writes};
use callboard::telemetry::Metrics;
use std::time::{Duration, Instant};
use support::figures::{Figures, Target, tell_ratio};
use support::must_be_optimised;
use support::postgres::Postgres;
use support::rows;
use support::webhooks::Calls;
use support::world::{add_agencies, open};
use tokio_util::sync::CancellationToken;

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
    runtime.block_on(measure("SQLite", DatabaseUrl::Sqlite { path }, None));
    let server = Postgres::find();
    runtime.block_on(async {
        let (name, url) = server.new_database().await;
        measure("PostgreSQL", url, Some((&server, &name))).await;
    });
}

async fn measure(database: &str, url: DatabaseUrl, server: Option<(&Postgres, &str)>) {
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
            } else if let Some((server, name)) = server {
                // As autovacuum does within its first minute.
                server.run(name, "ANALYZE").await;
            }
        }
        let what = format!("ingest on {database}, {IN_FLIGHT} in flight at {count} agencies");
        let details = format!(
            "{:.0} webhooks/s, one transaction each {:.0}",
            batched.median(),
            single.median()
        );
        let ratio = batched.over(&single);
        match count {
            1 => tell_ratio(&what, &details, &ratio, Target::AtLeast(4.0)),
            _ => tell_ratio(&what, &details, &ratio, Target::None),
        }
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

/// One new call's webhook at a time, and between them one bare commit at a time: of the same rows,
/// and, to know what a commit costs at all, of the webhook's row alone.
async fn alone(database: &str, store: &Store, clock: &Clock) {
    let agencies = add_agencies(store, 2, clock).await;
    let writers = Writers::start(store, clock, 1);
    let mut ratios = Figures::default();
    let (mut ours, mut theirs, mut least) =
        (Figures::default(), Figures::default(), Figures::default());
    let mut seq = 0;
    for round in 0..=ROUNDS {
        let (mut appends, mut commits, mut lone_rows) =
            (Figures::default(), Figures::default(), Figures::default());
        for _ in 0..ALONE {
            let append = Calls::new(agencies[0], clock).next();
            let began = Instant::now();
            let answer = writers.journals[0].append(append).await;
            appends.add(began.elapsed().as_secs_f64() * 1e3);
            answer.expect("an answer");

            let mut calls = Calls::new(agencies[1], clock);
            let lone = Writes {
                webhooks: vec![(calls.webhook("call.initiated"), WebhookOutcome::Ignored)],
                ..Writes::default()
            };
            seq += 1;
            let same = rows::of_a_new_call(&mut calls, agencies[1], seq, clock.now());
            commits.add(bare_commit(store, clock, same).await);
            lone_rows.add(bare_commit(store, clock, lone).await);
        }
        if round > 0 {
            ratios.add(appends.median() / commits.median());
            ours.add(appends.median());
            theirs.add(commits.median());
            least.add(lone_rows.median());
        }
    }
    let details = format!(
        "p50 {:.2} ms, bare commit of the same rows {:.2} ms, of the webhook's row alone {:.2} ms",
        ours.median(),
        theirs.median(),
        least.median()
    );
    let what = format!("ingest on {database}, one in flight");
    tell_ratio(&what, &details, &ratios, Target::AtMost(1.5));
}

/// Milliseconds.
async fn bare_commit(store: &Store, clock: &Clock, writes: Writes) -> f64 {
    let began = Instant::now();
    let committed = store.commit(BatchKeys::default(), clock.now(), |_| Ok((writes, ())));
    committed.await.expect("a commit");
    began.elapsed().as_secs_f64() * 1e3
}
