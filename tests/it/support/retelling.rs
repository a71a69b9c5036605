//! One story told in many orders, and what must come out the same.

use super::browser::Board;
use super::node::Node;
use super::patience::soon;
use super::world::World;
use callboard::domain::{Timestamp, UserId};
use callboard_simulator::browser::Event;
use callboard_simulator::{Carrier, Outcome, Webhook};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every order of `0..length`.
pub fn orders(length: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..length {
        orders = orders
            .into_iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    orders
}

/// A webhook that occurs so many seconds after `start`.
pub fn after(start: Timestamp, seconds: i64, mut webhook: Webhook) -> Webhook {
    webhook.occurred_at = start.plus_seconds(seconds).into();
    webhook
}

/// Sends webhooks one after the other until each is acknowledged: like every carrier it sends again
/// what a busy server did not take.
pub async fn tell(carrier: &Carrier, webhooks: impl IntoIterator<Item = &Webhook>) {
    for webhook in webhooks {
        let told = soon("a webhook to be acknowledged", async {
            loop {
                match carrier.deliver(webhook).await.outcome {
                    Outcome::GaveUp => {}
                    told => return told,
                }
            }
        });
        assert_eq!(told.await, Outcome::Acknowledged, "{webhook:?}");
    }
}

impl Board {
    /// Everything up to that number, by call; each call's events are a legal life.
    pub async fn hears_lives(&mut self, last: u64) -> BTreeMap<String, Vec<Event>> {
        let mut lives: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        while self.position().seq < last {
            let event = self.hears().await;
            let life = lives.entry(event.call.id().to_owned()).or_default();
            life.push(event);
        }
        for life in lives.values() {
            assert_legal(life);
        }
        lives
    }
}

fn assert_legal(life: &[Event]) {
    let mut before = None;
    for event in life {
        let now = event.call.status();
        let legal = match (event.kind.as_str(), before) {
            ("call.incoming", None) => now == "incoming",
            ("call.answering", Some("incoming")) => now == "answering",
            ("call.released", Some("answering")) => now == "incoming",
            ("call.answered", Some("incoming" | "answering")) => now == "answered",
            ("call.ended", Some("incoming" | "answering" | "answered")) => now == "ended",
            ("call.updated", Some(before)) => now == before,
            _ => false,
        };
        assert!(legal, "{} after {before:?} in {life:#?}", event.kind);
        before = Some(now);
    }
}

impl Node {
    /// The agency's calls without what names a single one: ids, and when a row was last written.
    pub async fn bare_rows(&self, world: &World, user: UserId) -> Vec<Value> {
        let (status, page) = self.get(world, user, "/api/calls?limit=1000").await;
        assert_eq!(status, 200);
        let rows = page["calls"].as_array().expect("calls").clone();
        rows.into_iter().map(bare).collect()
    }
}

fn bare(mut row: Value) -> Value {
    let fields = row.as_object_mut().expect("a call");
    for name in ["id", "updated_at", "call_control_id", "call_session_id"] {
        fields.remove(name);
    }
    for recording in row["recordings"].as_array_mut().expect("recordings") {
        recording.as_object_mut().expect("a recording").remove("id");
    }
    row
}
