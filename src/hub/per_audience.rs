//! What is sent to many, in what each audience may read of it.

use crate::domain::Audience;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Bytes that are sent to many. What the masked read is made when it is first wanted: an agency that
/// masks nothing pays nothing. Whoever has no audience cannot reach the bytes.
#[derive(Debug)]
pub struct PerAudience {
    full: Bytes,
    masked: OnceLock<Bytes>,
    mask: fn(&Bytes) -> Bytes,
}

impl PerAudience {
    /// These bytes, of which `mask` makes what the masked read.
    #[must_use]
    pub const fn new(full: Bytes, mask: fn(&Bytes) -> Bytes) -> Self {
        Self {
            full,
            masked: OnceLock::new(),
            mask,
        }
    }

    /// What that audience reads.
    pub fn to(&self, audience: Audience) -> &Bytes {
        match audience {
            Audience::Full => &self.full,
            Audience::Masked => self.masked.get_or_init(|| (self.mask)(&self.full)),
        }
    }

    /// The bytes that are held for all audiences so far.
    pub fn held(&self) -> usize {
        self.full.len() + self.masked.get().map_or(0, Bytes::len)
    }
}

/// What one audience reads of these, to be put together outside the channel's lock.
#[derive(Debug)]
pub struct Readable {
    all: Vec<Arc<PerAudience>>,
    audience: Audience,
}

impl Readable {
    pub(super) fn by(audience: Audience, all: impl Iterator<Item = Arc<PerAudience>>) -> Self {
        Self {
            all: all.collect(),
            audience,
        }
    }

    /// Nothing to read.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            all: Vec::new(),
            audience: Audience::Masked,
        }
    }

    /// The bytes, each shared by all who read the same.
    pub fn bytes(self) -> impl Iterator<Item = Bytes> {
        let audience = self.audience;
        let all = self.all.into_iter();
        all.map(move |one| one.to(audience).clone())
    }
}
