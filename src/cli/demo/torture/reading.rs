//! The journal, read from its beginning.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

/// The journal, read from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The last number.
    pub(super) head: u64,
    /// Of all events' texts, in order.
    pub(super) digest: u64,
}

/// The digest of a sequence of texts, from that of the sequence before this one.
pub(super) fn digest(before: u64, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(before);
    hasher.write(text.as_bytes());
    hasher.finish()
}
