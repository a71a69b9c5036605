//! A balancer before several servers, as small as one can be: it takes turns over those that are
//! ready, passes bytes on, whatever they are, and passes a dead one over at once.

use super::DemoError;
use crate::clock::Clock;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Between two looks whether a server is ready.
const LOOK: Duration = Duration::from_millis(200);
/// How long a server may take to say whether it is.
const ANSWER: Duration = Duration::from_secs(2);
/// How long it may take to be connected to.
const CONNECT: Duration = Duration::from_millis(500);
/// Connections at once; while there are so many nobody else is taken in.
const CONNECTIONS: usize = 4_096;

const ASKED: &[u8] =
    b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: balancer\r\nConnection: close\r\n\r\n";
const READY: &[u8] = b"HTTP/1.1 200";
/// Whom no server is there for.
const NOBODY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Type: application/json\r\nContent-Length: 29\r\n\r\n{\"error\":\"No node is ready\"}\n";

/// A running balancer; it ends when this is dropped.
pub(super) struct Balancer {
    servers: Arc<Servers>,
    ready: watch::Receiver<Vec<bool>>,
    _tasks: JoinSet<()>,
}

struct Servers {
    ports: Vec<u16>,
    ready: watch::Sender<Vec<bool>>,
    /// Whose turn it is.
    next: AtomicUsize,
    clock: Clock,
}

impl Balancer {
    /// Passes on what comes to `listener` to the servers on these ports of this machine.
    pub(super) fn open(
        listener: std::net::TcpListener,
        ports: Vec<u16>,
        clock: Clock,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let (known, ready) = watch::channel(vec![false; ports.len()]);
        let servers = Arc::new(Servers {
            ports,
            ready: known,
            next: AtomicUsize::new(0),
            clock,
        });
        let mut tasks = JoinSet::new();
        for server in 0..servers.ports.len() {
            tasks.spawn(Arc::clone(&servers).look_at(server));
        }
        tasks.spawn(Arc::clone(&servers).take_in(listener));
        Ok(Self {
            servers,
            ready,
            _tasks: tasks,
        })
    }

    /// Which servers are ready, as it changes.
    pub(super) fn ready(&self) -> watch::Receiver<Vec<bool>> {
        self.ready.clone()
    }

    /// This one is not, as somebody knows who has just killed it.
    pub(super) fn is_down(&self, server: usize) {
        self.servers.is(server, false);
    }
}

impl Servers {
    fn is(&self, server: usize, ready: bool) {
        self.ready.send_if_modified(|known| {
            let Some(known) = known.get_mut(server) else {
                return false;
            };
            std::mem::replace(known, ready) != ready
        });
    }

    async fn look_at(self: Arc<Self>, server: usize) {
        let port = self.ports.get(server).copied().unwrap_or_default();
        loop {
            let answer = tokio::select! {
                answer = is_ready(port) => answer,
                () = self.clock.sleep(ANSWER) => Ok(false),
            };
            self.is(server, answer.unwrap_or(false));
            self.clock.sleep(LOOK).await;
        }
    }

    async fn take_in(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut passing = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while passing.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((client, _)) => {
                    let servers = Arc::clone(&self);
                    passing.spawn(async move {
                        // A connection that breaks is its two ends' to mend.
                        let _ = servers.pass(client).await;
                        drop(place);
                    });
                }
                // No descriptor is left, say: that passes.
                Err(error) => {
                    tracing::warn!("The balancer cannot take anybody in: {error}");
                    self.clock.sleep(LOOK).await;
                }
            }
        }
    }

    async fn pass(&self, mut client: TcpStream) -> io::Result<()> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.ports.len();
        for turn in 0..count {
            let server = first.wrapping_add(turn) % count;
            let is_ready = self.ready.borrow().get(server).copied();
            let port = self.ports.get(server).copied();
            let Some(port) = port.filter(|_| is_ready == Some(true)) else {
                continue;
            };
            let connected = tokio::select! {
                connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) => connected.ok(),
                () = self.clock.sleep(CONNECT) => None,
            };
            match connected {
                Some(server) => return join(client, server).await,
                None => self.is(server, false),
            }
        }
        client.write_all(NOBODY).await?;
        client.shutdown().await
    }
}

/// Whether the server says that it is.
async fn is_ready(port: u16) -> io::Result<bool> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    server.write_all(ASKED).await?;
    let mut answer = [0; READY.len()];
    server.read_exact(&mut answer).await?;
    Ok(answer == *READY)
}

/// Passes on what each says to the other until the server has said all; a client that has need not
/// have heard all.
async fn join(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let asks = async {
        copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await?;
        std::future::pending().await
    };
    tokio::select! {
        answered = copy(&mut from_server, &mut to_client) => answered.map(drop)?,
        failed = asks => return failed,
    }
    to_client.shutdown().await
}

/// A balancer over these ports, for those who set up servers.
pub(super) fn balance(
    listener: std::net::TcpListener,
    ports: Vec<u16>,
    port: u16,
    clock: &Clock,
) -> Result<Balancer, DemoError> {
    let opened = Balancer::open(listener, ports, clock.clone());
    opened.map_err(|source| DemoError::Port { port, source })
}

#[cfg(test)]
mod tests {
    use super::Balancer;
    use crate::clock::Clock;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// A server that is ready and then says its name to whoever asks for anything else.
    async fn server(name: &'static str) -> (u16, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut asked = [0; 11];
                client.read_exact(&mut asked).await.unwrap();
                let said = match &asked {
                    b"GET /readyz" => "HTTP/1.1 200 OK\r\n\r\n",
                    _ => name,
                };
                client.write_all(said.as_bytes()).await.unwrap();
            }
        });
        (port, serving)
    }

    async fn asked(port: u16) -> String {
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(b"GET /nodes ").await.unwrap();
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        said
    }

    async fn soon<T>(wait: impl Future<Output = T>) -> T {
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, wait).await.unwrap()
    }

    #[tokio::test]
    async fn it_takes_turns_passes_a_dead_server_over_and_says_when_none_is_left() {
        let ((one, serving_one), (other, serving_other)) =
            (server("one").await, server("other").await);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let balancer = Balancer::open(listener, vec![one, other], Clock::system()).unwrap();
        let mut ready = balancer.ready();
        soon(ready.wait_for(|ready| ready == &[true, true]))
            .await
            .unwrap();
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(asked(port).await);
        }
        names.sort();
        assert_eq!(names, ["one", "one", "other", "other"]);

        // It is passed over before any look has found it dead.
        serving_one.abort();
        let _ = serving_one.await;
        for _ in 0..4 {
            assert_eq!(asked(port).await, "other");
        }
        soon(ready.wait_for(|ready| ready == &[false, true]))
            .await
            .unwrap();
        serving_other.abort();
        let _ = serving_other.await;
        assert!(asked(port).await.starts_with("HTTP/1.1 503 "));
    }
}
