//! What the hub delivers, made of what was published.

use crate::hub::{Change, Delivery, Frame, PerAudience, RowKey};
use crate::view::{Published, Row, masked_or_nothing};
use bytes::Bytes;
use std::sync::Arc;

/// An event's delivery: its frame is encoded once, and the row is a slice of the same bytes.
pub(super) fn delivery_of(published: &Published) -> Result<Delivery, serde_json::Error> {
    let text = published.unmasked();
    let frame = Frame::text(text);
    let header = frame.len() - text.len();
    let change = match (published.subject, published.row()?) {
        (Some(subject), Row::Stays { began, place }) => {
            let row = frame.slice(header + place.start..header + place.end);
            Change::Puts(RowKey::of(subject, began), Arc::new(row_of(row)))
        }
        (Some(subject), Row::Gone) => Change::Removes(subject),
        (None, _) => Change::Unknown,
    };
    Ok(Delivery {
        epoch: published.epoch.clone(),
        seq: published.seq,
        recorded_at: published.recorded_at,
        frame: Arc::new(PerAudience::new(frame, masked_frame)),
        change,
    })
}

/// A row of the board.
pub(super) fn row_of(json: Bytes) -> PerAudience {
    PerAudience::new(json, |json| masked_or_nothing(json).into())
}

fn masked_frame(frame: &Bytes) -> Bytes {
    Frame::text(&masked_or_nothing(Frame::payload(frame)))
}
