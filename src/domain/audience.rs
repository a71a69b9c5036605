//! Who may see callers' numbers.

use super::Role;

/// What somebody may see of callers' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All of them.
    Full,
    /// Their last two digits.
    Masked,
}

impl Audience {
    /// That of people with this role in an agency that masks numbers for those.
    #[must_use]
    pub fn of(role: Role, masked: &[Role]) -> Self {
        if masked.contains(&role) {
            Self::Masked
        } else {
            Self::Full
        }
    }
}
