//! Agencies and the people who work there.

use super::{AgencyId, Timestamp, UserId, words};

words! {
    /// What a person is in the agency; what that allows is [`Right`](super::Right)'s table.
    pub enum Role {
        /// Owns the agency.
        Owner = "agency_owner",
        /// Looks after the agency's people.
        Admin = "agency_admin",
        /// Takes calls.
        Member = "agency_member",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    pub id: AgencyId,
    /// What people call it.
    pub name: String,
    /// The agency of a single-tenant set-up, whose settings come from the environment.
    pub is_default: bool,
}

/// A person of an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The `sub` of this person's access tokens.
    pub id: UserId,
    /// Where this person works. Absent: known, but not an agency user.
    pub agency_id: Option<AgencyId>,
    /// What this person may do there. Absent: not an agency user.
    pub role: Option<Role>,
    /// Shown to colleagues.
    pub name: Option<String>,
    /// For the agency's own use.
    pub email: Option<String>,
    /// The user part of this person's SIP address, where calls are transferred to.
    pub sip_username: Option<String>,
}

impl User {
    /// What colleagues read: the name, else the address.
    #[must_use]
    pub fn shown_name(&self) -> Option<String> {
        self.name.clone().or_else(|| self.email.clone())
    }
}

/// The person who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The `sub` of this person's tokens.
    pub id: UserId,
    /// What colleagues see.
    pub name: Option<String>,
}

/// Somebody who sits in an agency, or whose seat there is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub user: User,
    /// The role that they have, will have or had; none that this version does not know.
    pub role: Option<Role>,
    /// Why the seat is empty, and since when.
    pub absence: Option<(Absence, Timestamp)>,
}

/// What there is to say of somebody's signing in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigningIn {
    /// Whether they have an account of ours.
    pub account: bool,
    /// Whether a second factor is asked for.
    pub second_factor: bool,
    /// At how many places they are signed in with it.
    pub sessions: usize,
    /// When that was used last.
    pub seen_at: Option<Timestamp>,
    /// Until when their invitation is good, if there is one.
    pub invited_until: Option<Timestamp>,
}

words! {
    /// Why nobody sits on a seat.
    pub enum Absence {
        /// Somebody was invited, and has not come yet.
        Invited = "invited",
        /// Somebody was removed, and may be given the seat again.
        Removed = "removed",
    }
}

words! {
    /// What a link that is good once is for.
    pub enum LinkPurpose {
        /// The first owner sets the house up.
        Setup = "setup",
        /// Somebody is invited into an agency.
        Invite = "invite",
        /// Somebody chooses another password.
        Reset = "reset",
        /// No link, but a code that was mailed, by which somebody signs in.
        Code = "code",
    }
}

words! {
    /// What a mail is about.
    pub enum MailKind {
        /// An invitation.
        Invite = "invite",
        /// A link to another password.
        Reset = "reset",
        /// A code that signs in.
        Code = "code",
    }
}

words! {
    /// What became of a mail.
    pub enum MailStanding {
        /// It has not been handed over yet.
        Waiting = "waiting",
        /// The mail server has taken it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
    }
}

/// What became of a mail, as whoever had it sent reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailState {
    pub standing: MailStanding,
    /// What the server said last, where it did not take it.
    pub problem: Option<String>,
    pub at: Timestamp,
}
