//! A provider on loopback that does what it is told, and keeps what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Answers with this status line, these further headers and this body.
    Says(
        &'static str,
        &'static [(&'static str, &'static str)],
        String,
    ),
    /// Keeps the connection and says nothing.
    Hangs,
    /// Closes the connection.
    HangsUp,
    /// Answers with this status line and a body that does not end.
    NeverEnds(&'static str),
}

impl Step {
    pub(crate) fn says(status: &'static str, body: impl ToString) -> Self {
        Self::Says(status, &[], body.to_string())
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// `POST /v2/calls`.
    pub(crate) line: String,
    /// By names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Taken {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) struct Scripted {
    pub(crate) base: Url,
    shared: Arc<Shared>,
}

struct Shared {
    /// What comes next is last; the one that is left stays.
    steps: Mutex<Vec<Step>>,
    taken: watch::Sender<Vec<Taken>>,
}

impl Scripted {
    /// Does one step for each request, and the last one for all that follow.
    pub(crate) async fn doing(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v2", listener.local_addr().unwrap());
        let mut steps: Vec<Step> = steps.into_iter().collect();
        steps.reverse();
        let shared = Arc::new(Shared {
            steps: Mutex::new(steps),
            taken: watch::Sender::new(Vec::new()),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        Self {
            base: base.parse().unwrap(),
            shared,
        }
    }

    /// From now on, this is done.
    pub(crate) fn does(&self, step: Step) {
        *self.shared.steps.lock().unwrap() = vec![step];
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.shared.taken.borrow().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has_taken(&self, count: usize) {
        let mut taken = self.shared.taken.subscribe();
        let enough = taken.wait_for(|taken| taken.len() >= count);
        soon(enough).await.unwrap();
    }
}

/// What must not take long; the deadline only ends a broken test.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let deadline = tokio::time::timeout(Duration::from_secs(30), future);
    deadline.await.expect("it never came")
}

impl Shared {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let Some(taken) = take(&mut stream).await else {
            return;
        };
        self.taken.send_modify(|all| all.push(taken));
        let step = {
            let mut steps = self.steps.lock().unwrap();
            if steps.len() > 1 {
                steps.pop()
            } else {
                steps.last().cloned()
            }
        };
        match step.unwrap() {
            Step::Says(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
                for (name, value) in headers {
                    head += &format!("{name}: {value}\r\n");
                }
                head += &format!("Content-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
            Step::Hangs => std::future::pending().await,
            Step::HangsUp => {}
            Step::NeverEnds(status) => {
                let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                // Until the other side has had enough.
                while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
            }
        }
    }
}

/// `None` when the connection was closed without a request.
async fn take(stream: &mut BufReader<TcpStream>) -> Option<Taken> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let line = line.strip_suffix(" HTTP/1.1\r\n")?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Taken {
        line,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
