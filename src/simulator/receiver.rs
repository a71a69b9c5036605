//! A customer's server for the simulator's own tests: real HTTP, answers as told, forgets nothing.

use super::{Carrier, CarrierSettings, RetrySchedule, SigningKey};
use crate::clock::Clock;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use url::Url;
use uuid::Uuid;

/// One request as it came in.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn id(&self) -> Uuid {
        self.text("/data/id").parse().unwrap()
    }

    pub(super) fn event_type(&self) -> String {
        self.text("/data/event_type")
    }

    pub(super) fn occurred_at(&self) -> String {
        self.text("/data/occurred_at")
    }

    pub(super) fn session(&self) -> String {
        self.text("/data/payload/call_session_id")
    }

    fn text(&self, pointer: &str) -> String {
        let json = self.json();
        json.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    }

    /// Whether it is signed by this key, judged by the headers and the raw bytes alone.
    pub(super) fn is_signed_by(&self, public_key: &str) -> bool {
        let timestamp = self.header("telnyx-timestamp").unwrap();
        let message = [timestamp.as_bytes(), b"|", &self.body].concat();
        let signature = self.header("telnyx-signature-ed25519").unwrap();
        UnparsedPublicKey::new(&ED25519, STANDARD.decode(public_key).unwrap())
            .verify(&message, &STANDARD.decode(signature).unwrap())
            .is_ok()
    }
}

#[derive(Default)]
struct Book {
    answers: Mutex<VecDeque<u16>>,
    received: Mutex<Vec<Received>>,
    came: Notify,
}

/// The server; it stops when dropped.
pub(super) struct Receiver {
    pub(super) key: SigningKey,
    url: Url,
    book: Arc<Book>,
    handle: ServerHandle,
}

impl Receiver {
    /// Answers with these statuses in turn, and 200 from then on. A 3xx points to `/moved`.
    pub(super) fn answering(statuses: &[u16]) -> Self {
        let book = Arc::new(Book::default());
        book.answers.lock().unwrap().extend(statuses);
        let data = web::Data::from(Arc::clone(&book));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}/hooks", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            key: SigningKey::from_seed([7; 32]).unwrap(),
            url: url.parse().unwrap(),
            book,
            handle,
        }
    }

    pub(super) fn settings(
        &self,
        clock: impl Into<Clock>,
        schedule: RetrySchedule,
    ) -> CarrierSettings {
        CarrierSettings {
            schedule,
            ..CarrierSettings::new(self.url.clone(), self.key.clone(), clock)
        }
    }

    pub(super) fn carrier(&self, clock: impl Into<Clock>, schedule: RetrySchedule) -> Carrier {
        Carrier::new(self.settings(clock, schedule)).unwrap()
    }

    pub(super) fn address(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.book.received.lock().unwrap().clone()
    }

    /// Waits for a request.
    pub(super) async fn next(&self) {
        self.book.came.notified().await;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The stop is asked for on the spot; its future only waits for the end.
        drop(self.handle.stop(false));
    }
}

async fn answer(book: web::Data<Book>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().unwrap();
        (name.to_string(), value.to_owned())
    });
    book.received.lock().unwrap().push(Received {
        path: request.path().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
    });
    book.came.notify_one();
    let status = book.answers.lock().unwrap().pop_front().unwrap_or(200);
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if (300..400).contains(&status) {
        answer.insert_header(("location", "/moved"));
    }
    answer.json(serde_json::json!({"success": status == 200}))
}
