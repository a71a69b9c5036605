//! People and agencies in JSON.

use super::words::{MailStandingName, PersonStatusName, RoleName, Time};
use super::{rfc3339, rfc3339_or_null};
use crate::domain::{
    Absence, Agency, AgencyId, MailState, Role, Seat, SigningIn, Timestamp, User, UserId,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An agency as its own people read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Agency)]
pub struct AgencyView {
    id: Uuid,
    name: String,
}

/// A person as colleagues read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    id: Uuid,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(value_type = Option<RoleName>, required)]
    role: Option<&'static str>,
    #[schema(required)]
    agency_id: Option<Uuid>,
    /// The name of this person's phone at the carrier.
    #[schema(required)]
    sip_username: Option<String>,
}

/// `GET /api/me`: the person, with role and agency beside.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    user: UserView,
    #[schema(value_type = Option<RoleName>, required)]
    role: Option<&'static str>,
    agency: AgencyView,
}

impl From<&Agency> for AgencyView {
    fn from(agency: &Agency) -> Self {
        Self {
            id: agency.id.0,
            name: agency.name.clone(),
        }
    }
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role.map(Role::name),
            agency_id: user.agency_id.map(|AgencyId(id)| id),
            sip_username: user.sip_username.clone(),
        }
    }
}

impl MeView {
    /// The person and the agency.
    #[must_use]
    pub fn new(user: &User, agency: &Agency) -> Self {
        Self {
            user: user.into(),
            role: user.role.map(Role::name),
            agency: agency.into(),
        }
    }
}

/// Somebody who works in the agency, is awaited there, or was removed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonView {
    id: Uuid,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    /// Of somebody who is awaited the one that they will have; of somebody who was removed the last.
    #[schema(value_type = Option<RoleName>, required)]
    role: Option<&'static str>,
    /// Null for those who were removed.
    #[schema(required)]
    agency_id: Option<Uuid>,
    /// The name of this person's phone at the carrier.
    #[schema(required)]
    sip_username: Option<String>,
    /// `active`; `invited`: has not come yet; `removed`: may be given the seat again.
    #[schema(value_type = PersonStatusName)]
    status: &'static str,
    /// Since when they are invited, or removed.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    since: Option<Timestamp>,
    /// Until when a link is good by which they come; null where there is none.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    invitation_expires_at: Option<Timestamp>,
    /// Whether they have an account of this server's own.
    has_account: bool,
    /// Whether a second factor is asked for when they sign in with it.
    second_factor: bool,
    /// At how many places they are signed in with it.
    sessions: usize,
    /// When a session of it was used last.
    #[serde(serialize_with = "rfc3339_or_null")]
    #[schema(value_type = Option<Time>, required)]
    last_seen_at: Option<Timestamp>,
    /// What became of the latest mail to them, if one was written.
    #[schema(required)]
    mail: Option<MailView>,
}

/// What became of a mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MailState)]
struct MailView {
    /// `waiting`; `sent`: the mail server has taken it; `failed`: it was given up.
    #[schema(value_type = MailStandingName)]
    state: &'static str,
    /// What the mail server said last, where it did not take it.
    #[schema(required)]
    problem: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = Time)]
    at: Timestamp,
}

impl PersonView {
    /// Somebody of that agency.
    #[must_use]
    pub fn new(
        seat: &Seat,
        agency: AgencyId,
        signing_in: SigningIn,
        mail: Option<MailState>,
    ) -> Self {
        let user = &seat.user;
        let absence = seat.absence.map(|(absence, _)| absence);
        Self {
            id: user.id.0,
            name: user.name.clone(),
            email: user.email.clone(),
            role: seat.role.map(Role::name),
            agency_id: (absence != Some(Absence::Removed)).then_some(agency.0),
            sip_username: user.sip_username.clone(),
            status: absence.map_or("active", Absence::name),
            since: seat.absence.map(|(_, since)| since),
            invitation_expires_at: signing_in.invited_until,
            has_account: signing_in.account,
            second_factor: signing_in.second_factor,
            sessions: signing_in.sessions,
            last_seen_at: signing_in.seen_at,
            mail: mail.map(|mail| MailView {
                state: mail.standing.name(),
                problem: mail.problem,
                at: mail.at,
            }),
        }
    }

    /// Whether it is that person.
    #[must_use]
    pub fn is(&self, user: UserId) -> bool {
        self.id == user.0
    }

    /// Whether they were removed.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.status == Absence::Removed.name()
    }
}
