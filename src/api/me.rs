//! `GET /api/me`.

use crate::domain::Right;
use crate::http::{Caller, Door, Route, Tag};
use crate::view::MeView;
use actix_web::HttpResponse;

pub(super) const ME: Route = Route::get(
    "/api/me",
    Door::For(Right::KnowOneself),
    |route| route.to(me),
    |operation| {
        operation
            .named(Tag::History, "me", "Who I am")
            .answers::<MeView>(200, "The person, role and agency")
    },
);

/// The person who asks, with role and agency.
async fn me(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(MeView::new(&caller.user, &caller.agency.agency))
}
