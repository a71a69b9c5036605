//! Recordings: begun by a command, saved some time after their end, fetched by fresh links.

use super::post::micros;
use super::recording::{Recording, Running, Shape};
use super::switchboard::{Operator, Party};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Recordings that are kept; older ones are deleted.
const KEPT: usize = 10_000;

impl Operator<'_> {
    /// A leg is recorded from now on, unless it is already.
    pub(super) fn records(&mut self, id: &str, shape: Shape) -> Option<Uuid> {
        let recording = Running {
            id: self.state.dice.uuid(),
            shape,
            started_at: self.board.clock.now(),
        };
        let party = self.party_mut(id)?;
        Some(party.recording.get_or_insert(recording).id)
    }

    /// The leg's recording is over; it can be fetched after a while.
    pub(super) fn recording_ends(&mut self, id: &str) {
        let ended_at = self.board.clock.now();
        let Some(party) = self.party_mut(id) else {
            return;
        };
        let Some(running) = party.recording.take() else {
            return;
        };
        let (leg, wait) = (
            Arc::clone(&party.leg),
            self.board.settings.recording_saved_after,
        );
        let id = id.to_owned();
        self.board.later(wait, move |operator| {
            let recording = Recording {
                id: running.id,
                leg,
                shape: running.shape,
                started_at: running.started_at,
                ended_at,
                saved_at: operator.board.clock.now(),
            };
            operator.saves(&id, recording);
        });
    }

    fn saves(&mut self, id: &str, recording: Recording) {
        if self.state.recordings.len() >= KEPT {
            self.state.recordings.remove(0);
        }
        let now = recording.saved_at;
        let mut fields = Map::from_iter([
            ("recording_id".to_owned(), json!(recording.id)),
            ("channels".to_owned(), json!(recording.shape.channels)),
            ("format".to_owned(), json!(recording.shape.format)),
            (
                "recording_started_at".to_owned(),
                json!(recording.started_at.to_string()),
            ),
            (
                "recording_ended_at".to_owned(),
                json!(recording.ended_at.to_string()),
            ),
            ("recording_urls".to_owned(), recording.links(now)),
        ]);
        self.state.recordings.push(recording);
        let named = self.board.settings.recording_named;
        self.says(id, |leg| {
            let mut webhook = leg.recording_saved();
            webhook.payload.append(&mut fields);
            if !named {
                webhook.payload.remove("recording_id");
                webhook.payload.remove("call_control_id");
            }
            webhook
        });
    }

    /// One recording, with links that are made now.
    pub(super) fn recording(&self, id: &str) -> Option<Value> {
        let mut recordings = self.state.recordings.iter();
        let found = recordings.find(|recording| recording.id.to_string() == id)?;
        Some(found.view(self.board.clock.now(), self.ready_after()))
    }

    /// The recordings that fit all of these filters, newest first as the carrier lists them.
    pub(super) fn recordings(&self, filters: &[(String, String)]) -> Vec<Value> {
        let (now, ready_after) = (self.board.clock.now(), self.ready_after());
        let fits = |recording: &&Recording| {
            let leg = &recording.leg;
            filters.iter().all(|(name, value)| match name.as_str() {
                "call_control_id" => leg.call_control_id == *value,
                "call_leg_id" => leg.call_leg_id.to_string() == *value,
                "call_session_id" => leg.call_session_id.to_string() == *value,
                "connection_id" => leg.line.connection_id.as_ref() == Some(value),
                "from" => leg.from == *value,
                "to" => leg.to == *value,
                _ => true,
            })
        };
        let found = self.state.recordings.iter().rev().filter(fits);
        found
            .map(|recording| recording.view(now, ready_after))
            .collect()
    }

    fn ready_after(&self) -> i64 {
        micros(self.board.settings.recording_ready_after)
    }
}

impl Party {
    /// Whether it is recorded now.
    pub(super) fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }
}
