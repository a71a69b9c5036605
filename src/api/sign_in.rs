//! `/as/CODE`: a demo's short links. Each becomes the page with a token in its fragment, which
//! browsers send to nobody and which the page takes out of the address at once.

use crate::config::SignInLink;
use crate::http::{ApiError, Context, not_found};
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret as _;

/// `/as/CODE`. Its code is as good as a token: it stands in no log and no metric, as no path does.
pub(super) fn configure(routes: &mut ServiceConfig) {
    let links = web::resource("/as/{code}")
        .route(web::get().to(sign_in))
        .default_service(web::to(not_found));
    routes.service(links);
}

async fn sign_in(
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let code = request.match_info().query("code");
    let is_asked_for = |link: &&SignInLink| link.code.expose_secret() == code;
    let links = &context.config.access.sign_in_links;
    let link = links.iter().find(is_asked_for);
    let link = link.ok_or(ApiError::NotFound("There is nothing at this path"))?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/#token={}", link.token.expose_secret())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish())
}
