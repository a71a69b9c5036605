//! A wire to PostgreSQL that breaks at the worst moment: after a COMMIT was done, before its answer.

use super::database::Database;
use callboard::config::DatabaseUrl;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Cutter {
    cuts: Arc<AtomicU32>,
    way: Arc<AtomicU32>,
}

/// Everything comes through.
const OPEN: u32 = 0;
/// The next transaction is begun, and nothing after that comes through.
const CLOSING: u32 = 1;
/// Nothing comes through, and nobody hears of that: as when a machine stops or is unplugged.
const CLOSED: u32 = 2;

impl Cutter {
    /// Puts a wire before a PostgreSQL database: its URL leads through it from now on.
    pub async fn before(database: &mut Database) -> Self {
        let DatabaseUrl::Postgres(url) = &database.url else {
            panic!("only PostgreSQL has a wire");
        };
        let server = format!("127.0.0.1:{}", url.config.get_ports()[0]);
        let name = url
            .config
            .get_dbname()
            .expect("a database's name")
            .to_owned();
        let user = url.config.get_user().expect("a user").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        database.url = DatabaseUrl::parse(&format!("postgres://{user}@127.0.0.1:{port}/{name}"))
            .expect("a URL");
        let cuts = Arc::new(AtomicU32::new(0));
        let way = Arc::new(AtomicU32::new(OPEN));
        let (wire_cuts, wire_way) = (Arc::clone(&cuts), Arc::clone(&way));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("PostgreSQL");
                let (cuts, way) = (Arc::clone(&wire_cuts), Arc::clone(&wire_way));
                tokio::spawn(carry(client, server, cuts, way));
            }
        });
        Self { cuts, way }
    }

    /// So many of the next commits are done, and nobody hears of it.
    pub fn cut(&self, times: u32) {
        self.cuts.store(times, Ordering::SeqCst);
    }

    /// After the next beginning of a transaction nothing comes through any more, either way.
    pub fn falls_silent_in_a_transaction(&self) {
        self.way.store(CLOSING, Ordering::SeqCst);
    }

    /// Whether it has come to that.
    pub fn is_silent(&self) -> bool {
        self.way.load(Ordering::SeqCst) == CLOSED
    }

    /// How many cuts are still to come.
    pub fn left(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until one side ends, or the wire is cut.
async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    cuts: Arc<AtomicU32>,
    way: Arc<AtomicU32>,
) {
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else {
                    if way.load(Ordering::SeqCst) == CLOSED {
                        // That the client has gone does not come through either.
                        std::future::pending::<()>().await;
                    }
                    return;
                };
                if way.load(Ordering::SeqCst) == CLOSED {
                    continue;
                }
                let sent = &up[..length];
                if sent.windows(5).any(|bytes| bytes == b"BEGIN") {
                    let _ = way.compare_exchange(CLOSING, CLOSED, Ordering::SeqCst, Ordering::SeqCst);
                }
                if server.write_all(sent).await.is_err() {
                    return;
                }
                let commits = sent.windows(7).any(|bytes| bytes == b"COMMIT\0");
                let less = |left: u32| left.checked_sub(1);
                if commits && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                    // The answer says that it is done; it goes no further.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if way.load(Ordering::SeqCst) == CLOSED {
                    continue;
                }
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
