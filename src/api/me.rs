//! `GET /api/me`.

use crate::http::Caller;
use crate::view::MeView;
use actix_web::HttpResponse;

/// The person who asks, with role and agency.
pub(super) async fn me(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(MeView::new(&caller.user, &caller.agency.agency))
}
