//! Who is asking. A handler that takes a [`Caller`] stands behind a route that asks for a right.

use super::{ApiError, Bearer, Context};
use crate::agencies::Profile;
use crate::domain::{AgencyId, AgencyKey, Audience, Right, Role, User, UserId};
use crate::store::StoreError;
use crate::telemetry::Refused;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::sync::Arc;

/// A signed-in person of an agency, or a program that has a key of it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person; of a key its name, under its own id and without a role.
    pub user: User,
    pub agency: Arc<Profile>,
    /// What they may see of callers' numbers.
    pub audience: Audience,
}

impl Caller {
    /// Whether it is a person, and no program.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        self.user.role.is_some()
    }

    /// The agency whose things they see, and no other's.
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
    /// Their key does not have the right.
    KeyRight,
    /// Their key has been taken back.
    KeyGone,
}

impl Barred {
    /// As the metrics name it.
    #[must_use]
    pub const fn reason(self) -> Refused {
        match self {
            Self::NoAgency => Refused::NoAgencyUser,
            Self::Role(_) => Refused::Role,
            Self::KeyRight => Refused::KeyRight,
            Self::KeyGone => Refused::KeyGone,
        }
    }

    /// As the log says it.
    pub(super) fn why(self, bearer: &Bearer) -> String {
        match self {
            Self::NoAgency => format!("{bearer} belongs to no agency here"),
            Self::Role(Some(role)) => format!("their role is {}", role.name()),
            Self::Role(None) => format!("the role of {bearer} is not known here"),
            Self::KeyRight => "their key does not have the right".to_owned(),
            Self::KeyGone => "their key has been taken back".to_owned(),
        }
    }
}

/// The role, where it has the right.
fn allowed(role: Option<Role>, right: Right) -> Result<Role, Barred> {
    role.filter(|role| role.may(right))
        .ok_or(Barred::Role(role))
}

impl Context {
    /// Whoever shows this, where they have the right. There is no other way to a [`Caller`].
    ///
    /// # Errors
    /// When the database must be asked and is away.
    pub async fn caller(
        &self,
        bearer: &Bearer,
        right: Right,
    ) -> Result<Result<Caller, Barred>, StoreError> {
        Ok(match bearer {
            Bearer::Person(identity) => {
                let user = self.directory.user(identity.user).await?;
                self.let_in(user, right)
            }
            Bearer::Key(hash) => {
                self.note_use(bearer);
                let key = self.directory.key(hash).ok_or(Barred::KeyGone);
                key.and_then(|key| self.let_key_in(&key, right))
            }
        })
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

    fn let_key_in(&self, key: &AgencyKey, right: Right) -> Result<Caller, Barred> {
        let agency = self.directory.agency(key.agency_id);
        let agency = agency.ok_or(Barred::NoAgency)?;
        if !key.may(right) {
            return Err(Barred::KeyRight);
        }
        let user = User {
            id: UserId(key.id.0),
            agency_id: Some(key.agency_id),
            role: None,
            name: Some(key.name.clone()),
            email: None,
            sip_username: None,
        };
        Ok(Caller {
            user,
            agency,
            audience: key.audience(),
        })
    }
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
