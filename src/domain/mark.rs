//! The mark on a leg that we caused: it names the claim for which the leg was made. Each carrier
//! brings it back with the leg's webhooks, in a coding of its own.

use super::ClaimId;

/// What the mark of a leg says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// There is none.
    Absent,
    /// It is another program's.
    Foreign,
    /// It is ours, with the claim that it names, when that can still be read.
    Ours(Option<ClaimId>),
}

/// What ours begins with.
const OURS: &str = "callboard:claim:";

impl Mark {
    /// What marks the agent's leg of a claim, before the carrier's own coding.
    #[must_use]
    pub fn text(claim: ClaimId) -> String {
        format!("{OURS}{claim}")
    }

    /// Reads a mark that came back, out of the carrier's own coding.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        let Some(claim) = text.strip_prefix(OURS.as_bytes()) else {
            return Self::Foreign;
        };
        let claim = std::str::from_utf8(claim).unwrap_or_default();
        Self::Ours(claim.parse().ok())
    }
}
