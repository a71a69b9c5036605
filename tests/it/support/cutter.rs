//! A wire to PostgreSQL that breaks at the worst moment: after a COMMIT was done, before its answer.

use super::database::Database;
use callboard::config::DatabaseUrl;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Cutter {
    cuts: Arc<AtomicU32>,
}

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
        let wire_cuts = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("PostgreSQL");
                tokio::spawn(carry(client, server, Arc::clone(&wire_cuts)));
            }
        });
        Self { cuts }
    }

    /// So many of the next commits are done, and nobody hears of it.
    pub fn cut(&self, times: u32) {
        self.cuts.store(times, Ordering::SeqCst);
    }

    /// How many cuts are still to come.
    pub fn left(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until one side ends, or the wire is cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, cuts: Arc<AtomicU32>) {
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let sent = &up[..length];
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
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
