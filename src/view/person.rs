//! People and agencies in JSON.

use super::words::RoleName;
use crate::domain::{Agency, AgencyId, Role, User};
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
