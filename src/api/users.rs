//! `GET /api/users`.

use crate::domain::Right;
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::view::UserView;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) const USERS: Route = Route::get(
    "/api/users",
    Door::For(Right::SeePeople),
    |route| route.to(users),
    |operation| {
        operation
            .named(Tag::History, "users", "The agency's people")
            .answers::<Users>(200, "Those who came first before the others")
    },
);

/// The agency's people.
#[derive(Serialize, ToSchema)]
struct Users {
    users: Vec<UserView>,
}

/// The agency's people, those who came first before the others.
async fn users(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let people = context.store.people(Some(caller.agency_id())).await?;
    let users = people.iter().map(UserView::from).collect();
    Ok(HttpResponse::Ok().json(Users { users }))
}
