//! Keys with which programs and displays come in.

use super::{AgencyId, Audience, KeyId, Right, Timestamp, UserId, words};

words! {
    /// What a key may do.
    pub enum KeyRight {
        /// See calls, and what became of them.
        CallsRead = "calls:read",
        /// Answer calls, give them back and end them, and write about them.
        CallsAct = "calls:act",
        /// Change the agency's carriers in its Ultravox account.
        UltravoxImport = "ultravox:import",
        /// Show the board on a wall, with callers' numbers masked.
        Display = "display",
    }
}

impl KeyRight {
    /// What it allows.
    #[must_use]
    pub const fn allows(self) -> &'static [Right] {
        match self {
            Self::CallsRead => &[Right::ReadCalls, Right::ReadLogs],
            Self::CallsAct => &[Right::ActOnCalls],
            Self::UltravoxImport => &[Right::SeeVoiceAgents, Right::ImportCarriers],
            Self::Display => &[Right::ReadCalls],
        }
    }
}

/// A key of an agency, without the secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyKey {
    pub id: KeyId,
    pub agency_id: AgencyId,
    /// What it is for, as its maker says.
    pub name: String,
    pub rights: Vec<KeyRight>,
    /// Its first characters, by which people tell keys apart.
    pub prefix: String,
    pub created_at: Timestamp,
    pub created_by: UserId,
    /// To the minute; none while nobody has come in with it.
    pub last_used_at: Option<Timestamp>,
}

impl AgencyKey {
    /// Whether whoever shows it has the right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        right == Right::KnowOneself || self.rights.iter().any(|one| one.allows().contains(&right))
    }

    /// What it shows of callers' numbers. A display hangs where everybody sees it.
    #[must_use]
    pub fn audience(&self) -> Audience {
        if self.rights.contains(&KeyRight::Display) {
            Audience::Masked
        } else {
            Audience::Full
        }
    }
}
