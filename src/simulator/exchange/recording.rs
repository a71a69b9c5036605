//! One recording, while it goes on and when it can be fetched.

use crate::clock::Timestamp;
use crate::leg::{Leg, payload};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// What a recording is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// `single` or `dual`.
    pub(super) channels: String,
    /// `wav` or `mp3`.
    pub(super) format: String,
}

/// A recording that goes on.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) id: Uuid,
    pub(super) shape: Shape,
    pub(super) started_at: Timestamp,
}

/// A recording that can be fetched.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub(super) id: Uuid,
    pub(super) leg: Arc<Leg>,
    pub(super) shape: Shape,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) saved_at: Timestamp,
}

impl Recording {
    pub(super) fn links(&self, now: Timestamp) -> Value {
        let link = payload::presigned(&self.leg, now, &self.shape.format);
        json!({ (self.shape.format.as_str()): link })
    }

    /// What is said of it; a recording that is still worked on has no link.
    pub(super) fn view(&self, now: Timestamp, ready_after: i64) -> Value {
        let leg = &self.leg;
        let is_ready = now.micros_since(self.saved_at) >= ready_after;
        let links = if is_ready { self.links(now) } else { json!({}) };
        json!({
            "call_control_id": leg.call_control_id,
            "call_leg_id": leg.call_leg_id,
            "call_session_id": leg.call_session_id,
            "channels": self.shape.channels,
            "connection_id": leg.line.connection_id.as_deref().unwrap_or_default(),
            "created_at": self.saved_at.to_string(),
            "download_urls": links,
            "duration_millis": self.ended_at.micros_since(self.started_at) / 1_000,
            "from": leg.from,
            "id": self.id,
            "initiated_by": "StartCallRecordingAPI",
            "record_type": "recording",
            "recording_ended_at": self.ended_at.to_string(),
            "recording_started_at": self.started_at.to_string(),
            "source": "call",
            "status": if is_ready { "completed" } else { "processing" },
            "to": leg.to,
            "updated_at": self.saved_at.to_string(),
        })
    }
}
