//! A session with whose it is, and what it has proven.

use super::proof::{Method, Proof};
use crate::domain::Timestamp;
use crate::store::{Account, FactorRow, SessionRow};

/// A session with whose it is.
pub struct Opened {
    pub account: Account,
    pub session: SessionRow,
    /// How it was proven.
    pub proofs: Vec<Proof>,
    /// What colleagues call them.
    pub name: Option<String>,
    /// The address that colleagues see.
    pub email: Option<String>,
    pub factors: Vec<FactorRow>,
}

impl Opened {
    /// Whether there is a second factor that this session has not shown.
    #[must_use]
    pub fn lacks_second_factor(&self) -> bool {
        let has_one = self.factors.iter().any(|factor| factor.verified);
        has_one && !Proof::is_second(&self.proofs)
    }

    /// Whether it began by a link, which stands for the present password for a while.
    pub(super) fn began_by_link(&self, within_s: i64, now: Timestamp) -> bool {
        self.proofs.iter().any(|proof| {
            let by_link = matches!(proof.method, Method::Invite | Method::Recovery);
            by_link && proof.at.plus_seconds(within_s) > now
        })
    }
}
