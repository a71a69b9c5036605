//! A recording of a call.

use super::Timestamp;
use super::reported::{Moment, fill};

/// A recording that the carrier has saved. Links are never kept: they are secrets for ten minutes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recording {
    /// The carrier's id, or one made of the leg and the start when the webhook gave none.
    pub id: String,
    /// `single` or `dual`.
    pub channels: Option<String>,
    /// When the recording began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the carrier said that it is saved.
    pub saved: Moment,
}

impl Recording {
    /// The carrier's id of the leg and the beginning, of which the id was made because the webhook
    /// gave none; `None` for an id of the carrier's own, which has no `@`.
    #[must_use]
    pub fn made_up_id(&self) -> Option<(&str, Timestamp)> {
        let (leg_id, began) = self.id.rsplit_once('@')?;
        let began = began.parse().ok()?;
        Some((leg_id, Timestamp::from_micros(began)))
    }

    /// Fills in what another telling of the same recording knows.
    pub(super) fn learn(&mut self, other: Self) {
        fill(&mut self.channels, other.channels);
        fill(&mut self.started_at, other.started_at);
        fill(&mut self.ended_at, other.ended_at);
        self.saved = self.saved.min(other.saved);
    }
}
