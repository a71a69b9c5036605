//! What webhooks tell, and when: of several tellings the least stands, whatever order they come in.

use super::Timestamp;

/// When something happened, by the carrier's clock, and when our listener heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The carrier's `occurred_at`.
    pub occurred: Timestamp,
    /// When the first webhook that told of it reached us.
    pub received: Timestamp,
}

/// A detail and its telling. Of two tellings the lesser stands: one that says something before one
/// that says nothing, `call.initiated` before later events, the earlier before the later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reported {
    empty: bool,
    later_event: bool,
    at: Timestamp,
    value: String,
}

impl Reported {
    /// What was told, at `at`, by `call.initiated` or by a later event.
    #[must_use]
    pub fn new(value: String, at: Timestamp, by_initiated: bool) -> Self {
        Self {
            empty: value.is_empty(),
            later_event: !by_initiated,
            at,
            value,
        }
    }

    /// The detail itself.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// When it was told.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether `call.initiated` told it.
    #[must_use]
    pub fn by_initiated(&self) -> bool {
        !self.later_event
    }
}

/// The detail itself, where anything was said of it.
#[must_use]
pub fn value_of(detail: &Option<Reported>) -> Option<&str> {
    detail.as_ref().map(Reported::value)
}

/// Keeps the lesser of the two, where anything was told.
pub(super) fn fill<T: Ord>(slot: &mut Option<T>, told: Option<T>) {
    if let Some(told) = told {
        keep_least(slot, told);
    }
}

/// Keeps the lesser of the two.
pub(super) fn keep_least<T: Ord>(slot: &mut Option<T>, told: T) {
    match slot {
        Some(known) if *known <= told => {}
        _ => *slot = Some(told),
    }
}
