//! Who is asking. A handler that takes a [`Caller`] cannot be reached by anyone else.

use super::{ApiError, Context};
use crate::agencies::Profile;
use crate::domain::{AgencyId, Role, User};
use crate::telemetry::Refused;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::Future;
use std::pin::Pin;
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
}

impl Caller {
    /// The agency whose things this person sees, and no other's.
    #[must_use]
    pub fn agency_id(&self) -> AgencyId {
        self.agency.agency.id
    }
}

/// The signed-in owner of an agency.
#[derive(Clone, Debug)]
pub struct Owner(pub Caller);

/// A signed-in owner or admin of an agency.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

type Found<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        whoever(request.clone(), |_| true, "")
    }
}

impl FromRequest for Owner {
    type Error = ApiError;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let is_owner = |role| role == Role::Owner;
        let sentence = "Only the agency's owner (role agency_owner) may do this";
        let found = whoever(request.clone(), is_owner, sentence);
        Box::pin(async { found.await.map(Self) })
    }
}

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let is_admin = |role| role == Role::Owner || role == Role::Admin;
        let sentence = "Only the agency's owner or an admin (role agency_owner or agency_admin) \
                        may see this";
        let found = whoever(request.clone(), is_admin, sentence);
        Box::pin(async { found.await.map(Self) })
    }
}

/// The caller, if such a role may; every refusal is counted.
fn whoever(
    request: HttpRequest,
    may: impl Fn(Role) -> bool + 'static,
    otherwise: &'static str,
) -> Found<Caller> {
    Box::pin(async move {
        let context: &web::Data<Context> = request.app_data().ok_or(ApiError::Internal)?;
        match caller(context, &request).await {
            Ok(caller) if !may(caller.role) => {
                let error = ApiError::Forbidden(otherwise);
                Err(error.because(
                    Refused::Role,
                    format!("their role is {}", caller.role.name()),
                ))
            }
            found => found,
        }
    })
}

async fn caller(context: &Context, request: &HttpRequest) -> Result<Caller, ApiError> {
    let Some(token) = bearer(request) else {
        let sentence = "Authorization: Bearer <token> is missing".to_owned();
        let error = ApiError::unauthorized(&context.refusals, request, sentence);
        return Err(error.because(Refused::TokenMissing, "there is no bearer token"));
    };
    let identity = context.verifier.verify(token).await;
    let identity = identity.map_err(|error| ApiError::of_auth(&error, context, request))?;
    let user = context.directory.user(identity.user).await?;
    user.and_then(|user| employed(context, user))
        .ok_or_else(|| {
            let why = format!("user {} belongs to no agency here", identity.user);
            ApiError::Forbidden("This user does not belong to an agency")
                .because(Refused::NoAgencyUser, why)
        })
}

/// The person as a caller, if there are an agency and a role.
fn employed(context: &Context, user: User) -> Option<Caller> {
    let agency = context.directory.agency(user.agency_id?)?;
    let role = user.role?;
    Some(Caller { user, agency, role })
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
