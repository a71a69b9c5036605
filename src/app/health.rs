//! Whether what a server lives by goes on: its duties, its journal's turns, its answers. A database
//! that is away is no part of this, since a new process would not bring it back.

use super::App;
use crate::clock::Clock;
use crate::duties::Duties;
use crate::journal::Journal;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How long an answer may take: much longer than it ever takes a server that does anything at all.
const PATIENCE: Duration = Duration::from_secs(4);
/// Whatever it answers, somebody has read this.
const ASKED: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A look at a server from within. Outlives it.
#[derive(Clone)]
pub struct Health {
    clock: Clock,
    duties: Duties,
    journal: Journal,
    address: SocketAddr,
    /// From when on nobody is answered.
    draining: CancellationToken,
}

/// What does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwell {
    /// This duty does not run.
    #[error("{0} does not run")]
    Duty(&'static str),
    /// Nothing that is appended is looked at.
    #[error("the journal takes no turns")]
    Journal,
    /// Whoever connects is not answered.
    #[error("the listener does not answer")]
    Listener,
}

impl App {
    /// How it is, to be asked again and again.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            clock: self.clock.clone(),
            duties: self.duties.clone(),
            journal: self.context.journal.clone(),
            address: within_reach(self.addr),
            draining: self.context.draining.clone(),
        }
    }
}

impl Health {
    /// Looks at everything; takes no longer than a few seconds.
    ///
    /// # Errors
    /// When something does not go on, of which the first is named.
    pub async fn look(&self) -> Result<(), Unwell> {
        if let Some(name) = self.duties.not_done().first() {
            return Err(Unwell::Duty(name));
        }
        // One that drains closes both, in its own time.
        if self.draining.is_cancelled() {
            return Ok(());
        }
        let (turns, answers) = tokio::join!(
            self.in_time(self.journal.takes_turns()),
            self.in_time(answers(self.address))
        );
        match (turns, answers) {
            _ if self.draining.is_cancelled() => Ok(()),
            (Some(true), Some(Ok(()))) => Ok(()),
            (Some(true), _) => Err(Unwell::Listener),
            _ => Err(Unwell::Journal),
        }
    }

    async fn in_time<T>(&self, look: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased; // What was seen in the last moment was seen.
            seen = look => Some(seen),
            () = self.clock.sleep(PATIENCE) => None,
        }
    }
}

/// Somebody who listens on every address is asked on this machine's own.
fn within_reach(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(all) if all.ip().is_unspecified() => {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        SocketAddr::V6(all) if all.ip().is_unspecified() => {
            address.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        _ => {}
    }
    address
}

async fn answers(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(ASKED).await?;
    stream.read_u8().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::{Health, PATIENCE, Unwell};
    use crate::clock::Clock;
    use crate::config::DatabaseUrl;
    use crate::domain::Timestamp;
    use crate::duties::Duties;
    use crate::journal::{Journal, Writer};
    use crate::store::Store;
    use crate::telemetry::{Duty, Metrics};
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::runtime::Handle;
    use tokio_util::sync::CancellationToken;

    struct Story {
        health: Health,
        writer: Option<Writer>,
        listener: TcpListener,
        _folder: tempfile::TempDir,
    }

    impl Story {
        /// A server whose listener and writer do nothing yet.
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("callboard.db");
            let database = DatabaseUrl::Sqlite { path };
            let store = Store::open(&database, Handle::current()).await.unwrap();
            store.migrate().await.unwrap();
            let clock = Clock::by_hand(Timestamp::default());
            let metrics = Metrics::new();
            let (journal, writer, _) = Journal::open(store, clock.clone(), metrics.clone());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let health = Health {
                duties: Duties::new(clock.clone(), metrics),
                clock,
                journal,
                address: listener.local_addr().unwrap(),
                draining: CancellationToken::new(),
            };
            Self {
                health,
                writer: Some(writer),
                listener,
                _folder: folder,
            }
        }

        async fn writes(&mut self) {
            let writer = self.writer.take().unwrap();
            tokio::spawn(writer.run(CancellationToken::new()));
            assert!(self.health.journal.takes_turns().await);
        }

        /// What is seen, at the latest when the patience is over.
        async fn looks(&self) -> Result<(), Unwell> {
            let health = self.health.clone();
            let look = tokio::spawn(async move { health.look().await });
            while !look.is_finished() {
                tokio::task::yield_now().await;
                if self.health.clock.waiting() > 0 {
                    // A turn after its own: it has seen that one.
                    if self.writer.is_none() {
                        assert!(self.health.journal.takes_turns().await);
                    }
                    self.health.clock.advance(PATIENCE);
                }
            }
            look.await.unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_server_is_well_when_its_journal_turns_and_its_listener_answers() {
        let mut story = Story::new().await;
        story.writes().await;
        // The system takes connections, and nobody takes them up.
        assert_eq!(story.looks().await, Err(Unwell::Listener));
        story.health.draining.cancel();
        assert_eq!(
            story.looks().await,
            Ok(()),
            "one that drains need not answer"
        );

        let mut story = Story::new().await;
        story.writes().await;
        let (health, listener) = (story.health.clone(), story.listener);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            }
        });
        assert_eq!(health.look().await, Ok(()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_journal_that_takes_no_turns_and_a_duty_that_is_down_are_no_sign_of_life() {
        let story = Story::new().await;
        assert_eq!(story.looks().await, Err(Unwell::Journal));
        let duties = story.health.duties.clone();
        let stop = CancellationToken::new();
        duties.must_outlast(Duty::Errands, stop, async {}).await;
        assert_eq!(story.looks().await, Err(Unwell::Duty("errands")));
    }
}
