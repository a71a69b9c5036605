//! Who carries an agency's calls, and how a carrier names their legs.

use super::words;
use std::fmt;

words! {
    /// A carrier of calls.
    pub enum Carrier {
        Telnyx = "telnyx",
    }
}

/// As it writes itself.
impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Telnyx => "Telnyx",
        })
    }
}

/// A carrier's own name of a leg, by which it is asked: JSON and the tables call it
/// `call_control_id`. Two carriers may give the same name to two legs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegHandle {
    /// Whose name it is.
    pub carrier: Carrier,
    /// The name.
    pub id: String,
}

impl LegHandle {
    /// What this carrier calls a leg.
    #[must_use]
    pub fn new(carrier: Carrier, id: impl Into<String>) -> Self {
        let id = id.into();
        Self { carrier, id }
    }

    /// One for tests that care for no carrier.
    #[cfg(test)]
    pub fn test(id: &str) -> Self {
        Self::new(Carrier::Telnyx, id)
    }
}

/// The carrier's name alone, as people at its end would look for it.
impl fmt::Display for LegHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}
