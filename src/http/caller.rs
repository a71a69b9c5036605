//! Who is asking. A handler that takes a [`Caller`] stands behind a route that asks for a right.

use super::{ApiError, Context};
use crate::agencies::Profile;
use crate::domain::{AgencyId, Audience, Right, Role, User, UserId};
use crate::store::StoreError;
use crate::telemetry::Refused;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::sync::Arc;

/// A signed-in person of an agency.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person.
    pub user: User,
    pub agency: Arc<Profile>,
    /// What the person may see of callers' numbers.
    pub audience: Audience,
}

impl Caller {
    /// The agency whose things this person sees, and no other's.
    #[must_use]
    pub fn agency_id(&self) -> AgencyId {
        self.agency.agency.id
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| {
            tracing::error!("A handler wants a caller on a route that asks for no right");
            ApiError::Internal
        }))
    }
}

/// Why somebody who is signed in is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// They belong to no agency here.
    NoAgency,
    /// Their role does not have the right; or there is none, or none that is known here.
    Role(Option<Role>),
}

impl Barred {
    /// As the metrics name it.
    #[must_use]
    pub const fn reason(self) -> Refused {
        match self {
            Self::NoAgency => Refused::NoAgencyUser,
            Self::Role(_) => Refused::Role,
        }
    }

    /// As the log says it.
    pub(super) fn why(self, user: UserId) -> String {
        match self {
            Self::NoAgency => format!("user {user} belongs to no agency here"),
            Self::Role(Some(role)) => format!("their role is {}", role.name()),
            Self::Role(None) => format!("the role of user {user} is not known here"),
        }
    }
}

/// The role, where it has the right.
fn allowed(role: Option<Role>, right: Right) -> Result<Role, Barred> {
    role.filter(|role| role.may(right))
        .ok_or(Barred::Role(role))
}

impl Context {
    /// The person of that id, where they have the right. There is no other way to a [`Caller`].
    ///
    /// # Errors
    /// When the database must be asked and is away.
    pub async fn caller(
        &self,
        user: UserId,
        right: Right,
    ) -> Result<Result<Caller, Barred>, StoreError> {
        let user = self.directory.user(user).await?;
        Ok(self.let_in(user, right))
    }

    fn let_in(&self, user: Option<User>, right: Right) -> Result<Caller, Barred> {
        let user = user.ok_or(Barred::NoAgency)?;
        let agency = user.agency_id.and_then(|id| self.directory.agency(id));
        let agency = agency.ok_or(Barred::NoAgency)?;
        let role = allowed(user.role, right)?;
        let audience = agency.audience(role);
        Ok(Caller {
            user,
            agency,
            audience,
        })
    }
}

/// The token of `Authorization: Bearer`.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::{Barred, allowed};
    use crate::domain::{Right, Role};

    #[test]
    fn whoever_has_no_role_that_is_known_has_no_right() {
        for right in Right::ALL {
            assert_eq!(allowed(None, right), Err(Barred::Role(None)), "{right:?}");
            for role in Role::ALL {
                let expected = match role.may(right) {
                    true => Ok(role),
                    false => Err(Barred::Role(Some(role))),
                };
                assert_eq!(allowed(Some(role), right), expected, "{right:?}");
            }
        }
    }
}
