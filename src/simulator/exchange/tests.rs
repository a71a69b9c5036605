//! Stories of the exchange, told from outside: over HTTP, with a customer that receives webhooks.

mod conversations;
mod faults;
mod lookups;
mod recordings;
mod refusals;
mod scripts;

use super::super::receiver::{Received, Receiver};
use super::super::schedule::RetrySchedule;
use super::super::{Carrier, CarrierSettings};
use super::{Caller, Exchange, ExchangeSettings, Ringing};
use crate::clock::Timestamp;
use crate::hands::{Hand, by_hand};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const CONNECTION: &str = "2900000000000000001";
const ANNA: &str = "sip:anna@sip.telnyx.com";

/// A customer, its carrier and the exchange, on a clock that stands.
struct World {
    clock: Hand,
    receiver: Receiver,
    exchange: Exchange,
    http: reqwest::Client,
}

impl World {
    fn open(settings: ExchangeSettings) -> Self {
        let clock = by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        let receiver = Receiver::answering(&[]);
        let carrier = account(&receiver, &clock, CONNECTION);
        let http = reqwest::Client::builder().no_proxy();
        Self {
            exchange: Exchange::open(carrier, settings).unwrap(),
            http: http.timeout(Duration::from_secs(10)).build().unwrap(),
            clock,
            receiver,
        }
    }

    fn by_default() -> Self {
        Self::open(ExchangeSettings::default())
    }

    fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.exchange.api_base());
        self.http.request(method, url).bearer_auth("KEY123")
    }

    fn command(&self, leg: &str, action: &str, body: Value) -> RequestBuilder {
        let leg = leg.replace(':', "%3A").replace('=', "%3D");
        self.asks(Method::POST, &format!("/calls/{leg}/actions/{action}"))
            .json(&body)
    }

    /// A command that is taken.
    async fn tells(&self, leg: &str, action: &str, body: Value) -> Value {
        let (status, answer) = said(self.command(leg, action, body)).await;
        assert_eq!(
            (status, &answer["data"]["result"]),
            (200, &json!("ok")),
            "{answer}"
        );
        answer
    }

    /// A command that is not: status, code and pointer.
    async fn refused(&self, leg: &str, action: &str, body: Value) -> (u16, String, String) {
        let (status, answer) = said(self.command(leg, action, body)).await;
        let error = &answer["errors"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            status,
            text(&error["code"]),
            text(&error["source"]["pointer"]),
        )
    }

    async fn reads(&self, path: &str) -> (u16, Value) {
        said(self.asks(Method::GET, path)).await
    }

    /// A caller in conversation with Anna.
    async fn talk(&self) -> (Caller, Caller) {
        let caller = self.exchange.rings("+15550100").await;
        self.tells(caller.id(), "answer", json!({})).await;
        let anna = self.transferred(&caller).await.answers();
        self.exchange.settled().await;
        (caller, anna)
    }

    /// Anna's phone, ringing for this caller.
    async fn transferred(&self, caller: &Caller) -> Ringing {
        self.tells(caller.id(), "transfer", json!({"to": ANNA}))
            .await;
        self.exchange.phone(ANNA).rings().await
    }

    /// The webhooks so far, each as the event and whose it is.
    async fn told(&self) -> Vec<String> {
        self.exchange.settled().await;
        self.receiver.received().iter().map(words).collect()
    }

    /// Waits for so many webhooks in all, and gives the last one.
    async fn hears(&self, count: usize) -> Received {
        let coming = async {
            while self.receiver.received().len() < count {
                self.receiver.next().await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(10), coming).await;
        let received = self.receiver.received();
        assert!(
            came.is_ok(),
            "{:?}",
            received.iter().map(words).collect::<Vec<_>>()
        );
        received[count - 1].clone()
    }
}

fn account(receiver: &Receiver, clock: &Hand, connection: &str) -> Arc<Carrier> {
    let settings = receiver.settings(clock.clone(), RetrySchedule::once());
    Arc::new(
        Carrier::new(CarrierSettings {
            connection_id: Some(connection.to_owned()),
            ..settings
        })
        .unwrap(),
    )
}

fn words(one: &Received) -> String {
    let payload = &one.json()["data"]["payload"];
    // Of both legs, the agent's alone is not from or to the line that callers dial.
    let agents = payload["to"]
        .as_str()
        .is_some_and(|to| to.starts_with("sip:"));
    let cause = payload["hangup_cause"]
        .as_str()
        .map(|cause| format!(" {cause}"));
    let whose = if agents { "agent" } else { "caller" };
    let event = one.event_type().replace("call.", "");
    format!("{whose} {event}{}", cause.unwrap_or_default())
}

async fn said(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap(),
    )
}

/// The payload of a webhook.
fn payload(one: &Received) -> Value {
    one.json()["data"]["payload"].clone()
}
