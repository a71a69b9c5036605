//! What the hub delivers, made of what the journal has recorded.

use crate::domain::{CallId, Status, Timestamp};
use crate::hub::{Delivery, Frame};
use crate::store::batch::NumberedEvent;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The frame of an event, encoded once. The row of its call is a slice of the same bytes: the call
/// comes last in the event's JSON.
pub(super) fn delivery_of(numbered: &NumberedEvent) -> Delivery {
    let frame = Frame::text(&numbered.json);
    let call = &numbered.event.call;
    let end = frame.len().saturating_sub(1);
    let start = end.saturating_sub(numbered.call_json_len);
    Delivery {
        seq: numbered.seq,
        call: call.id,
        created_at: call.created_at,
        row: (call.status != Status::Ended).then(|| frame.slice(start..end)),
        recorded_at: numbered.recorded_at,
        frame,
    }
}

#[derive(Deserialize)]
struct StoredEvent<'a> {
    recorded_at: String,
    #[serde(borrow)]
    call: &'a RawValue,
}

#[derive(Deserialize)]
struct StoredCall {
    id: Uuid,
    status: String,
    created_at: String,
}

/// The same of an event that was read back from the journal.
pub(super) fn delivery_of_text(seq: i64, text: &str) -> Option<Delivery> {
    let event: StoredEvent<'_> = serde_json::from_str(text).ok()?;
    let call: StoredCall = serde_json::from_str(event.call.get()).ok()?;
    let row = Bytes::copy_from_slice(event.call.get().as_bytes());
    Some(Delivery {
        seq,
        frame: Frame::text(text),
        call: CallId(call.id),
        created_at: Timestamp::parse(&call.created_at)?,
        row: (call.status != Status::Ended.name()).then_some(row),
        recorded_at: Timestamp::parse(&event.recorded_at)?,
    })
}
