//! Who is asking. A handler that takes a [`Caller`] stands behind a route that asks for a right.

use super::{ApiError, Context};
use crate::agencies::Profile;
use crate::domain::{AgencyId, Audience, Role, User};
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
    /// The agency.
    pub agency: Arc<Profile>,
    /// What the person may do there.
    pub role: Role,
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

/// The person as a caller, if there are an agency and a role.
fn employed(context: &Context, user: User) -> Option<Caller> {
    let agency = context.directory.agency(user.agency_id?)?;
    let role = user.role?;
    let audience = agency.audience(role);
    Some(Caller {
        user,
        agency,
        role,
        audience,
    })
}

impl Context {
    /// The person of that id as a caller; `None` for anyone who is not an agency user.
    ///
    /// # Errors
    /// When the database must be asked and is away.
    pub async fn caller(
        &self,
        user: crate::domain::UserId,
    ) -> Result<Option<Caller>, crate::store::StoreError> {
        let user = self.directory.user(user).await?;
        Ok(user.and_then(|user| employed(self, user)))
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
