//! How a connection opens: where the client stands, and the one answer it gets.

use super::agent::Agent;
use super::call::{Call, timestamp};
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// How far a client has seen the events of its agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The life of the numbering.
    pub epoch: String,
    /// The last event seen.
    pub seq: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of epoch {}", self.seq, self.epoch)
    }
}

/// The whole board as it is after event `seq`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Snapshot {
    /// The life of the numbering.
    pub epoch: String,
    /// The last event that the snapshot holds.
    pub seq: u64,
    /// Why it is no `resumed`: `fresh`, `epoch_changed`, `too_old` or `ahead`.
    pub reason: String,
    /// The server's clock.
    #[serde(deserialize_with = "timestamp")]
    pub at: Timestamp,
    /// Seconds between heartbeats.
    pub heartbeat_s: u64,
    /// Who the server takes us for.
    pub user: Value,
    /// The calls not ended, oldest first.
    pub calls: Vec<Call>,
    /// Those who take calls; none of a server that does not know of them.
    #[serde(default)]
    pub agents: Vec<Agent>,
}

/// The board goes on after event `from`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Resumed {
    /// The life of the numbering.
    pub epoch: String,
    /// The position that we gave.
    pub from: u64,
    /// The events from+1 … seq are those that we missed; what comes after is live.
    pub seq: u64,
    /// The server's clock.
    #[serde(deserialize_with = "timestamp")]
    pub at: Timestamp,
    /// Seconds between heartbeats.
    pub heartbeat_s: u64,
    /// Who the server takes us for.
    pub user: Value,
}

impl Snapshot {
    /// Where a client stands that holds this snapshot.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            epoch: self.epoch.clone(),
            seq: self.seq,
        }
    }
}

impl Resumed {
    /// How many events were missed and are now to come.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.seq.saturating_sub(self.from)
    }
}
