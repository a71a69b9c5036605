//! `GET /api/users`.

use crate::http::{Admin, ApiError, Context};
use crate::view::UserView;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// The agency's people.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<UserView>,
}

/// The agency's people, those who came first before the others; for owners and admins.
pub(super) async fn users(
    Admin(caller): Admin,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let people = context.store.people(Some(caller.agency_id())).await?;
    let users = people.iter().map(UserView::from).collect();
    Ok(HttpResponse::Ok().json(Users { users }))
}
