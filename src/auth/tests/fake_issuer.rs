//! An issuer on loopback that answers as it is told and counts how often it is asked.

use super::pair::{Pair, jwks};
use super::soon;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// What the issuer does when it is asked.
#[derive(Clone)]
pub(super) enum Answer {
    Keys(String),
    /// Keys, once [`FakeIssuer::lets_go`] has been called.
    KeysHeld(String),
    Fails,
    HangsUp,
    Redirects(Url),
}

pub(super) struct FakeIssuer {
    pub(super) project: Url,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Mutex<Answer>,
    asked: watch::Sender<usize>,
    let_go: watch::Sender<bool>,
}

impl FakeIssuer {
    pub(super) async fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let project = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            asked: watch::Sender::new(0),
            let_go: watch::Sender::new(false),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        Self {
            project: project.parse().unwrap(),
            shared,
        }
    }

    pub(super) async fn publishing(pairs: &[&Pair]) -> Self {
        Self::answering(Answer::Keys(jwks(pairs))).await
    }

    pub(super) fn publishes(&self, pairs: &[&Pair]) {
        self.answers(Answer::Keys(jwks(pairs)));
    }

    pub(super) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    pub(super) fn asked(&self) -> usize {
        *self.shared.asked.borrow()
    }

    pub(super) async fn has_been_asked(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        let enough = asked.wait_for(|count| *count >= times);
        soon(enough).await.unwrap();
    }

    pub(super) fn lets_go(&self) {
        self.shared.let_go.send_replace(true);
    }

    /// The name of this issuer, as its tokens give it.
    pub(super) fn name(&self) -> String {
        format!("{}auth/v1", self.project)
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        stream.read_line(&mut request).await.unwrap();
        let mut line = String::new();
        while stream.read_line(&mut line).await.unwrap() > 2 {
            line.clear();
        }
        self.asked.send_modify(|count| *count += 1);
        let answer = self.answer.lock().unwrap().clone();
        let is_for_keys = request.starts_with("GET /auth/v1/.well-known/jwks.json ");
        let (status, body) = match answer {
            Answer::Keys(_) | Answer::KeysHeld(_) if !is_for_keys => {
                ("404 Not Found", String::new())
            }
            Answer::Keys(keys) => ("200 OK", keys),
            Answer::KeysHeld(keys) => {
                self.let_go
                    .subscribe()
                    .wait_for(|let_go| *let_go)
                    .await
                    .unwrap();
                ("200 OK", keys)
            }
            Answer::Fails => ("500 Internal Server Error", String::new()),
            Answer::HangsUp => return,
            Answer::Redirects(to) => {
                let status = format!("302 Found\r\nLocation: {to}auth/v1/.well-known/jwks.json");
                return respond(&mut stream, &status, "").await;
            }
        };
        respond(&mut stream, status, &body).await;
    }
}

async fn respond(stream: &mut BufReader<TcpStream>, status: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    // A client that reads no further than its limit hangs up: not this side's failure.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}
