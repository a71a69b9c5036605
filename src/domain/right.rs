//! Who may what: the one table.

use super::Role;

/// Something that not everybody may do in an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Ask who one is.
    KnowOneself,
    /// See calls and their timelines, and the numbers of a wallboard.
    ReadCalls,
    /// See what people wrote about finished calls, and listen to recordings.
    ReadLogs,
    /// Answer calls, give them back, end them, and write about them.
    ActOnCalls,
    /// Say whether one is there to take calls.
    BeThere,
    /// See the agency's people.
    SeePeople,
    /// Invite people, change what they are, and remove them.
    ManagePeople,
    /// End where people of the agency are signed in.
    EndSessions,
    /// See how the agency's carriers stand in its Ultravox account.
    SeeVoiceAgents,
    /// Change the agency's carriers in its Ultravox account.
    ImportCarriers,
    /// Store the agency's credentials and see their beginnings.
    KeepCredentials,
    /// See whether something that the carrier told is missing.
    SeeWebhooks,
    /// Say how the agency works.
    ChangeAgency,
    /// Make keys for programs, and take them back.
    KeepKeys,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 14] = [
        Self::KnowOneself,
        Self::ReadCalls,
        Self::ReadLogs,
        Self::ActOnCalls,
        Self::BeThere,
        Self::SeePeople,
        Self::ManagePeople,
        Self::EndSessions,
        Self::SeeVoiceAgents,
        Self::ImportCarriers,
        Self::KeepCredentials,
        Self::SeeWebhooks,
        Self::ChangeAgency,
        Self::KeepKeys,
    ];

    /// Whose it is, from the role that may do the most to the one that may do the least.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::KnowOneself
            | Self::ReadCalls
            | Self::ReadLogs
            | Self::ActOnCalls
            | Self::BeThere => &Role::ALL,
            Self::SeePeople | Self::ManagePeople | Self::EndSessions | Self::SeeVoiceAgents => {
                &[Role::Owner, Role::Admin]
            }
            Self::ImportCarriers
            | Self::KeepCredentials
            | Self::SeeWebhooks
            | Self::ChangeAgency
            | Self::KeepKeys => &[Role::Owner],
        }
    }
}

impl Role {
    /// Whether people of this role have the right.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        right.roles().contains(&self)
    }

    /// Whether people of this role look after those of the other one: owners after everybody, whatever
    /// their role is, and admins after members.
    #[must_use]
    pub fn looks_after(self, other: Option<Self>) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other == Some(Self::Member),
            Self::Member => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Right, Role};

    #[test]
    fn whoever_may_more_has_every_right_of_those_who_may_less() {
        for right in Right::ALL {
            let allowed = Role::ALL.map(|role| role.may(right));
            assert!(allowed.is_sorted_by(|more, less| more >= less), "{right:?}");
            assert!(Role::Owner.may(right), "{right:?}");
        }
    }
}
