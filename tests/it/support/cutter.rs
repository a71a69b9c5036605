//! A wire that breaks at the worst moment: to PostgreSQL after a COMMIT was done and before its answer, to
//! any server so that nobody hears of it.

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
        let (cutter, address) = Self::before_server(server).await;
        database.url =
            DatabaseUrl::parse(&format!("postgres://{user}@{address}/{name}")).expect("a URL");
        cutter
    }

    /// Puts a wire before the server at that address. Says where it begins.
    pub async fn before_server(server: String) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let cuts = Arc::new(AtomicU32::new(0));
        let way = Arc::new(AtomicU32::new(OPEN));
        let (wire_cuts, wire_way) = (Arc::clone(&cuts), Arc::clone(&way));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                let (cuts, way) = (Arc::clone(&wire_cuts), Arc::clone(&wire_way));
                tokio::spawn(carry(client, server, cuts, way));
            }
        });
        (Self { cuts, way }, address)
    }

    /// From now on nothing comes through, either way, and nobody is told.
    pub fn falls_silent(&self) {
        self.way.store(CLOSED, Ordering::SeqCst);
    }

    /// New connections come through again; of what was swallowed nothing does.
    pub fn speaks_again(&self) {
        self.way.store(OPEN, Ordering::SeqCst);
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
    let mut lost = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                lost |= way.load(Ordering::SeqCst) == CLOSED;
                let Ok(length @ 1..) = read else {
                    if lost {
                        // That the client has gone does not come through either.
                        std::future::pending::<()>().await;
                    }
                    return;
                };
                if lost {
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
                lost |= way.load(Ordering::SeqCst) == CLOSED;
                if lost {
                    continue;
                }
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
