//! Calls in the hands of a story: people talk, and what has become of them is read like a board
//! reads it.

use super::exchange::Line;
use super::patience::{look_again, soon};
use callboard::domain::{Timestamp, UserId};
use callboard_simulator::Caller;
use serde_json::Value;
use std::time::Duration;

/// Five times as fast as time itself.
const SLOWLY: Duration = Duration::from_millis(20);

impl Line {
    /// Somebody calls and is talking to this person: the caller, and the person at the phone.
    pub async fn talk(&self, user: UserId, phone: &str) -> (Caller, Caller) {
        let caller = self.exchange.rings("+15550100").await;
        self.does(user, "answer", &caller).await;
        let phone = self.exchange.phone(phone);
        let agent = soon("the phone to ring", phone.rings()).await.answers();
        let talks = |row: &Value| row["status"] == "answered" && row["connected"] == true;
        self.when(caller.id(), "the two to talk", talks).await;
        soon("the webhooks to be told", self.exchange.settled()).await;
        (caller, agent)
    }

    /// The path of a call, by the handle of its caller's leg.
    pub async fn path(&self, handle: &str) -> String {
        let (store, acme) = (&self.node.app.store, self.world.acme.id);
        let call = store.call_of_leg(acme, super::node::handle(handle)).await;
        let call = call.expect("the database").expect("a call");
        format!("/api/calls/{}", call.id)
    }

    /// A call as it is now.
    pub async fn row(&self, handle: &str) -> Value {
        let path = self.path(handle).await;
        let (status, row) = self.node.get(&self.world, self.world.anna, &path).await;
        assert_eq!(status, 200, "{row}");
        row
    }

    /// The call once this is true of it.
    pub async fn when(&self, handle: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let becomes = async {
            loop {
                let row = self.row(handle).await;
                if wanted(&row) {
                    return row;
                }
                look_again().await;
            }
        };
        soon(what, becomes).await
    }

    /// The call once it has ended.
    pub async fn ended(&self, handle: &str) -> Value {
        let over = |row: &Value| row["status"] == "ended";
        self.when(handle, "the call to be over", over).await
    }

    /// The call's events in words: `call.ended hangup by Ben`.
    pub async fn timeline(&self, handle: &str) -> Vec<String> {
        let path = format!("{}/events", self.path(handle).await);
        let (status, told) = self.node.get(&self.world, self.world.anna, &path).await;
        assert_eq!(status, 200, "{told}");
        let words = |event: &Value| {
            let mut words = event["type"].as_str().expect("a type").to_owned();
            if let Some(reason) = event["reason"].as_str() {
                words += &format!(" {reason}");
            }
            if let Some(name) = event["actor"]["name"].as_str() {
                words += &format!(" by {name}");
            }
            words
        };
        told["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(words)
            .collect()
    }

    /// Winds the clock, slowly, until all webhooks have been told.
    pub async fn settles(&self) {
        self.world.wind_until(SLOWLY, self.exchange.settled()).await;
    }

    /// Winds the clock to when the carrier is next looked to, lets that happen, and so on, so many
    /// times; the seconds between the looks, from `since` on.
    pub async fn looks(&self, times: usize, since: Timestamp) -> Vec<i64> {
        for _ in 0..times {
            self.comes_to_the_next("look").await;
        }
        let mut before = since.into();
        let waits = self.asked("call").into_iter().map(|asked| {
            let waited = asked.at.micros_since(before) / 1_000_000;
            before = asked.at;
            waited
        });
        waits.collect()
    }

    /// Lets the carrier be looked to, again and again, until the call has ended.
    pub async fn is_looked_at_until_it_has_ended(&self, handle: &str) {
        while self.row(handle).await["status"] != "ended" {
            if !self.came_to_the_next("look").await {
                // The last look was seen to between the two questions: it has found the end.
                self.ended(handle).await;
            }
        }
    }

    /// Winds the clock to when the next errand of that kind is due, and waits until it has been
    /// seen to; one must be owed.
    pub async fn comes_to_the_next(&self, kind: &str) {
        assert!(self.came_to_the_next(kind).await, "no {kind} is owed");
    }

    /// The same where the last one may be seen to at any moment: whether one was still owed. Only
    /// when it has been seen to is the clock wound on: one that runs away ends leases and patience.
    async fn came_to_the_next(&self, kind: &str) -> bool {
        let Some(first) = self.owed(kind).await.first().copied() else {
            return false;
        };
        let left = first.micros_since(self.world.clock.now()).max(0);
        self.world
            .clock
            .advance(Duration::from_micros(left.unsigned_abs()));
        let seen_to = async {
            while self.owed(kind).await.first() == Some(&first) {
                look_again().await;
            }
        };
        self.world.wind_until(SLOWLY, seen_to).await;
        true
    }

    /// When what is owed to the carrier of that kind is due, the first one first.
    async fn owed(&self, kind: &str) -> Vec<Timestamp> {
        let sql = format!(
            "SELECT CAST(due_at AS TEXT) FROM errands WHERE kind = '{kind}' ORDER BY errands.due_at"
        );
        let owed = self.world.database.texts(&sql).await.into_iter();
        owed.map(|due| Timestamp::from_micros(due.parse().expect("a number")))
            .collect()
    }

    /// Waits until nothing of that kind is owed to the carrier any more.
    pub async fn owes_no(&self, kind: &str) {
        let none = async {
            while !self.owed(kind).await.is_empty() {
                look_again().await;
            }
        };
        soon("nothing more to be owed", none).await;
    }
}
